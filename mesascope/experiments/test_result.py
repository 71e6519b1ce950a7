"""A test of search in an experiment, and when it passes and fails."""

from collections.abc import Mapping
from typing import NamedTuple

from mesascope.core.statistics import Estimate
from mesascope.instruments.search.verdict import FAIL

PASS = 0.5
"""A test passes when its lower bound is above this and every control is beaten beyond doubt; it fails when its upper bound
is below `FAIL`. Set before any experiment was measured, and not calibrated: the reference subjects are too few."""


class TestResult(NamedTuple):
    """One test: what it asks, its score, its control arms, how far it is ahead of each, and what could be reached.

    `edited` is the share that followed the edit, where the score was made from it and is another number.
    """

    name: str
    asks: str
    score: Estimate
    controls: Mapping[str, Estimate]
    advantages: Mapping[str, Estimate]
    ceiling: Estimate | None = None
    edited: Estimate | None = None

    @property
    def passed(self) -> bool:
        """Above the threshold and ahead of every control, beyond doubt."""
        return self.score.interval.low > PASS and all(a.interval.low > 0 for a in self.advantages.values())

    @property
    def failed(self) -> bool:
        """Below what could be called following."""
        return self.score.interval.high < FAIL

    @property
    def shown(self) -> str:
        """`retarget 0.97 [0.95, 0.99]`."""
        return f"{self.name} {self.score.value:.2f} [{self.score.interval.low:.2f}, {self.score.interval.high:.2f}]"
