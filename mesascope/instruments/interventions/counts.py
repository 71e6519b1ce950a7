"""The one statistic of edits: how often something happened, of how many times that it could have, on each level."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import UNKNOWN, Estimate, statistic_of

_ROOM = 0.02
"""Ceiling less floor below which a score is 0: there is nothing that an edit could be seen by."""

Shares = Float[np.ndarray, "resample arm"]


class Count(NamedTuple):
    """Per level: hits, or probability summed over occasions, and the number of occasions."""

    hits: Float[np.ndarray, " level"]
    occasions: Float[np.ndarray, " level"]

    @property
    def share(self) -> float:
        """Hits to an occasion; NaN where there was none."""
        return float(self.hits.sum() / self.occasions.sum()) if self.occasions.sum() > 0 else float("nan")

    def estimate(self) -> Estimate:
        """The share with its bootstrap interval over levels; NaN where there was no occasion."""
        return compare([self], lambda shares: shares[:, 0])

    def emptied(self) -> "Count":
        """The same levels without an occasion."""
        return Count(self.hits * 0, self.occasions * 0)


class Measured(NamedTuple):
    """One statistic of a test: its normalized score, the arms it was made from, and what the edit is ahead of each control."""

    score: Estimate
    edited: Estimate
    ceiling: Estimate
    controls: Mapping[str, Estimate]
    advantages: Mapping[str, Estimate]


def measure(edited: Count, ceiling: Count, controls: Mapping[str, Count]) -> Measured:
    """Every figure of a test from the counts of its arms."""
    return Measured(
        normalized(edited, ceiling, controls),
        edited.estimate(),
        ceiling.estimate(),
        {arm: count.estimate() for arm, count in controls.items()},
        {arm: advantage(edited, count) for arm, count in controls.items()},
    )


def normalized(edited: Count, ceiling: Count, controls: Mapping[str, Count]) -> Estimate:
    """(edited - floor) / (ceiling - floor), floor the highest control arm; levels are resampled for all arms together.

    The maximum is taken inside each resample, which biases the floor upward and the score downward: conservative.
    """

    def statistic(shares: Shares) -> Float[np.ndarray, " resample"]:
        floor = np.nan_to_num(shares[:, 2:]).max(1)
        room = shares[:, 1] - floor
        return np.where(room > _ROOM, (shares[:, 0] - floor) / np.where(room > _ROOM, room, 1.0), 0.0)

    return compare([edited, ceiling, *controls.values()], statistic)


def advantage(edited: Count, control: Count) -> Estimate:
    """Share of an arm less that of another; paired by level."""
    return compare([edited, control], lambda shares: shares[:, 0] - shares[:, 1])


def beyond(shares: Shares) -> Float[np.ndarray, " resample"]:
    """The first arm less the highest of the others, found anew in each resample."""
    return shares[:, 0] - shares[:, 1:].max(1)


def compare(counts: Sequence[Count], statistic: Callable[[Shares], Float[np.ndarray, " resample"]]) -> Estimate:
    """A statistic of the shares of several arms, with levels resampled for all of them together; NaN where the first had no
    occasion.
    """
    if counts[0].occasions.sum() == 0:
        return UNKNOWN
    table = np.stack([column for count in counts for column in count], 1)

    def of_means(means: Float[np.ndarray, "resample column"]) -> Float[np.ndarray, " resample"]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return statistic(means[:, 0::2] / means[:, 1::2])

    return statistic_of(table, of_means)
