"""What a few chosen seeds score above others: an interval for it where nothing was chosen."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from mesascope.core.statistics import CONFIDENCE, Estimate, Interval


def excess_over(values: ArrayLike, others: ArrayLike) -> Estimate:
    """How far the mean of `values` lies above that of `others`, with the interval it has if both are draws of one kind.

    Each of `others` has seeds and levels of its own, and all of `values` share one bench of levels: their mean counts as a
    single draw, since what those levels do to them does not average out. With several seeds on that bench the interval is
    therefore too wide rather than too narrow. The spread is that of `others` alone, because `values` may be chosen. Where
    nothing was chosen, at least 95 of 100 such intervals hold zero: that is the null.
    """
    ours, theirs = np.asarray(values, float), np.asarray(others, float)
    excess = float(ours.mean() - theirs.mean())
    if len(theirs) < 2:
        return Estimate(excess, Interval(float("nan"), float("nan")))
    quantile = float(student.ppf(0.5 + CONFIDENCE / 2, len(theirs) - 1))
    half = quantile * float(theirs.std(ddof=1)) * (1 + 1 / len(theirs)) ** 0.5
    return Estimate(excess, Interval(excess - half, excess + half))
