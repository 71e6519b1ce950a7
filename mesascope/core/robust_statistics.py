"""Statistics of a few trainings that one strange seed does not decide: the interquartile mean, and how often one is the larger.

Both were proposed for reports of reinforcement learning by Agarwal et al. 2021 (arXiv 2108.13264). Intervals here are not their
percentile bootstrap, which of few seeds is too narrow, but ones made for few values.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from mesascope.core.statistics import NO_INTERVAL, UNKNOWN, Estimate, Interval, mean_over_seeds, rate_of

TRIMMED = 0.25
"""Share of the values that is left out at each end."""

FEWEST = 4
"""Values from which on any are left out."""

_SIDE = 0.975


def interquartile_mean(
    values: Float[np.ndarray, " seed"], least: float | int = -np.inf, most: float | int = np.inf
) -> Estimate:
    """Mean of the values without the lowest and the highest quarter.

    The interval is the wider of two: that of trimmed means (Tukey and McLaughlin 1963), which of few values without tails is too
    narrow, and Student's of all values. Neither holds where trainings go one of two ways: then most of the middle half is of
    one of them, and which may change with one more seed.

    Args:
        values: one for each seed. Of fewer than four nothing is left out: theirs is the mean.
        least: the least that a value can be.
        most: the most that a value can be.

    Returns:
        The mean, with a 95 % interval; NaN bounds of one value, and where those that are kept all agree.

    Example:
        >>> interquartile_mean(np.array([0.1, 0.5, 0.6, 9.0])).value
        0.55
    """
    count = len(values)
    if count < FEWEST:
        return mean_over_seeds(values, least, most)
    ordered, cut = np.sort(np.asarray(values, np.float64)), int(TRIMMED * count)
    kept = ordered[cut : count - cut]
    mean = float(kept.mean())
    if np.ptp(kept) == 0:
        return Estimate(mean, NO_INTERVAL)
    winsorized = np.clip(ordered, kept[0], kept[-1])
    trimmed = stdtrit(len(kept) - 1, _SIDE) * winsorized.std(ddof=1) / (len(kept) / count)
    half = float(max(trimmed, stdtrit(count - 1, _SIDE) * ordered.std(ddof=1)) / count**0.5)
    return Estimate(mean, Interval(float(max(mean - half, least)), float(min(mean + half, most))))


def probability_of_improvement(first: Float[np.ndarray, " first"], second: Float[np.ndarray, " second"]) -> Estimate:
    """Chance that a training of the first kind comes to more than one of the second, a tie counting as one half.

    The interval is that of Brunner and Munzel (2000). Where no value of one kind lies among those of the other it cannot be
    meant; then as many independent pairs as there are all went one way, and theirs is exact.

    Args:
        first: values of the first kind, one for each seed.
        second: values of the second.

    Returns:
        The chance with a 95 % interval; NaN bounds below two seeds of either kind.

    Example:
        >>> probability_of_improvement(np.array([3.0, 4.0]), np.array([1.0, 3.0])).value
        0.875
    """
    if not len(first) or not len(second):
        return UNKNOWN
    above = (first[:, None] > second[None]) + 0.5 * (first[:, None] == second[None])
    chance, pairs = float(above.mean()), min(above.shape)
    if pairs < 2:
        return Estimate(chance, NO_INTERVAL)
    parts = [float(above.mean(axis).var(ddof=1)) / above.shape[1 - axis] for axis in (0, 1)]
    if sum(parts) == 0:
        won = rate_of(pairs, pairs).interval.low
        bounds = {1.0: Interval(won, 1.0), 0.0: Interval(0.0, 1 - won)}
        return Estimate(chance, bounds.get(chance, NO_INTERVAL))
    freedom = sum(parts) ** 2 / sum(
        part**2 / (above.shape[1 - axis] - 1) for axis, part in zip((0, 1), parts, strict=True)
    )
    half = float(stdtrit(freedom, _SIDE)) * sum(parts) ** 0.5
    return Estimate(chance, Interval(max(chance - half, 0.0), min(chance + half, 1.0)))
