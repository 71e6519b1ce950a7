"""What a walk under an edit is scored by: where it ends, and how it turns on the way."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.rollouts import Rollout
from mesascope.core.statistics import UNKNOWN, Estimate, bootstrap
from mesascope.instruments.closed_loop.trials import EpisodeTrial
from mesascope.instruments.search.patches import within

_ROOM = 0.02
"""Ceiling less floor below which a score is 0: there is nothing that an edit could be seen by."""


class Count(NamedTuple):
    """Per level: how often something happened, of how many times that it could have."""

    hits: Float[np.ndarray, " level"]
    of: Float[np.ndarray, " level"]

    def estimate(self) -> Estimate:
        """The share with its bootstrap interval over levels; NaN where there was no occasion."""
        return _ratios([self], lambda shares: shares[:, 0])


class Outcome(NamedTuple):
    """Of the walks of one arm: ends as if the change were true (`followed`), ends as without it (`kept`), and moves that
    only the change makes optimal, of all moves outside of the patches on which it matters (`turned`).
    """

    followed: Count
    kept: Count
    turned: Count


def score(course: EpisodeTrial, walked: Rollout, radius: int) -> Outcome:
    """The outcome of the walks on a course. Levels that are not fit count nowhere."""
    found = jax.device_get(_score(course, walked, jnp.asarray(radius)))
    followed, kept, turned, fit, counted = (np.asarray(column, np.float64) for column in found)
    return Outcome(Count(followed, fit), Count(kept, fit), Count(turned, counted))


@jax.jit
def _score(course: EpisodeTrial, walked: Rollout, radius: Int[Array, ""]) -> tuple[Array, Array, Array, Array, Array]:
    level, fit = jnp.arange(course.start.shape[0])[:, None], course.fit
    avoided = course.avoided
    passed = (walked.cell == avoided[:, None]) & walked.live
    trespassed = passed.any(1) | (walked.end == avoided)
    followed = walked.ended & (walked.end == course.new_end) & ~trespassed
    kept = jnp.where(avoided >= 0, trespassed, walked.ended & (walked.end == course.old_end))
    outside = course.scored & ~within(course.centers, radius, course.base.interior)
    counted = outside.reshape(*fit.shape, -1)[level, walked.cell] & walked.live & fit[:, None]
    turned = course.new[level, walked.cell, walked.action] & counted
    return followed & fit, kept & fit, turned.sum(1), fit, counted.sum(1)


def normalized(edited: Count, ceiling: Count, controls: dict[str, Count]) -> Estimate:
    """(edited - floor) / (ceiling - floor), floor the highest control arm; levels are resampled for all arms together.

    The maximum is taken inside each resample, which biases the floor upward and the score downward: conservative.
    """

    def statistic(shares: Float[np.ndarray, "resample arm"]) -> Float[np.ndarray, " resample"]:
        floor = np.nan_to_num(shares[:, 2:]).max(1)
        room = shares[:, 1] - floor
        return np.where(room > _ROOM, (shares[:, 0] - floor) / np.where(room > _ROOM, room, 1.0), 0.0)

    return _ratios([edited, ceiling, *controls.values()], statistic)


def advantage(edited: Count, control: Count) -> Estimate:
    """Share of an arm less that of another; paired by level."""
    return _ratios([edited, control], lambda shares: shares[:, 0] - shares[:, 1])


def _ratios(counts: list[Count], statistic) -> Estimate:
    if counts[0].of.sum() == 0:
        return UNKNOWN
    table = np.stack([column for count in counts for column in (count.hits, count.of)], 1)

    def of_means(means: Float[np.ndarray, "resample column"]) -> Float[np.ndarray, " resample"]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return statistic(means[:, 0::2] / means[:, 1::2])

    return bootstrap(table, of_means)
