"""Correlations from moments added up level by level, so that levels can be resampled as wholes."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.statistics import Estimate, statistic_of

_NOTHING = 1e-9
"""Variance, as a share of the second moment, below which a variable is taken to be constant."""

Means = Float[np.ndarray, "resample column"]
Moments = Float[np.ndarray, "level moment"]
"""Columns: 1, each variable, then each product of two, in the order of `np.triu_indices`; the variables are y, x, z,
and where there are more, they follow."""


def level_moments(cells: Bool[np.ndarray, "level state"], *variables: Float[np.ndarray, "level state"]) -> Moments:
    """Sums over the cells of a level of 1, of each variable, and of each product of two."""
    values = [np.ones(cells.shape), *(np.where(cells, v, 0.0) for v in variables)]
    rows, columns = np.triu_indices(len(values))
    return np.stack([(values[i] * values[j] * cells).sum(1) for i, j in zip(rows, columns, strict=True)], 1)


def shell_moments(
    cells: Bool[np.ndarray, "level state"],
    y: Float[np.ndarray, "level state"],
    x: Float[np.ndarray, "level state"],
    shell: Float[np.ndarray, "level state"],
) -> Moments:
    """`level_moments(cells, y, x, shell)` in expectation over all permutations of x within the shells of each level.

    Only the product of y and x changes: its expectation is that of the shells' means. So this is the mean over every
    permutation, without drawing any.
    """
    moments = level_moments(cells, y, x, shell)
    product = np.zeros(len(cells))
    for value in np.unique(shell[cells]):
        inside = cells & (shell == value)
        count = np.maximum(inside.sum(1), 1)
        product += np.where(inside, y, 0.0).sum(1) * np.where(inside, x, 0.0).sum(1) / count
    moments[:, _index(1, 2, 4)] = product
    return moments


def _index(i: int, j: int, size: int) -> int:
    rows, columns = np.triu_indices(size)
    return int(np.flatnonzero((rows == i) & (columns == j))[0])


def covariances(means: Means, variables: int) -> Float[np.ndarray, "resample variable variable"]:
    """Covariance matrices of the variables; exactly zero for a variable that does not vary."""
    size = variables + 1
    rows, columns = np.triu_indices(size)
    full = np.zeros((len(means), size, size))
    full[:, rows, columns] = full[:, columns, rows] = means
    with np.errstate(invalid="ignore", divide="ignore"):
        full = full / full[:, :1, :1]
    found = full[:, 1:, 1:] - full[:, 1:, :1] * full[:, :1, 1:]
    square = np.diagonal(full, axis1=1, axis2=2)[:, 1:]
    still = np.diagonal(found, axis1=1, axis2=2) <= _NOTHING * np.maximum(square, 1e-30)
    return np.where(still[:, :, None] | still[:, None, :], 0.0, found)


def _over(numerator: Float[np.ndarray, "*shape"], denominator: Float[np.ndarray, "*shape"]) -> np.ndarray:
    """Ratio, 0 where nothing varies."""
    good = denominator > 0
    return np.where(good, numerator / np.where(good, denominator, 1.0), 0.0)


def correlation(c: Float[np.ndarray, "resample variable variable"], i: int, j: int) -> Float[np.ndarray, " resample"]:
    """Pearson correlation of two variables; 0 where one does not vary."""
    return _over(c[:, i, j], np.sqrt(c[:, i, i] * c[:, j, j]))


def partial(means: Means) -> Float[np.ndarray, " resample"]:
    """Partial correlation of y and x given z, the first three variables (Yule 1907); 0 where nothing is left to vary."""
    variables = _variables(means.shape[1])
    c = covariances(means, variables)
    yx, yz, xz = correlation(c, 0, 1), correlation(c, 0, 2), correlation(c, 1, 2)
    left = (1 - yz**2) * (1 - xz**2)
    return np.where(left > _NOTHING, (yx - yz * xz) / np.sqrt(np.maximum(left, _NOTHING)), 0.0)


def explained(i: int) -> Callable[[Means], Float[np.ndarray, " resample"]]:
    """Share of the variance of the first variable that a straight line in variable i explains."""
    return lambda means: correlation(covariances(means, _variables(means.shape[1])), 0, i) ** 2


def slope(i: int) -> Callable[[Means], Float[np.ndarray, " resample"]]:
    """Slope of the first variable on variable i."""

    def found(means: Means) -> Float[np.ndarray, " resample"]:
        c = covariances(means, _variables(means.shape[1]))
        return _over(c[:, 0, i], c[:, i, i])

    return found


def _variables(columns: int) -> int:
    """How many variables have so many moments."""
    return int((np.sqrt(8 * columns + 1) - 3) / 2)


def partial_correlation(moments: Moments) -> Estimate:
    """Partial correlation of y and x given z over all cells, levels resampled as wholes."""
    return statistic_of(moments, partial)


def beyond(moments: Moments, null: Moments) -> Estimate:
    """Partial correlation less that of a null on the same levels; paired."""
    both = np.stack([moments, null], 2)
    return statistic_of(both, lambda m: partial(m[..., 0]) - partial(m[..., 1]))
