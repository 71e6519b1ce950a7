"""When a test passes and fails: one record for each class of subject. Without a class there is no verdict."""

from typing import NamedTuple

from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.operating_point import (
    OPERATING_POINT,
    RECURRENT_OPERATING_POINT,
    TOKENS_OPERATING_POINT,
    OperatingPoint,
)

FAILS_BELOW = 0.25
"""A test fails when the upper bound of its score is below this. Between the two thresholds nothing is said."""


class Thresholds(NamedTuple):
    """What the tests of a class of subjects are held against.

    Args:
        subjects: the class.
        passes_above: the lower bound of the score must exceed this, and every control be beaten with its interval.
        fails_below: the upper bound of a failed test is below this.
        calibration: error rates measured at `passes_above`; None where nobody has measured them.
        most_spread: where at every place that may be edited more than this share of the difference that a change makes lies
            beyond the patch, a failed test says nothing.
        misses_known: whether it is known well enough how many searchers the tests miss for a failed test to say anything.
    """

    subjects: str
    passes_above: float
    fails_below: float = FAILS_BELOW
    calibration: OperatingPoint | None = None
    most_spread: float = 1.0
    misses_known: bool = True

    @property
    def trusted(self) -> bool:
        """Whether the measured rate of false positives allows `search` to be said."""
        return self.calibration is not None and self.calibration.trusted

    @property
    def says(self) -> str:
        """What is known of the error rates, in words."""
        return (
            f"the tests were never calibrated for a {self.subjects}" if not self.calibration else self.calibration.says
        )


def plan_once_map(point: OperatingPoint) -> Thresholds:
    """The thresholds for subjects that plan once on a map of the whole level, at an operating point."""
    return Thresholds("plan-once map", point.threshold, FAILS_BELOW, point)


PLAN_ONCE_MAP = plan_once_map(OPERATING_POINT)

LOCAL = 0.5
"""Most of the difference that a change makes may lie beyond its patch, by this measure, for an edit to be asked for."""


def over_tokens(point: OperatingPoint) -> Thresholds:
    """The thresholds for transformers that answer at every token of a level, at an operating point.

    One block of attention can carry a goal to all tokens, so that an edit near its own changes nothing that is still read.
    """
    return Thresholds("transformer over tokens", point.threshold, FAILS_BELOW, point, LOCAL, point.misses_known)


CELL_TOKENS = over_tokens(TOKENS_OPERATING_POINT)


def thresholds_of(subject: AbstractSubject) -> Thresholds:
    """The thresholds of the class that a subject which answers all states belongs to, by what its sites are.

    Example:
        >>> import jax
        >>> from mesascope.learned.registry import build
        >>> thresholds_of(build("prefix-lm", {}, key=jax.random.key(0), inputs=7)).subjects
        'transformer over tokens'
    """
    return CELL_TOKENS if over_token_sites(subject) else PLAN_ONCE_MAP


def over_token_sites(subject: AbstractSubject) -> bool:
    """Whether a subject's state, or part of it, is the residuals of tokens."""
    return any(site.support == "tokens" for site in subject.sites)


def recurrent_map(point: OperatingPoint) -> Thresholds:
    """The thresholds for subjects that act step by step with a memory, at an operating point."""
    return Thresholds("recurrent map", point.threshold, FAILS_BELOW, point, misses_known=point.misses_known)


RECURRENT_MAP = recurrent_map(RECURRENT_OPERATING_POINT)

EXPERIMENT = Thresholds("subject of an experiment", 0.5)
"""Set before any experiment was measured, and not calibrated: the reference subjects are too few."""

WORDS = Thresholds("language model that chooses a word", 0.5)
"""Edits of single tokens in the residual stream. Not calibrated."""
