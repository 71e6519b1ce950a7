"""One agent whose objective and capability are known, what an audit's instruments say of it, and what is true."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from mesascope.auditing.alignment import AlignmentVerdict, judge
from mesascope.auditing.alignment_thresholds import THRESHOLDS, AlignmentThresholds
from mesascope.auditing.built_in.ledger import at_stake, from_posterior
from mesascope.auditing.distribution_verdict import best_served
from mesascope.auditing.ledger_estimate import GAPS, LedgerEstimate, Returns, candidates, estimate_ledger
from mesascope.calibration.choosers import Solved, solve_levels
from mesascope.calibration.known_agents import known_agent
from mesascope.calibration.true_alignment import TrueShares, true_shares
from mesascope.core.ledger import Gap, Ledger
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.instruments.choice_weights import fit_choice_weights
from mesascope.instruments.decisions import decisions_of, pool_decisions
from mesascope.instruments.episodes import episodes_of
from mesascope.instruments.sample import Sample, first_levels
from mesascope.instruments.settings import QUICK
from mesascope.worlds.described import TRAINING
from mesascope.worlds.world import AbstractWorld

Row = Mapping[str, Any]

_DIGITS = 3
_NONE = Returns(0.0, 0.0, 0.0)
"""Rows hold no returns: no verdict reads them."""


def solved_levels(world: AbstractWorld, seed: int, levels: int = QUICK.levels) -> dict[str, tuple[Sample, Solved]]:
    """Levels of every distribution with their tables; `policy` is not answered yet."""
    found = {}
    for name in (TRAINING, *world.shifts):
        drawn = world.draw(named_key(seed, "alignment", name), levels, name)
        solved = solve_levels(world, drawn)
        found[name] = Sample(name, drawn, solved.mdp, None, None), solved
    return found


def alignment_row(
    world: AbstractWorld, name: str, seed: int, levels: Mapping[str, tuple[Sample, Solved]], evidence: int
) -> dict[str, Any]:
    """Audit one agent of a class from its behavior, as `audit` does, and say what is true of it on the same levels.

    Args:
        world: The world.
        name: Class of the agent, one of `AGENTS`.
        seed: The agent's seed.
        levels: Those of `solved_levels`.
        evidence: Levels of all distributions together that the objective is inferred from.

    Returns:
        Plain values: class, seed, settings, weights wanted, and by distribution the estimates and the true shares.
    """
    agent = known_agent(name, world.features, np.random.default_rng([seed, *name.encode()]))
    samples, truth = [], {}
    for distribution, (sample, solved) in levels.items():
        policy = agent.answer(solved)
        truth[distribution] = true_shares(world, solved, agent, policy)
        samples.append(sample._replace(policy=jnp.asarray(policy, jnp.float32)))
    decided = []
    for sample in (first_levels(s, evidence // len(samples)) for s in samples):
        episodes = episodes_of(sample, named_key(seed, name, "episodes", sample.distribution))
        decided.append(decisions_of(world.outcomes(sample.levels), sample.mdp, episodes, world.discount))
    key = named_key(seed, name, "weights")
    found = fit_choice_weights(pool_decisions(decided), world.independent_features, world.features, world.discount, key)
    own = from_posterior(world, found)
    ledgers = [estimate_ledger(world, s, own.mean, own.draws, candidates(world, own.mean)) for s in samples]
    after = np.concatenate([agent.objective(solved).max(0, keepdims=True) for _, solved in levels.values()]).max(0)
    rewarded = world.base_objective.vector(world.features) > 0
    return {
        "class": name,
        "seed": seed,
        **agent.settings,
        "after": [round(float(w), _DIGITS) for w in agent.objective(levels[TRAINING][1])[0]],
        "proxies": [f for f, most, paid in zip(world.features, after, rewarded, strict=True) if most > 0 and not paid],
        **row_of_estimates(at_stake(ledgers), {f: own.weights[f] for f in found.wanted}, world.features),
        "truth": {d: [round(x, 4) for x in shares] for d, shares in truth.items()},
    }


def row_of_estimates(
    ledgers: Sequence[LedgerEstimate], wanted: Mapping[str, Estimate], features: Sequence[str]
) -> dict[str, Any]:
    """The part of a row that a verdict is read from: weights of features that are wanted, and ledgers by distribution."""
    telling = _telling(ledgers) | set(features)
    return {
        "wanted": {feature: _plain(weight) for feature, weight in wanted.items()},
        "ledgers": {r.distribution: _plain_ledger(r, telling) for r in ledgers},
    }


def verdict_of(world: AbstractWorld, row: Row, thresholds: AlignmentThresholds = THRESHOLDS) -> AlignmentVerdict:
    """The verdict on alignment that a row's estimates make, with these thresholds; no objective was located inside."""
    ledgers = [_ledger_of(name, plain) for name, plain in row["ledgers"].items()]
    weights = {feature: _estimate(plain) for feature, plain in row["wanted"].items()}
    base = world.base_objective.vector(world.features)
    return judge(
        ledgers,
        weights,
        base,
        world.features,
        searches=False,
        dependent=[f for f in world.features if f not in world.independent_features],
        thresholds=thresholds,
    )


def truth_of(row: Row) -> dict[str, TrueShares]:
    """The true shares of a row."""
    return {name: TrueShares(*shares) for name, shares in row["truth"].items()}


def _plain(estimate: Estimate) -> list[float | None]:
    numbers = (estimate.value, *estimate.interval)
    return [round(float(x), _DIGITS) if np.isfinite(x) else None for x in numbers]


def _estimate(plain: Sequence[float | None]) -> Estimate:
    value, low, high = (float("nan") if x is None else x for x in plain)
    return Estimate(value, Interval(low, high))


def _telling(ledgers: Sequence[LedgerEstimate]) -> set[str]:
    """Objectives whose competence decides a reading: of all that are served in training those with the most and the least of it
    and with the least at stake, for each distribution; no verdict changes if the others are left out.
    """
    home = next(r for r in ledgers if r.distribution == TRAINING)
    served = [n for n in home.competence if n != "own" and home.competence[n].interval.low >= THRESHOLDS.capable - 1e-9]
    kept = {"own", "base"}
    for ledger in ledgers:
        best, here = best_served(ledger), [n for n in served if n in ledger.competence]
        kept |= {best[0]} if best is not None else set()
        kept |= {n for n in served if n not in ledger.competence}
        if here:
            kept |= {max(here, key=lambda n: ledger.competence[n].interval.high)}
            kept |= {min(here, key=lambda n: ledger.stakes[n] / max(home.stakes[n], 1e-9))}
    return kept


def _plain_ledger(ledger: LedgerEstimate, telling: set[str]) -> dict[str, Any]:
    """What verdicts read: shares, and competence and stakes at telling objectives."""
    return {
        "shares": [_plain(ledger.shares[gap]) for gap in GAPS],
        "competence": {n: _plain(found) for n, found in ledger.competence.items() if n in telling},
        "stakes": {n: round(ledger.stakes[n], 4) for n in ledger.stakes if n in telling},
    }


def _ledger_of(name: str, plain: Mapping[str, Any]) -> LedgerEstimate:
    shares = {gap: _estimate(found) for gap, found in zip(GAPS, plain["shares"], strict=True)}
    gaps = (Gap(e.value, e.value, e.value, e.value) for e in shares.values())
    competence = {n: _estimate(found) for n, found in plain["competence"].items()}
    return LedgerEstimate(name, Ledger(*gaps), shares, None, competence, _NONE, _NONE, plain["stakes"])
