"""What is measured of a planner in `robot`, and the verdict. Nothing here knows what a planner was built to be."""

from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.auditing.alignment import AlignmentVerdict, judge, widest
from mesascope.auditing.alignment_thresholds import THRESHOLDS
from mesascope.auditing.kinds import KindEvidence
from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.competence import competence_scale
from mesascope.core.ledger import returns_by_intended
from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective
from mesascope.core.solver import feature_returns
from mesascope.core.statistics import Estimate, exactly, mean_of
from mesascope.experiments.ledger_estimate import Candidate, competence_of, estimate_ledger
from mesascope.experiments.robot.planner import Planner, efforts
from mesascope.experiments.robot.rooms import DISTRIBUTIONS, draw_rooms
from mesascope.experiments.robot.world import EVENTS, FEATURES, INTENDED, tables
from mesascope.instruments.kinds.correlation import Correlation, measure_correlation
from mesascope.instruments.kinds.deletion import Deletion, Without, measure_deletion
from mesascope.instruments.kinds.effort import Effort, measure_effort
from mesascope.instruments.kinds.openers import Opener, find_openers
from mesascope.instruments.kinds.strength import measure_strength
from mesascope.worlds.described import TRAINING

IRRELEVANT = "chime"
"""The event that is to nobody's purpose: its deletion is the null."""

Weights = Float[np.ndarray, " feature"]
"""An objective on the features."""


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


class Judged(NamedTuple):
    """Ledgers of a planner, the tests of kind, and the verdict that follows."""

    ledgers: tuple[LedgerEstimate, ...]
    evidence: KindEvidence
    verdict: AlignmentVerdict


def judge_planner(planner: Planner, trained_for: Objective, house: House, known: KindEvidence | None = None) -> Judged:
    """The verdict, and what it rests on. Effort is varied where the inner gap is open in training, as nothing else asks for it.

    `known` evidence about the same wants in the same house is taken over, all but the effort.
    """
    base, own = np.asarray(trained_for.vector(FEATURES)), np.asarray(planner.wants)
    ledgers = ledgers_of(planner, base, house)
    effort = effort_of(planner, base, house) if ledgers[0].shares["inner"].interval.low > THRESHOLDS.open else None
    if known is None:
        shift = shift_of(ledgers)
        deletion, correlation = causes_of(base, own, house)
        openers, strength = openers_of(ledgers, base, own, house), measure_strength(house.tables(shift), base, own)
        known = KindEvidence(shift, deletion, correlation, openers, strength, None)
    evidence = known._replace(effort=effort)
    verdict = judge(ledgers, weights_of(planner), base, FEATURES, True, evidence)
    return Judged(ledgers, evidence, verdict)


def weights_of(planner: Planner) -> dict[str, Estimate]:
    """The objective, read from where it is kept."""
    own = np.asarray(planner.wants)
    return {f: exactly(w) for f, w in zip(FEATURES, own, strict=True)}


def ledgers_of(planner: Planner, base: Weights, house: House) -> tuple[LedgerEstimate, ...]:
    """Exact ledgers of all distributions."""
    return tuple(_ledger_of(name, house.tables(name), planner, base) for name in DISTRIBUTIONS)


def shift_of(ledgers: tuple[LedgerEstimate, ...]) -> str:
    """Where the inner gap is widest: the tests of kind look there."""
    return widest(ledgers, True).distribution


def causes_of(base: Weights, own: Weights, house: House) -> tuple[Deletion | None, Correlation | None]:
    """What the two objectives lose in training without each other's events, and how their returns correlate."""
    # The job and its looks are attributes of what happens: taken away they leave all as it was, and take nothing with them.
    things = own * np.isin(FEATURES, EVENTS)
    return (
        measure_deletion(house.without(TRAINING), base, things, FEATURES, IRRELEVANT),
        measure_correlation(house.tables(TRAINING), base, own, FEATURES, IRRELEVANT, house.seed),
    )


def openers_of(ledgers: tuple[LedgerEstimate, ...], base: Weights, own: Weights, house: House) -> tuple[Opener, ...]:
    """Events without which the gap closes, where one is open under the shift."""
    worst = widest(ledgers, True)
    opened = worst.shares["inner"].interval.low > THRESHOLDS.open
    return find_openers(house.without(worst.distribution), base, own, FEATURES) if opened else ()


def effort_of(planner: Planner, base: Weights, house: House) -> Effort:
    """What more effort makes of the planner in training."""
    training = house.tables(TRAINING)
    _, own_effort, swept = efforts(planner)
    acting = {effort: other.policy(training, FEATURES) for effort, other in swept.items()}
    return measure_effort(training, acting, own_effort, base, np.asarray(planner.wants))


def after_base(planner: Planner, base: Weights) -> Planner:
    """The same planner, but after the base objective: the control."""
    return planner._replace(wants=np.asarray(base, np.float32), believed=None)


def _ledger_of(name: str, mdp: FiniteMDP, planner: Planner, base: Weights) -> LedgerEstimate:
    wanted, own = np.asarray(INTENDED.vector(FEATURES)), np.asarray(planner.wants)
    policy = planner.policy(mdp, FEATURES)
    returns = returns_by_intended(mdp, policy, *(jnp.asarray(w) for w in (wanted, base, own)))
    earned = np.asarray(feature_returns(mdp, policy), np.float64)
    return estimate_ledger(
        name, returns, {label: _candidate(mdp, earned, w) for label, w in (("base", base), ("own", own))}
    )


def _candidate(mdp: FiniteMDP, earned: Float[np.ndarray, "level feature"], weights: Weights) -> Candidate:
    scale = competence_scale(mdp, jnp.asarray(weights))
    return Candidate(
        earned @ np.asarray(weights, np.float64),
        np.asarray(scale.optimal, np.float64),
        np.asarray(scale.uniform, np.float64),
    )


def behavior_of(planner: Planner, mdp: FiniteMDP) -> dict[str, Estimate]:
    """Discounted counts of events, mean over levels."""
    earned = np.asarray(feature_returns(mdp, planner.policy(mdp, FEATURES)), np.float64)
    return {event: mean_of(earned[:, FEATURES.index(event)]) for event in EVENTS}


def retargeted(planner: Planner, mdp: FiniteMDP) -> Estimate:
    """Competence at stepping on the mat once that was written into the planner as all it wants: high by construction, since
    a planner plans from its wants. It is no evidence about training.
    """
    chime = np.asarray([float(f == IRRELEVANT) for f in FEATURES], np.float32)
    rewritten = planner._replace(wants=chime, believed=None)
    earned = np.asarray(feature_returns(mdp, rewritten.policy(mdp, FEATURES)), np.float64)
    return competence_of(_candidate(mdp, earned, chime))
