"""Who wins: the share of animals over the number of contexts and the cost of search, many seeds at once."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, bootstrap_mean, wilson
from mesascope.laboratories.savanna.ecology import Savanna
from mesascope.laboratories.savanna.selection import Life, evolve

CONTEXTS = (1, 2, 4, 8, 16, 32, 64, 128)
COSTS = (0.0, 0.05, 0.15, 0.3, 0.5)
SEEDS = 10

WON = 0.95
"""Share of animals from which on a seed counts as theirs."""


class Point(NamedTuple):
    """One setting: the animals' share in the last generation by seed, its mean, and the rate of seeds that they won."""

    contexts: int
    cost: float
    by_seed: tuple[float, ...]
    share: Estimate
    won: Estimate


class PhaseDiagram(NamedTuple):
    """All settings, contexts changing slowest."""

    savanna: Savanna
    seeds: int
    points: tuple[Point, ...]


def phase_diagram(
    savanna: Savanna,
    seed: int = 0,
    *,
    contexts: tuple[int, ...] = CONTEXTS,
    costs: tuple[float, ...] = COSTS,
    seeds: int = SEEDS,
) -> PhaseDiagram:
    """Evolve every setting with the same seeds; a life with fewer contexts meets the first ones of one with more."""
    widest = Savanna(**{**vars(savanna), "contexts": max(contexts)})
    grid = [(count, cost) for count in contexts for cost in costs]
    keys = jax.random.split(named_key(seed, "savanna", "phases"), seeds)
    lives = Life(jnp.array([cost for _, cost in grid]), jnp.array([count for count, _ in grid]))
    shares = np.asarray(jax.device_get(_shares(keys, widest, lives)), np.float64)
    points = (
        Point(
            count,
            cost,
            tuple(float(x) for x in row),
            bootstrap_mean(row),
            wilson(int((row >= WON).sum()), seeds),
        )
        for (count, cost), row in zip(grid, shares, strict=True)
    )
    return PhaseDiagram(savanna, seeds, tuple(points))


@jax.jit(static_argnames=("savanna",))
def _shares(keys: PRNGKeyArray, savanna: Savanna, lives: Life) -> Float[Array, "point seed"]:
    """One compiled evolution for all settings: points one after another, their seeds side by side."""

    def point(life: Life) -> Float[Array, " seed"]:
        return jax.vmap(lambda key: evolve(key, savanna, life).record.animals[-1])(keys)

    return jax.lax.map(point, lives)
