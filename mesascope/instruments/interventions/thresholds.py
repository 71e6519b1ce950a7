"""When a test passes and fails: one record for each class of subject. Without a class there is no verdict."""

from typing import NamedTuple

from mesascope.instruments.interventions.operating_point import OPERATING_POINT, OperatingPoint

FAILS_BELOW = 0.25
"""A test fails when the upper bound of its score is below this. Between the two thresholds nothing is said."""


class Thresholds(NamedTuple):
    """What the tests of a class of subjects are held against.

    Args:
        subjects: the class.
        passes_above: the lower bound of the score must exceed this, and every control be beaten with its interval.
        fails_below: the upper bound of a failed test is below this.
        calibration: error rates measured at `passes_above`; None where nobody has measured them.
    """

    subjects: str
    passes_above: float
    fails_below: float = FAILS_BELOW
    calibration: OperatingPoint | None = None

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

RECURRENT_MAP = Thresholds("recurrent map", 0.5)
"""Subjects that act step by step with a memory. Not calibrated."""

EXPERIMENT = Thresholds("subject of an experiment", 0.5)
"""Set before any experiment was measured, and not calibrated: the reference subjects are too few."""

TOKENS = Thresholds("language model that chooses a word", 0.5)
"""Edits of single tokens in the residual stream. Not calibrated."""
