"""Everything that is measured of a planner in `robot`, and the verdict. Nothing here knows what a planner was built to be."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.auditing.alignment import OPEN, AlignmentVerdict, judge, judge_outer, widest
from mesascope.auditing.kinds import KindEvidence
from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.competence import competence_scale
from mesascope.core.ledger import returns_by_intended
from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective
from mesascope.core.solver import feature_returns
from mesascope.core.statistics import Estimate, Interval, bootstrap_mean
from mesascope.experiments.ledger_estimate import Candidate, competence_of, estimate_ledger
from mesascope.experiments.robot.planner import Planner, efforts
from mesascope.experiments.robot.rooms import DISTRIBUTIONS, draw_rooms
from mesascope.experiments.robot.world import EVENTS, FEATURES, INTENDED, tables
from mesascope.instruments.kinds.correlation import measure_correlation
from mesascope.instruments.kinds.deletion import Without, measure_deletion
from mesascope.instruments.kinds.effort import Effort, measure_effort
from mesascope.instruments.kinds.openers import find_openers
from mesascope.instruments.kinds.strength import Strength, measure_strength
from mesascope.worlds.described import TRAINING

IRRELEVANT = "chime"
"""The event that is to nobody's purpose: its deletion is the null."""


class Judged(NamedTuple):
    """Ledgers of a planner, the tests of kind, and the verdict that follows."""

    ledgers: tuple[LedgerEstimate, ...]
    weights: dict[str, Estimate]
    evidence: KindEvidence
    verdict: AlignmentVerdict


class Controls(NamedTuple):
    """The tests of kind on the base objective itself: no gap at any strength, nothing lost by effort."""

    strength: Strength
    effort: Effort


class Examination(NamedTuple):
    """All findings about one planner."""

    judged: Judged
    behavior: dict[str, dict[str, Estimate]]
    effort_of: str
    retargeted: Estimate
    """Competence at stepping on the mat once that was written into the planner as all it wants: high by construction, since
    a planner plans from its wants. It is no evidence about training.
    """
    controls: Controls


class House:
    """Rooms of every distribution under one seed, as tables, with events withheld on demand."""

    def __init__(self, seed: int, levels: int, stream: str = "audit"):
        self.seed = seed
        self._rooms = {name: draw_rooms(seed, levels, name, stream) for name in DISTRIBUTIONS}
        self._tables = cache(lambda name, withheld: tables(self._rooms[name], withheld))

    def tables(self, distribution: str) -> FiniteMDP:
        """The rooms as they are."""
        return self._tables(distribution, ())

    def without(self, distribution: str) -> Without:
        """The rooms of a distribution with the named events withheld."""
        return lambda events: self._tables(distribution, tuple(sorted(events)))


def examine(planner: Planner, trained_for: Objective, house: House) -> Examination:
    """All findings. The subject's objective is read from where it is kept."""
    judged = judge_planner(planner, trained_for, house)
    training = house.tables(TRAINING)
    effort_of, own_effort, swept = efforts(planner)
    objectives = np.asarray(trained_for.vector(FEATURES)), np.asarray(planner.wants)
    effort = judged.evidence.effort or measure_effort(training, _acting(swept, training), own_effort, *objectives)
    return Examination(
        judged._replace(evidence=judged.evidence._replace(effort=effort)),
        {name: _behavior(house.tables(name), planner.policy(house.tables(name), FEATURES)) for name in DISTRIBUTIONS},
        effort_of,
        _retargeted(planner, training),
        _controls(planner, objectives[0], house, judged.evidence.shift),
    )


def _controls(planner: Planner, base: Float[np.ndarray, " feature"], house: House, shift: str) -> Controls:
    training = house.tables(TRAINING)
    _, own_effort, swept = efforts(planner._replace(wants=np.asarray(base, np.float32), believed=None))
    return Controls(
        measure_strength(house.tables(shift), base, base),
        measure_effort(training, _acting(swept, training), own_effort, base, base),
    )


def judge_planner(planner: Planner, trained_for: Objective, house: House, known: KindEvidence | None = None) -> Judged:
    """The verdict, and what it rests on. Effort is varied where the inner gap is open in training, as nothing else asks for it.

    `known` evidence about the same wants in the same house is taken over, all but the effort.
    """
    base, own = np.asarray(trained_for.vector(FEATURES)), np.asarray(planner.wants)
    ledgers = tuple(
        _reckoning(name, house.tables(name), planner.policy(house.tables(name), FEATURES), base, own)
        for name in DISTRIBUTIONS
    )
    training = house.tables(TRAINING)
    effort = None
    if ledgers[0].shares["inner"].interval.low > OPEN:
        _, own_effort, swept = efforts(planner)
        effort = measure_effort(training, _acting(swept, training), own_effort, base, own)
    evidence = (known or _evidence(ledgers, base, own, house))._replace(effort=effort)
    weights = {f: Estimate(float(w), Interval(float(w), float(w))) for f, w in zip(FEATURES, own, strict=True)}
    verdict = judge_outer(judge(ledgers, weights, base, FEATURES, True, evidence), ledgers)
    return Judged(ledgers, weights, evidence, verdict)


def _evidence(
    ledgers: tuple[LedgerEstimate, ...],
    base: Float[np.ndarray, " feature"],
    own: Float[np.ndarray, " feature"],
    house: House,
) -> KindEvidence:
    worst = widest(ledgers, True)
    shift, opened = worst.distribution, worst.shares["inner"].interval.low > OPEN
    # The job and its looks are attributes of what happens: taken away they leave all as it was, and take nothing with them.
    things = own * np.isin(FEATURES, EVENTS)
    return KindEvidence(
        shift,
        measure_deletion(house.without(TRAINING), base, things, FEATURES, IRRELEVANT),
        measure_correlation(house.tables(TRAINING), base, own, FEATURES, IRRELEVANT, house.seed),
        find_openers(house.without(shift), base, own, FEATURES) if opened else (),
        measure_strength(house.tables(shift), base, own),
        None,
    )


def _acting(swept: Mapping[float, Planner], mdp: FiniteMDP) -> dict[float, Float[Array, "level state action"]]:
    return {effort: planner.policy(mdp, FEATURES) for effort, planner in swept.items()}


def _reckoning(
    name: str,
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    base: Float[np.ndarray, " feature"],
    own: Float[np.ndarray, " feature"],
) -> LedgerEstimate:
    wanted = np.asarray(INTENDED.vector(FEATURES))
    returns = returns_by_intended(mdp, policy, *(jnp.asarray(w) for w in (wanted, base, own)))
    earned = np.asarray(feature_returns(mdp, policy), np.float64)
    return estimate_ledger(
        name, returns, {label: _candidate(mdp, earned, w) for label, w in (("base", base), ("own", own))}
    )


def _candidate(
    mdp: FiniteMDP, earned: Float[np.ndarray, "level feature"], weights: Float[np.ndarray, " feature"]
) -> Candidate:
    scale = competence_scale(mdp, jnp.asarray(weights))
    return Candidate(
        earned @ np.asarray(weights, np.float64),
        np.asarray(scale.optimal, np.float64),
        np.asarray(scale.uniform, np.float64),
    )


def _behavior(mdp: FiniteMDP, policy: Float[Array, "level state action"]) -> dict[str, Estimate]:
    """Discounted counts of events, mean over levels."""
    earned = np.asarray(feature_returns(mdp, policy), np.float64)
    return {event: bootstrap_mean(earned[:, FEATURES.index(event)]) for event in EVENTS}


def _retargeted(planner: Planner, mdp: FiniteMDP) -> Estimate:
    chime = np.asarray([float(f == IRRELEVANT) for f in FEATURES], np.float32)
    rewritten = planner._replace(wants=chime, believed=None)
    earned = np.asarray(feature_returns(mdp, rewritten.policy(mdp, FEATURES)), np.float64)
    return competence_of(_candidate(mdp, earned, chime))
