"""Weights over features where optimal values are known for a grid of objectives: a posterior whose unit is the level.

A model of choice that is wrong a little makes an exact posterior sure of the wrong weights, the surer the more steps there
are. Here the posterior is that of levels drawn again with replacement, averaged (Huggins and Miller 2023): as wide as levels
disagree.
"""

from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import CONFIDENCE, Interval
from mesascope.instruments.choice_weights import Weight, central_direction, features_wanted

MOST = 128
"""Objectives of a grid, at most: the tables of every level are solved for each."""

EXPONENTS = (0.4, 1.0, 2.5, 6.0)
"""An agent discounts by the world's discount to one of these powers; the prior is normal in their logarithm, as wide as 1."""

RESAMPLED, DRAWS = 200, 400
"""Times that levels are drawn again, and draws of weights."""

_ZERO = 0.2
"""One feature in five is not cared about, before anything is seen, as where weights are not on a grid."""


class WeightGrid(NamedTuple):
    """Objectives of a grid, each scaled so that its largest weight is 1, or its farthest from 0 if none is positive.

    `low` and `high` are the ends of the weights that an objective stands for; `prior` is its probability before anything is seen.
    """

    weights: Float[np.ndarray, "objective feature"]
    low: Float[np.ndarray, "objective feature"]
    high: Float[np.ndarray, "objective feature"]
    prior: Float[np.ndarray, " objective"]


class GridWeights(NamedTuple):
    """Weights by name with intervals, and draws, columns in the order of `weights`."""

    weights: dict[str, Weight]
    draws: Float[np.ndarray, "draw feature"]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Features that are wanted beyond doubt, most wanted first."""
        return features_wanted(self.weights)


def weight_grid(features: int, most: int = MOST) -> WeightGrid:
    """The surface of a cube of weights, as fine as `most` allows; of many features only some weigh anything in one objective.

    Args:
        features: How many features have weights.
        most: Objectives at most, but always each feature wanted and shunned by itself.

    Returns:
        The grid.

    Example:
        >>> weight_grid(1).weights.tolist(), len(weight_grid(2).weights), len(weight_grid(3).weights)
        ([[-1.0], [1.0]], 32, 98)
    """
    options = [(4, features), (2, features), (1, features), (2, 2), (1, 2), (1, 1)]
    parts, some = next(o for o in options if _size(features, *o) <= most or o == (1, 1))
    found = np.array(
        [
            row
            for kept in combinations(range(features), some)
            for values in product(range(-parts, parts + 1), repeat=some)
            if max(map(abs, values)) == parts
            for row in [np.bincount(kept, values, features)]
        ]
    )
    found = np.unique(found, axis=0) / parts
    top = np.where(found.max(1) > 0, found.max(1), np.abs(found).max(1))[:, None]
    prior = np.where(found == 0, _ZERO, (1 - _ZERO) / (2 * parts)).prod(1)
    return WeightGrid(found / top, *_cells(found, top, 0.5 / parts), prior / prior.sum())


def _cells(
    found: Float[np.ndarray, "objective feature"], top: Float[np.ndarray, "objective 1"], half: float
) -> tuple[Float[np.ndarray, "objective feature"], Float[np.ndarray, "objective feature"]]:
    """Ends of the weights that each objective stands for, half the way to the next, once they are scaled."""

    def to_both_sides(values: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(fixed, values, values - half), np.where(fixed, values, values + half)

    far = np.abs(found) == 1
    single = far.sum(1, keepdims=True) == 1
    scales = to_both_sides(top, single & (top == 1))
    sides = to_both_sides(found, far & single)
    ends = [np.clip(end, -1, 1) / np.minimum(scale, 1) for end in sides for scale in scales]
    largest = found == top
    alone = largest & (largest.sum(1, keepdims=True) == 1)
    return np.where(alone, 1.0, np.min(ends, 0)), np.where(largest, 1.0, np.minimum(np.max(ends, 0), 1.0))


def _size(features: int, parts: int, some: int) -> int:
    """Objectives on the surface of a cube with so many parts to either side of 0, of which so many weights are not 0 at most."""
    counts = [
        len(list(combinations(range(features), used))) * ((2 * parts) ** used - (2 * parts - 2) ** used)
        for used in range(1, some + 1)
    ]
    return sum(counts)


def spread_over_grid(
    grid: WeightGrid,
    log_likelihood: Float[np.ndarray, "objective exponent noise unit"],
    names: tuple[str, ...],
    rng: np.random.Generator,
) -> GridWeights:
    """The posterior over a grid of objectives, averaged over units drawn again (Dirichlet weights, Rubin 1981).

    Args:
        grid: The objectives.
        log_likelihood: Of each objective with each of `EXPONENTS` and each kind of noise, by independent unit.
        names: Features, in the order of the grid's.
        rng: Random numbers.

    Returns:
        Weights and draws. An interval reaches to the ends of the cells of the grid that it touches.
    """
    objectives, units = len(grid.weights), log_likelihood.shape[-1]
    again = rng.dirichlet(np.ones(units), RESAMPLED) * units
    logs = (log_likelihood.reshape(-1, units) @ again.T).reshape(*log_likelihood.shape[:-1], RESAMPLED)
    logs += np.log(grid.prior)[:, None, None, None] - 0.5 * np.log(EXPONENTS)[:, None, None] ** 2
    mass = np.exp(logs - logs.max((0, 1, 2))).sum((1, 2))
    share = (mass / mass.sum(0)).mean(1)
    draws = grid.weights[rng.choice(objectives, DRAWS, p=share / share.sum())]
    centers = central_direction(draws)
    weights = {}
    for i, name in enumerate(names):
        interval = _ends(grid.weights[:, i], grid.low[:, i], grid.high[:, i], share)
        wanted = float(share[grid.weights[:, i] > 0].sum())
        weights[name] = Weight(float(np.clip(centers[i], *interval)), interval, True, min(wanted, 1.0))
    return GridWeights(weights, draws)


def _ends(
    weights: Float[np.ndarray, " objective"],
    low: Float[np.ndarray, " objective"],
    high: Float[np.ndarray, " objective"],
    share: Float[np.ndarray, " objective"],
) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    order = np.argsort(weights, kind="stable")
    below = np.cumsum(share[order]) / share.sum()
    inside = (below > tail) & (below - share[order] / share.sum() < 1 - tail)
    kept = order[inside]
    return Interval(float(low[kept].min()), float(high[kept].max()))
