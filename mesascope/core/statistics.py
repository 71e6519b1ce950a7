"""Intervals: Wilson for rates, bootstrap over the units that were sampled for everything else."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 2_000


class Interval(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


class Estimate(NamedTuple):
    """A value and its interval; a point alone is not a result."""

    value: float
    interval: Interval


def wilson(successes: float, trials: float) -> Estimate:
    """Rate with its Wilson score interval (Wilson 1927); no trials give NaN and (0, 1)."""
    if trials <= 0:
        return Estimate(float("nan"), Interval(0.0, 1.0))
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    rate = successes / trials
    center = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    return Estimate(rate, Interval(float(max(0.0, center - half)), float(min(1.0, center + half))))


def bootstrap(
    per_level: Float[np.ndarray, "level *columns"],
    statistic: Callable[[Float[np.ndarray, "resample *columns"]], Float[np.ndarray, " resample"]],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Percentile bootstrap over levels of a statistic of column means.

    `statistic` maps resampled column means `(resample, *columns)` to one number each. Means are formed from multinomial
    counts, one matrix product for all resamples. Rows with NaN must be removed first.
    """
    count = len(per_level)
    if count == 0:
        return Estimate(float("nan"), Interval(float("nan"), float("nan")))
    flat = per_level.reshape(count, -1).astype(np.float64)
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    means = (draws @ flat / count).reshape(resamples, *per_level.shape[1:])
    point = float(np.asarray(statistic(per_level.mean(0, dtype=np.float64)[None]))[0])
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(statistic(means), [tail, 1 - tail])
    return Estimate(point, Interval(float(low), float(high)))


def bootstrap_mean(per_level: Float[np.ndarray, " level"], seed: int = 0) -> Estimate:
    """Mean over levels with its bootstrap interval."""
    return bootstrap(per_level[:, None], lambda m: m[:, 0], seed)


def bootstrap_ratio(
    numerator: Float[np.ndarray, " level"], denominator: Float[np.ndarray, " level"], seed: int = 0
) -> Estimate:
    """Ratio of sums over levels, levels resampled as wholes."""
    both = np.stack([numerator, denominator], 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return bootstrap(both, lambda m: m[:, 0] / m[:, 1], seed)
