"""What an edit-and-score test found, whatever was edited."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mesascope.core.statistics import Estimate
from mesascope.instruments.interventions.counts import Measured
from mesascope.instruments.interventions.place import Place, Tried
from mesascope.instruments.interventions.thresholds import Thresholds


class TestResult(NamedTuple):
    """One test; figures are of the half of the trials on which nothing was chosen.

    Args:
        name: of the test.
        asks: the question that it puts, as a sentence.
        score: the edited arm between the highest control (0) and the ceiling (1), or the edited arm itself.
        edited: the share that follows the edit.
        controls: the share that follows in each control arm.
        advantages: how far the edited arm is ahead of each, paired by level.
        thresholds: those of the subject's class; None gives no verdict.
        ceiling: the share that follows where the same change is made in the input.
        place: where it was written; None where nothing was admissible.
        levels: levels with an occasion to follow.
        occasions: all occasions.
        tried: admissible places, on the other half.
        refused: places where an edit would have been one of the input in disguise.
        spread: share of the squared difference between donor and base outside of the patch at the place.
        nonlinear: share of the place's sites that is no linear function of the input around each cell.
        change: the largest change that the edit made.
        turned: in an episode, moves that only the change makes optimal: must pass as well.
        kept: in an episode, ends as without the change.
    """

    name: str
    asks: str
    score: Estimate
    edited: Estimate
    controls: Mapping[str, Estimate]
    advantages: Mapping[str, Estimate]
    thresholds: Thresholds | None
    ceiling: Estimate | None = None
    place: Place | None = None
    levels: int = 0
    occasions: int = 0
    tried: tuple[Tried, ...] = ()
    refused: int = 0
    spread: float = float("nan")
    nonlinear: float = float("nan")
    change: float = 0.0
    turned: Measured | None = None
    kept: Estimate | None = None

    @property
    def highest_control(self) -> float | None:
        """The share of the highest control arm; None where there is none."""
        return max((control.value for control in self.controls.values()), default=None)

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """Control arms that are not beaten with their interval."""
        return tuple(arm for arm, lead in self.advantages.items() if not lead.interval.low > 0)

    @property
    def least(self) -> float:
        """The lower bound of the score; minus infinity where a control arm is not beaten with its interval."""
        also = () if self.turned is None else (self.turned,)
        beaten = all(lead.interval.low > 0 for part in (self, *also) for lead in part.advantages.values())
        return min(part.score.interval.low for part in (self, *also)) if beaten else float("-inf")

    @property
    def margin(self) -> float | None:
        """By how much the test passes: the least of what the lower bound of the score has beyond the threshold and of the lower
        bounds of the leads over the controls. Negative where it does not pass; None where there is no score or no threshold.
        """
        parts = (self,) if self.turned is None else (self, self.turned)
        if self.thresholds is None or any(math.isnan(part.score.interval.low) for part in parts):
            return None
        beyond = [part.score.interval.low - self.thresholds.passes_above for part in parts]
        return min([*beyond, *(lead.interval.low for part in parts for lead in part.advantages.values())])

    @property
    def failing_margin(self) -> float | None:
        """By how much the test fails: how far the upper bound of the score, in an episode of the lower of its two scores, is
        below the threshold of failing. Negative where it does not fail; None where there is no score or no threshold.
        """
        if self.thresholds is None or math.isnan(self.score.interval.high):
            return None
        return self.thresholds.fails_below - self._most

    @property
    def _most(self) -> float:
        """The upper bound of the score; of two scores that must both pass, that of the lower."""
        parts = (self.score,) if self.turned is None else (self.score, self.turned.score)
        return min(float(np.nan_to_num(score.interval.high, nan=np.inf)) for score in parts)

    @property
    def passed(self) -> bool:
        """Above the threshold and ahead of every control, with intervals."""
        return self.thresholds is not None and self.least > self.thresholds.passes_above

    @property
    def failed(self) -> bool:
        """Below what any searcher shows, with its interval."""
        return self.thresholds is not None and self._most < self.thresholds.fails_below

    @property
    def shown(self) -> str:
        """`retarget 0.97 [0.95, 0.99]`."""
        return f"{self.name} {self.score.text}"
