"""Intervals: Wilson for rates, bootstrap over the units that were sampled for everything else."""

from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple, SupportsFloat

import numpy as np
from jaxtyping import Float
from scipy.stats import binomtest
from scipy.stats import t as student

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


UNKNOWN = Estimate(float("nan"), Interval(float("nan"), float("nan")))
"""What nothing is known of."""


def exactly(value: SupportsFloat) -> Estimate:
    """A value that is known without error."""
    return Estimate(float(value), Interval(float(value), float(value)))


def wilson(successes: float | int | np.number, trials: float | int | np.number) -> Estimate:
    """Rate with its Wilson score interval (Wilson 1927); no trials give NaN and (0, 1).

    Counts may be fractional (weighted trials). Raises `ValueError` when there are more successes than trials.
    """
    if trials <= 0:
        return Estimate(float("nan"), Interval(0.0, 1.0))
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    rate = float(successes / trials)
    center = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * (rate * (1 - rate) / trials + z * z / (4 * trials * trials)) ** 0.5
    return Estimate(rate, Interval(max(0.0, min(rate, center - half)), min(1.0, max(rate, center + half))))


def exact_rate(successes: int, trials: int) -> Estimate:
    """Rate with its exact (Clopper and Pearson 1934) interval; no trials give NaN and (0, 1).

    Raises `ValueError` when there are more successes than trials.
    """
    if trials <= 0:
        return Estimate(float("nan"), Interval(0.0, 1.0))
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    found = binomtest(successes, trials).proportion_ci(CONFIDENCE, "exact")
    return Estimate(successes / trials, Interval(float(found.low), float(found.high)))


@lru_cache(maxsize=4)
def _shares(count: int, seed: int, resamples: int) -> Float[np.ndarray, "resample level"]:
    """How much each of `count` units weighs in each resample; drawn once for all statistics of the same units."""
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    drawn += np.arange(resamples)[:, None] * count
    return np.bincount(drawn.ravel(), minlength=resamples * count).reshape(resamples, count) / count


def bootstrap(
    per_level: Float[np.ndarray, " level *columns"],
    statistic: Callable[[Float[np.ndarray, " resample *columns"]], Float[np.ndarray, " resample"]],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Percentile bootstrap over levels of a statistic of column means (Efron 1979).

    `statistic` maps resampled column means `(resample, *columns)` to one number each. Means are formed from multinomial
    counts, one matrix product for all resamples, and statistics of the same levels and seed share their resamples. Rows
    with NaN must be removed first. Resamples on which the statistic is not finite are left out; where it is finite on
    none, the interval is NaN.
    """
    count = len(per_level)
    if count == 0:
        return UNKNOWN
    flat = per_level.reshape(count, -1).astype(np.float64)
    means = (_shares(count, seed, resamples) @ flat).reshape(resamples, *per_level.shape[1:])
    point = float(np.asarray(statistic(flat.mean(0).reshape(1, *per_level.shape[1:])))[0])
    found = np.asarray(statistic(means))
    found = found[np.isfinite(found)]
    if len(found) == 0:
        return Estimate(point, Interval(float("nan"), float("nan")))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
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


def mean_over_seeds(values: Float[np.ndarray, " seed"], least: float = -np.inf, most: float = np.inf) -> Estimate:
    """Mean over seeds with Student's t interval (1908), cut to what a value can be: seeds are few, and a bootstrap of five
    is too narrow. NaN bounds where one seed, or none, says nothing of the spread.
    """
    count = len(values)
    if count == 0:
        return UNKNOWN
    mean = float(np.mean(values))
    if count == 1:
        return Estimate(mean, Interval(float("nan"), float("nan")))
    half = float(student.ppf(0.5 + CONFIDENCE / 2, count - 1) * np.std(values, ddof=1) / count**0.5)
    return Estimate(mean, Interval(max(mean - half, least), min(mean + half, most)))
