"""How often intervals of nested measurements hold the truth: episodes on levels of seeds, as many of each as it comes.

`python -m benchmarks.intervals` makes the table.
"""

from collections.abc import Callable

import numpy as np

from docs.blocks import table
from mesascope.core.hierarchical_bootstrap import Statistic, hierarchical_bootstrap, resampled_statistic
from mesascope.core.statistics import Interval, mean_of

SEEDS = (2, 3, 5, 10, 30)
RESAMPLES = 400
"""Fewer than the package takes: the table is of many intervals, whose ends scatter less than they differ."""

Nested = tuple[np.ndarray, list[np.ndarray]]
"""Values, and the seed and the level of each."""

Draw = Callable[[np.random.Generator, int], Nested]
Method = Callable[[Nested], Interval]


def draws(of_seeds: float, of_levels: float, of_episodes: float) -> Draw:
    """Values around 0 that spread by so much on each level; 2 to 6 levels of each seed, 1 to 5 episodes on each level."""

    def draw(rng: np.random.Generator, count: int) -> Nested:
        levels = rng.integers(2, 7, count)
        episodes = rng.integers(1, 6, levels.sum())
        seed = np.repeat(np.arange(count), levels)
        values = np.repeat(of_seeds * rng.normal(size=count)[seed] + of_levels * rng.normal(size=len(seed)), episodes)
        values += of_episodes * rng.normal(size=len(values))
        return values, [np.repeat(seed, episodes), np.repeat(np.arange(len(seed)), episodes)]

    return draw


DRAWS = {
    "between seeds": draws(1.0, 0.1, 0.1),
    "on all levels": draws(0.5, 0.5, 1.0),
    "within seeds": draws(0.0, 0.5, 1.0),
}
"""Where values spread."""


def median(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The median of all values, each with its weight."""
    order = np.argsort(values)
    return values[order][(weights[:, order].cumsum(1) < 0.5 - 1e-12).sum(1)]


def pooled(found: Nested) -> Interval:
    """Every episode taken for independent."""
    return mean_of(found[0]).interval


def every_level(found: Nested) -> Interval:
    """Percentiles of resamples of every level in turn."""
    return Interval(*np.quantile(resampled_statistic(*found, resamples=RESAMPLES), [0.025, 0.975]).tolist())


def whole_units(found: Nested, statistic: Statistic | None = None) -> Interval:
    """What the package gives: seeds are drawn and left whole, with Student's quantile below thirty."""
    given = {} if statistic is None else {"statistic": statistic}
    return hierarchical_bootstrap(*found, resamples=RESAMPLES, **given).interval


METHODS: dict[str, Method] = {
    "episodes pooled": pooled,
    "every level drawn, percentiles": every_level,
    "`hierarchical_bootstrap`": whole_units,
    "the same, of the median": lambda found: whole_units(found, median),
}


def held(method: Method, draw: Draw, seeds: int, repeats: int) -> float:
    """Share of repeats in which the interval holds 0."""
    rng = np.random.default_rng([0, seeds])
    found = np.array([method(draw(rng, seeds)) for _ in range(repeats)])
    return float(np.mean((found[:, 0] <= 0) & (found[:, 1] >= 0)))


def nested_table(repeats: int) -> str:
    """Coverage by method, by where values spread, and by the number of seeds."""
    rows = [
        [name, spread, *(f"{held(method, draw, n, repeats):.3f}" for n in SEEDS)]
        for name, method in METHODS.items()
        for spread, draw in DRAWS.items()
    ]
    return table(("interval", "values spread", *(f"n = {n}" for n in SEEDS)), rows)
