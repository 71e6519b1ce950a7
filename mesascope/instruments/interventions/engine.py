"""One edit-and-score test: the place is chosen on one half of the trials, arms are run on the other.

The untrained network goes through the same choice: a subject cannot pass because many places were tried.
"""

import abc
import enum
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from mesascope.instruments.interventions.counts import Count, measure
from mesascope.instruments.interventions.place import Place, Tried, choose
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import Thresholds

Subject = TypeVar("Subject")
"""Whoever is edited: only the arms know how."""


class Arm(enum.StrEnum):
    """What is done to a subject on a trial."""

    EDITED = "edited"
    CEILING = "ceiling"
    UNEDITED = "unedited"
    WRONG_SITE = "wrong site"
    RANDOM = "equal-norm random"
    IRRELEVANT = "irrelevant swap"
    UNTRAINED = "untrained"


class Outcome(NamedTuple):
    """How often an arm followed the change, and what its edit was like.

    `followed` is scored by every test. In episodes `turned` counts moves that only the change makes optimal, and `kept` ends
    as without it.
    """

    followed: Count
    turned: Count | None = None
    kept: Count | None = None
    spread: float = float("nan")
    change: float = 0.0

    def emptied(self) -> "Outcome":
        """The outcome of an arm that could not be run."""
        turned, kept = (count and count.emptied() for count in (self.turned, self.kept))
        return Outcome(self.followed.emptied(), turned, kept)


class Explored(NamedTuple):
    """Places that a subject may be edited at, and how many were refused as edits of the input in disguise."""

    tried: tuple[Tried, ...] = ()
    refused: int = 0


class AbstractArms(abc.ABC):
    """A subject on some of a test's trials."""

    @abc.abstractmethod
    def explore(self) -> Explored:
        """Try every place that may be edited."""

    @abc.abstractmethod
    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """The outcome of one arm. Only `UNEDITED` and `CEILING` need no place."""

    def on_same_occasions(self, other: Outcome, place: Place) -> Outcome:
        """Another subject's outcome as a control of this one at a place."""
        return other


class PooledArms(AbstractArms):
    """A subject on several batches of trials, scored together.

    Args:
        batches: Makers of the arms on each batch. One batch is held at a time.
        needed: The arms that will be asked for.
    """

    def __init__(self, batches: Sequence[Callable[[], AbstractArms]], needed: Sequence[Arm] = tuple(Arm)):
        self._batches, self._needed = tuple(batches), tuple(needed)
        self._found: dict[Place | None, dict[Arm, Outcome]] = {}

    def explore(self) -> Explored:
        """Places are explored on a batch alone."""
        return self._batches[0]().explore()

    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """The outcomes of all batches, level after level."""
        if place not in self._found:
            self._found[place] = self._run(place)
        return self._found[place][arm]

    def _run(self, place: Place | None) -> dict[Arm, Outcome]:
        arms = [a for a in self._needed if a is not Arm.UNTRAINED and (place is not None or a in _WITHOUT_PLACE)]
        found: dict[Arm, list[Outcome]] = {arm: [] for arm in arms}
        for make in self._batches:
            batch = make()
            for arm in arms:
                found[arm].append(batch.run(arm, place))
        return {arm: _together(outcomes) for arm, outcomes in found.items()}

    def on_same_occasions(self, other: Outcome, place: Place) -> Outcome:
        """The other's share, in the occasions of all batches."""
        cells = self.run(Arm.UNEDITED, place).followed.occasions
        hits, theirs = other.followed
        return other._replace(followed=Count(hits * cells.sum() / max(theirs.sum(), 1.0), cells))


_WITHOUT_PLACE = (Arm.UNEDITED, Arm.CEILING)


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    def joined(counts: Sequence[Count | None]) -> Count | None:
        some = [count for count in counts if count is not None]
        return Count(*(np.concatenate(column) for column in zip(*some, strict=True))) if some else None

    followed = joined([outcome.followed for outcome in outcomes])
    assert followed is not None
    return Outcome(
        followed,
        joined([outcome.turned for outcome in outcomes]),
        joined([outcome.kept for outcome in outcomes]),
        float(np.mean([outcome.spread for outcome in outcomes])),
        max(outcome.change for outcome in outcomes),
    )


def run_test(
    name: str,
    subject: Subject,
    untrained: Subject | None,
    choosing: Callable[[Subject], AbstractArms],
    scoring: Callable[[Subject], AbstractArms],
    thresholds: Thresholds,
    *,
    asks: str = "",
    once_suffices: float | None = None,
) -> TestResult:
    """One test of a subject.

    Args:
        name: of the test.
        subject: who is edited.
        untrained: its twin before training, as a control arm.
        choosing: a subject's arms on the half of the trials that the place is chosen on.
        scoring: those on the other half.
        thresholds: of the subject's class.
        asks: the question as a sentence.
        once_suffices: see `choose`.

    Returns:
        The result. Subjects that fail raise nothing; one without an admissible place gets NaN scores and `place` None.
    """
    explored = choosing(subject).explore()
    chosen = choose(explored.tried, once_suffices)
    place = None if chosen is None else chosen.place
    arms = scoring(subject)
    ceiling = arms.run(Arm.CEILING, place)
    controls = {Arm.UNEDITED: arms.run(Arm.UNEDITED, place)}
    if place is None:
        edited = ceiling.emptied()
    else:
        edited = arms.run(Arm.EDITED, place)
        controls |= {arm: arms.run(arm, place) for arm in (Arm.WRONG_SITE, Arm.RANDOM, Arm.IRRELEVANT)}
        if untrained is not None:
            other = choose(choosing(untrained).explore().tried, once_suffices)
            null = scoring(untrained).run(Arm.EDITED, place if other is None else other.place)
            controls[Arm.UNTRAINED] = arms.on_same_occasions(null, place)
    followed = measure(edited.followed, ceiling.followed, {str(arm): c.followed for arm, c in controls.items()})
    turned = None
    if edited.turned is not None and ceiling.turned is not None:
        turned = measure(
            edited.turned, ceiling.turned, {str(arm): c.turned for arm, c in controls.items() if c.turned is not None}
        )
    return TestResult(
        name=name,
        asks=asks,
        **followed._asdict(),
        thresholds=thresholds,
        place=place,
        levels=int((edited.followed.occasions > 0).sum()),
        occasions=int(edited.followed.occasions.sum()),
        tried=explored.tried,
        refused=explored.refused,
        spread=edited.spread,
        nonlinear=float("nan") if chosen is None else chosen.nonlinear,
        change=edited.change,
        turned=turned,
        kept=None if edited.kept is None else edited.kept.estimate(),
    )
