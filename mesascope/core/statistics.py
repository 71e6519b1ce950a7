"""Intervals: one function for each kind of quantity, which picks the method by how many independent units there are.

| quantity | units | interval |
|---|---|---|
| anything but a count | 1 | none |
| count of units | any | exact (`rate_of`) |
| mean of units with two bounds | any | exact (`mean_of`) |
| mean of other units | below 30 | Student's, none where fewer than 20 all agree |
| mean of other units | 30 or more | percentile bootstrap (`mean_of`) |
| mean over seeds | any | Student's; where it cannot be meant, exact or none (`mean_over_seeds`) |
| difference of means of groups | any | Welch's; where it cannot be meant, exact or none (`difference_of_means`) |
| ratio of sums, statistic of means | below 30 | jackknife with Student's quantile, none where fewer than 20 all agree |
| ratio of sums, statistic of means | 30 or more | percentile bootstrap (`ratio_of`, `statistic_of`) |

The exact intervals hold at least 95 % for every distribution. The others hold near 95 % for units that spread about
evenly around their mean. Without bounds no interval of few units holds for every distribution (Bahadur and Savage 1956):
of skewed units Student's holds less, and a rare event that no unit shows is in none of the others.
`docs/design/intervals.md` has the measured coverage.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, SupportsFloat

import numpy as np
from jaxtyping import Float
from scipy.special import betaincinv
from scipy.stats import t as student

CONFIDENCE = 0.95
RESAMPLES = 2_000
TAIL = (1 - CONFIDENCE) / 2

FEW = 30
"""Units below which a percentile bootstrap is too narrow."""

_ROUNDING = 1e-12
"""Share of the way between two bounds within which a unit is at one of them."""

AGREEING = 20
"""Units that all agree, from which on a spread of zero is believed: what is unlike them in one case of seven would have shown."""


class Interval(NamedTuple):
    """A 95 % interval. NaN bounds stand for none; documents hold null there."""

    low: float
    high: float


class Estimate(NamedTuple):
    """A value and its interval; a point alone is not a result."""

    value: float
    interval: Interval

    @property
    def text(self) -> str:
        """`0.83 [0.80, 0.86]`, or `0.83 [no interval]`.

        Example:
            >>> exactly(0.5).text, mean_of(np.array([0.5])).text
            ('0.50 [0.50, 0.50]', '0.50 [no interval]')
        """
        low, high = self.interval
        return f"{self.value:.2f} " + ("[no interval]" if np.isnan(low) else f"[{low:.2f}, {high:.2f}]")


NO_INTERVAL = Interval(float("nan"), float("nan"))
"""What says nothing of its spread."""

UNKNOWN = Estimate(float("nan"), NO_INTERVAL)
"""What nothing is known of."""


def exactly(value: SupportsFloat) -> Estimate:
    """A value that is known without error."""
    return Estimate(float(value), Interval(float(value), float(value)))


def rate_of(successes: float | int | np.number, trials: float | int | np.number) -> Estimate:
    """Rate with its exact interval (Clopper and Pearson 1934), which holds at least 95 % at any rate and any number of trials.

    Args:
        successes: trials that succeeded; a fraction where trials are weighted.
        trials: independent trials; none give NaN and (0, 1).

    Returns:
        The rate in [0, 1] with its interval.

    Raises:
        ValueError: there are more successes than trials, or fewer than none.

    Example:
        >>> low, high = rate_of(0, 10).interval
        >>> low, round(high, 3)
        (0.0, 0.308)
    """
    if trials <= 0:
        return Estimate(float("nan"), Interval(0.0, 1.0))
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    hits, misses = float(successes), float(trials) - float(successes)
    low = float(betaincinv(hits, misses + 1, TAIL)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, misses, 1 - TAIL)) if misses > 0 else 1.0
    return Estimate(hits / float(trials), Interval(low, high))


def mean_of(
    units: Float[np.ndarray, " unit"], least: float | int = -np.inf, most: float | int = np.inf, *, seed: int = 0
) -> Estimate:
    """Mean of independent units with its interval.

    Args:
        units: one value for each independent unit, such as a level or an agent; what was measured several times on one unit is
            averaged first.
        least: the least that a unit can be.
        most: the most that a unit can be. With both bounds the interval is exact, so that what happens
            rarely, or in all units that were seen, has no interval of width zero.
        seed: of the random weights of units.

    Returns:
        The mean; NaN bounds of one unit, and of fewer than 20 without two bounds that all agree.

    Example:
        >>> mean_of(np.array([0.9, 0.9, 0.9])).interval
        Interval(low=nan, high=nan)
        >>> low, high = mean_of(np.array([1.0, 1.0, 1.0]), 0, 1).interval
        >>> round(low, 2), high
        (0.29, 1.0)
    """
    count = len(units)
    if count == 0:
        return UNKNOWN
    values = np.asarray(units, np.float64)
    mean = float(values.mean())
    if count == 1:
        return Estimate(mean, NO_INTERVAL)
    if np.isfinite(least) and np.isfinite(most):
        return Estimate(mean, _exact(values, least, most, seed))
    found = statistic_of(values[:, None], lambda m: m[:, 0], seed=seed) if count >= FEW else _student(values)
    return Estimate(mean, _cut(found.interval, least, most))


def mean_over_seeds(
    values: Float[np.ndarray, " seed"], least: float | int = -np.inf, most: float | int = np.inf
) -> Estimate:
    """Mean over agents trained alike, with Student's t interval (1908).

    Where the values all agree, or where Student's interval would leave the two bounds, it cannot be meant: then the interval is
    exact, or there is none without two bounds. An agent that fails rarely, and in none of the seeds, is not in
    Student's interval: `mean_of` with two bounds has one that holds then.

    Args:
        values: one for each seed.
        least: the least that a value can be.
        most: the most that a value can be.

    Returns:
        The mean; NaN bounds where one seed, or none, says nothing of the spread.

    Example:
        >>> mean_over_seeds(np.array([0.83])).interval
        Interval(low=nan, high=nan)
    """
    if len(values) == 0:
        return UNKNOWN
    found = _student(np.asarray(values, np.float64))
    low, high = found.interval
    inside = low >= least and high <= most and not _agree(values)
    if len(values) > 1 and not inside and np.isfinite(least) and np.isfinite(most):
        return mean_of(np.asarray(values, np.float64), least, most)
    return Estimate(found.value, _cut(found.interval, least, most))


def difference_of_means(
    first: Float[np.ndarray, " first"],
    second: Float[np.ndarray, " second"],
    least: float | int = -np.inf,
    most: float | int = np.inf,
) -> Estimate:
    """Mean of the first less that of the second, with Welch's interval (1947).

    Where the values of a group agree, it cannot be meant: then the interval is made of the groups' own (Zou and Donner 2008,
    which adds the squared distances of their bounds), or there is none without two bounds.

    Args:
        first: values of the first group, one for each seed.
        second: values of the second group.
        least: the least that a value can be.
        most: the most that a value can be.

    Returns:
        The difference; NaN bounds below two seeds in either group.

    Example:
        >>> difference_of_means(np.ones(2), np.full(2, 0.9)).interval
        Interval(low=nan, high=nan)
    """
    if not len(first) or not len(second):
        return UNKNOWN
    value = float(np.mean(first) - np.mean(second))
    if min(len(first), len(second)) < 2:
        return Estimate(value, NO_INTERVAL)
    if _agree(first) or _agree(second):
        one, other = mean_over_seeds(first, least, most), mean_over_seeds(second, least, most)
        below = np.hypot(one.value - one.interval.low, other.interval.high - other.value)
        above = np.hypot(one.interval.high - one.value, other.value - other.interval.low)
        return Estimate(value, Interval(value - float(below), value + float(above)))
    a, b = (float(np.var(x, ddof=1)) / len(x) for x in (first, second))
    freedom = (a + b) ** 2 / (a**2 / (len(first) - 1) + b**2 / (len(second) - 1))
    half = float(student.ppf(1 - TAIL, freedom)) * (a + b) ** 0.5
    return Estimate(value, Interval(value - half, value + half))


def ratio_of(
    numerator: Float[np.ndarray, " unit"], denominator: Float[np.ndarray, " unit"], *, seed: int = 0
) -> Estimate:
    """Ratio of sums over independent units. Units that add to neither sum say nothing, and do not count as units.

    Args:
        numerator: one value for each unit.
        denominator: the same.
        seed: of the random weights of units.

    Returns:
        The ratio; NaN where the denominators add up to nothing.

    Example:
        >>> ratio_of(np.array([3.0]), np.array([4.0]))
        Estimate(value=0.75, interval=Interval(low=nan, high=nan))
    """
    both = np.stack([numerator, denominator], 1)
    told = both[(both != 0).any(1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        if len(told) < FEW:
            return statistic_of(told, lambda m: m[:, 0] / m[:, 1], seed=seed)
        return statistic_of(both, lambda m: m[:, 0] / m[:, 1], seed=seed)


def statistic_of(
    units: Float[np.ndarray, " unit *columns"],
    statistic: Callable[[Float[np.ndarray, " resample *columns"]], Float[np.ndarray, " resample"]],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """A smooth statistic of column means: percentile bootstrap over units (Efron 1979), of few units the jackknife with Student's
    quantile (Tukey 1958).

    Means are formed from multinomial counts, one matrix product for all resamples, and statistics of the same units and seed
    share their resamples. Resamples on which the statistic is not finite are left out.

    Args:
        units: a row for each independent unit. Rows with NaN must be removed first.
        statistic: maps column means `(resample, *columns)` to one number each.
        seed: of the resamples.
        resamples: their number.

    Returns:
        The statistic of all units; NaN bounds of one unit, of few that all agree, and where the statistic is finite on no
        resample.

    Example:
        >>> found = statistic_of(np.array([[1.0, 2.0], [2.0, 4.1], [3.0, 5.8]]), lambda m: m[:, 0] / m[:, 1])
        >>> round(found.value, 3), found.interval.low < 0.5 < found.interval.high
        (0.504, True)
    """
    count = len(units)
    if count == 0:
        return UNKNOWN
    flat = units.reshape(count, -1).astype(np.float64)

    def at(means: Float[np.ndarray, "resample column"]) -> Float[np.ndarray, " resample"]:
        return np.asarray(statistic(means.reshape(len(means), *units.shape[1:])))

    point = float(at(flat.mean(0)[None])[0])
    if count == 1:
        return Estimate(point, NO_INTERVAL)
    if count < FEW:
        without = at((flat.sum(0) - flat) / (count - 1))
        low, high = _student((count - 1) * (point - without)).interval  # pseudo-values, less the point
        middle = (low + high) / 2
        return Estimate(point, Interval(point + low - middle, point + high - middle))
    found = at(_shares(count, seed, resamples) @ flat)
    found = found[np.isfinite(found)]
    if len(found) == 0:
        return Estimate(point, NO_INTERVAL)
    low, high = np.quantile(found, [TAIL, 1 - TAIL])
    return Estimate(point, Interval(float(low), float(high)))


@lru_cache(maxsize=4)
def _shares(count: int, seed: int, resamples: int) -> Float[np.ndarray, "resample unit"]:
    """How much each of `count` units weighs in each resample; drawn once for all statistics of the same units."""
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    drawn += np.arange(resamples)[:, None] * count
    return np.bincount(drawn.ravel(), minlength=resamples * count).reshape(resamples, count) / count


@lru_cache(maxsize=4)
def _spacings(count: int, seed: int) -> Float[np.ndarray, "resample unit"]:
    """Weights of `count` units that are uniform over all that add up to 1; more of them for few units, where tails are long."""
    drawn = np.random.default_rng(seed).standard_exponential((max(RESAMPLES, 40_000 // count), count))
    drawn /= drawn.sum(1, keepdims=True)
    return drawn


def _exact(values: Float[np.ndarray, " unit"], least: float | int, most: float | int, seed: int) -> Interval:
    """Gaffke's bounds (2005; Learned-Miller and Thomas 2019): quantiles of the mean under uniformly random weights, with one more
    unit that is the least, or the most, that a unit can be. Of events they are Clopper and Pearson's, and are taken from there.
    """
    values = np.clip(values, least, most)
    # What is a bound but for rounding is the bound: of 1 less a tiny number nothing is left of it.
    near = _ROUNDING * (most - least)
    values = np.where(values - least < near, least, np.where(most - values < near, most, values))
    if np.isin(values, (least, most)).all():
        low, high = rate_of(int((values == most).sum()), len(values)).interval
        return Interval(least + low * (most - least), least + high * (most - least))
    weights = _spacings(len(values) + 1, seed)
    seen, unseen = weights[:, :-1] @ values, weights[:, -1]
    low, high = np.quantile(seen + least * unseen, TAIL), np.quantile(seen + most * unseen, 1 - TAIL)
    return Interval(float(low), float(high))


def _agree(values: Float[np.ndarray, " unit"]) -> bool:
    """Whether values differ by no more than rounding does."""
    return float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max()))


def _student(values: Float[np.ndarray, " unit"]) -> Estimate:
    """Mean with Student's interval; none of one value, of few values that agree, and where one is not finite."""
    count, mean = len(values), float(np.mean(values))
    if count == 1 or not np.isfinite(values).all() or (count < AGREEING and _agree(values)):
        return Estimate(mean, NO_INTERVAL)
    half = float(student.ppf(1 - TAIL, count - 1) * np.std(values, ddof=1) / count**0.5)
    return Estimate(mean, Interval(mean - half, mean + half))


def _cut(interval: Interval, least: float | int, most: float | int) -> Interval:
    return interval if np.isnan(interval.low) else Interval(max(interval.low, least), min(interval.high, most))
