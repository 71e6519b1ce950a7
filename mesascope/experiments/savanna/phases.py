"""Who wins: the share of animals over the number of contexts and the cost of search, many seeds at once."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_over_seeds, rate_of
from mesascope.experiments.savanna.ecology import Ecology
from mesascope.experiments.savanna.selection import Life, evolve

CONTEXTS = (1, 2, 4, 8, 16, 32, 64, 128)
COSTS = (0.0, 0.05, 0.15, 0.3, 0.5)
SEEDS = 10

WON = 0.95
"""Share of animals from which on a seed counts as theirs."""


class Point(NamedTuple):
    """One setting: the animals' share in the last generation, the rate of seeds that they won, and the length of the mean
    over seeds of their mean values: 1 where all seeds agree on what to value, near 0 where they do not.
    """

    life: Life
    share: Estimate
    won: Estimate
    agreement: float
    by_seed: tuple[float, ...]


class Phases(NamedTuple):
    """`grid` from a mixed start, contexts changing slowest; `invaded` from plants alone at the ecology's own cost;
    `unrelated` in a world where no percept tells anything, at the same cost.
    """

    grid: tuple[Point, ...]
    invaded: tuple[Point, ...]
    unrelated: tuple[Point, ...]
    seeds: int


def run_phases(
    ecology: Ecology,
    seed: int = 0,
    *,
    contexts: tuple[int, ...] = CONTEXTS,
    costs: tuple[float, ...] = COSTS,
    seeds: int = SEEDS,
) -> Phases:
    """Evolve every setting with the same seeds; a life with fewer contexts meets the first ones of one with more."""
    widest = dataclasses.replace(ecology, contexts=max(contexts))
    at_home = (ecology.cost, ecology.correlation)
    grid = [Life(cost, count, 0.5, ecology.correlation) for count in contexts for cost in costs]
    invaded = [Life(at_home[0], count, 0.0, at_home[1]) for count in contexts]
    unrelated = [Life(at_home[0], count, 0.5, 0.0) for count in contexts]
    lives = [*grid, *invaded, *unrelated]
    keys = jax.random.split(named_key(seed, "savanna", "phases"), seeds)
    columns = Life(*(jnp.array(column) for column in zip(*lives, strict=True)))
    shares, values = (np.asarray(x, np.float64) for x in jax.device_get(_outcomes(keys, widest, columns)))
    points = [
        Point(
            life,
            mean_over_seeds(row, 0.0, 1.0),
            rate_of(int((row >= WON).sum()), seeds),
            float(np.linalg.norm(lengths.mean(0))),
            tuple(float(x) for x in row),
        )
        for life, row, lengths in zip(lives, shares, values, strict=True)
    ]
    first, second = len(grid), len(grid) + len(invaded)
    return Phases(tuple(points[:first]), tuple(points[first:second]), tuple(points[second:]), seeds)


@jax.jit(static_argnames=("ecology",))
def _outcomes(
    keys: Key[Array, " seed"], ecology: Ecology, lives: Life
) -> tuple[Float[Array, "point seed"], Float[Array, "point seed percept"]]:
    """One compiled evolution for all settings: points one after another, their seeds side by side."""

    def point(life: Life) -> tuple[Float[Array, " seed"], Float[Array, "seed percept"]]:
        last = jax.vmap(lambda key: jax.tree.map(lambda x: x[-1], evolve(key, ecology, life).record))(keys)
        return last.animals, last.values

    return jax.lax.map(point, lives)
