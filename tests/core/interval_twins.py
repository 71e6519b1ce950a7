"""Intervals of many samples at once, from formulas: a row is a sample, and what comes back is its bounds."""

import numpy as np
from scipy import stats

WEIGHTS = 4_000


def student(rows):
    """The usual t interval, (row, unit) to (row,) and (row,)."""
    count = rows.shape[1]
    half = stats.t.ppf(0.975, count - 1) * stats.sem(rows, axis=1)
    return rows.mean(1) - half, rows.mean(1) + half


def welch(first, second):
    """Of the difference of means, as scipy has it."""
    found = stats.ttest_ind(first, second, axis=1, equal_var=False).confidence_interval(0.95)
    return found.low, found.high


def gaffke(rows, least=0.0, most=1.0):
    """Quantiles of means under uniformly random weights, with one more unit at the bound."""
    weights = np.random.default_rng(7).dirichlet(np.ones(rows.shape[1] + 1), WEIGHTS)
    seen = rows @ weights[:, :-1].T
    low = np.quantile(seen + least * weights[:, -1], 0.025, axis=1)
    return low, np.quantile(seen + most * weights[:, -1], 0.975, axis=1)


def jackknifed_ratio(numerators, denominators):
    """Student's interval of the values that leaving out one unit at a time gives."""
    count, top, under = numerators.shape[1], numerators.sum(1, keepdims=True), denominators.sum(1, keepdims=True)
    without = (top - numerators) / (under - denominators)
    pseudo = count * top / under - (count - 1) * without
    half = stats.t.ppf(0.975, count - 1) * stats.sem(pseudo, axis=1)
    middle = (top / under)[:, 0]
    return middle - half, middle + half


def hold(bounds, truth):
    """Share of samples whose interval holds the truth."""
    low, high = bounds
    return float(np.mean((low <= truth + 1e-9) & (truth - 1e-9 <= high)))
