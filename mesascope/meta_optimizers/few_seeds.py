"""Intervals over a handful of seeds, where a bootstrap would be too narrow: Student's t."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from mesascope.core.statistics import CONFIDENCE, Estimate, Interval

_NOWHERE = Interval(float("nan"), float("nan"))


def mean_of(values: ArrayLike) -> Estimate:
    """Mean over seeds with Student's interval (1908); a single seed gives no interval."""
    found = np.asarray(values, float)
    if len(found) < 2:
        return Estimate(float(found.mean()) if len(found) else float("nan"), _NOWHERE)
    half = _quantile(len(found)) * found.std(ddof=1) / len(found) ** 0.5
    return Estimate(float(found.mean()), Interval(float(found.mean() - half), float(found.mean() + half)))


def excess_over(values: ArrayLike, others: ArrayLike) -> Estimate:
    """How far the mean of `values` lies above that of `others`, with the interval it has if both are draws of one kind.

    The spread is that of `others` alone, because `values` may be chosen, and a single one has none. Where nothing was chosen,
    95 of 100 such intervals hold zero: that is the null.
    """
    ours, theirs = np.asarray(values, float), np.asarray(others, float)
    excess = float(ours.mean() - theirs.mean())
    if len(theirs) < 2:
        return Estimate(excess, _NOWHERE)
    half = _quantile(len(theirs)) * theirs.std(ddof=1) * (1 / len(ours) + 1 / len(theirs)) ** 0.5
    return Estimate(excess, Interval(excess - half, excess + half))


def _quantile(count: int) -> float:
    return float(student.ppf(0.5 + CONFIDENCE / 2, count - 1))
