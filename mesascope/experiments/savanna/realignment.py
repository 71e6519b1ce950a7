"""Can selection follow? The inner gap while the law changes, against the speed of the change."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.experiments.savanna.ecology import CHANGED, Ecology
from mesascope.experiments.savanna.selection import evolve, select

RAMPS = (1, 10, 30, 100, 300, 1000)
"""Generations over which the law changes."""

AFTER, SEEDS, CONTEXTS = 300, 10, 32

CLOSED = 0.1
"""Inner gap, as a share of the best return, below which animals count as aligned again."""


class Speed(NamedTuple):
    """One speed of change. `worst` is the largest inner gap on the way, `generations` how many pass from the beginning of
    the change until the gap is closed for good, `lag` the gap while the change is half done. `unclosed` counts the seeds
    that never get there; they are left out of `generations`.
    """

    ramp: int
    worst: Estimate
    lag: Estimate
    generations: Estimate
    unclosed: int


class Realignment(NamedTuple):
    """All speeds, and the mean gap of each generation by speed, generation 0 being the last before the change."""

    speeds: tuple[Speed, ...]
    gaps: Float[np.ndarray, "ramp generation"]


def inner_gap(
    values: Float[np.ndarray, "*shape percept"], angles: Float[np.ndarray, " *shape"], correlation: float
) -> Float[np.ndarray, "*shape"]:
    """Share of the best expected offspring that a search by `values` forgoes: exact over all natural contexts.

    Percepts are independent standard normals, so that the option that is best by unit values w has the expected outcome
    E[max] (w . g), g being the direction in which the law pays, times the correlation; the best possible is E[max].
    The gap of a mean of values is the mean of gaps.
    """
    near, far = np.cos(angles), np.sin(angles)
    pays = np.stack([near, near, far, far], -1) * 0.5**0.5
    return np.asarray(1.0 - correlation * (values * pays).sum(-1))


def realign(
    ecology: Ecology,
    seed: int = 0,
    *,
    ramps: tuple[int, ...] = RAMPS,
    seeds: int = SEEDS,
    after: int = AFTER,
) -> Realignment:
    """Evolve animals alone, change the law at each speed with selection going on, and measure.

    Plants are left out because the question is how fast values follow; whether animals stay is another one.
    """
    alone = dataclasses.replace(
        ecology, contexts=min(ecology.contexts, CONTEXTS), founding_animals=1.0, kind_mutation=0.0
    )
    length = max(ramps) + after
    keys = jax.random.split(named_key(seed, "savanna", "realignment"), seeds)
    angles = np.stack([schedule(ramp, length) for ramp in ramps])
    values = np.asarray(jax.device_get(_followed(keys, alone, jnp.asarray(angles))), np.float64)
    # Values of generation t were selected under the laws before t; they are held against the law of t.
    held = np.concatenate([angles, angles[:, -1:]], 1)
    gaps = inner_gap(values, np.broadcast_to(held[:, None], values.shape[:-1]), ecology.correlation)
    return Realignment(
        tuple(_speed(ramp, gaps[i, :, : ramp + after + 1]) for i, ramp in enumerate(ramps)), gaps.mean(1)
    )


def schedule(ramp: int, length: int) -> Float[np.ndarray, " generation"]:
    """The angle of the law in each generation: the old one first, all of the change done after `ramp` generations."""
    return (np.minimum(np.arange(length) / ramp, 1.0) * CHANGED).astype(np.float32)


@jax.jit(static_argnames=("ecology",))
def _followed(
    keys: Key[Array, " seed"], ecology: Ecology, angles: Float[Array, "ramp generation"]
) -> Float[Array, "ramp seed moment percept"]:
    evolved = jax.vmap(lambda key: evolve(key, ecology))(keys)

    def one(ramp: Float[Array, " generation"]) -> Float[Array, "seed moment percept"]:
        def go_on(key: PRNGKeyArray, genomes, contexts):
            return select(named_key(key, "change"), genomes, contexts, ecology, ramp).record.values

        return jax.vmap(go_on)(keys, evolved.genomes, evolved.contexts)

    return jax.lax.map(one, angles)


def _speed(ramp: int, gaps: Float[np.ndarray, "seed generation"]) -> Speed:
    closed_at = [_closed_for_good(row) for row in gaps]
    closed = np.array([float(c) for c in closed_at if c is not None])
    return Speed(
        ramp,
        mean_over_seeds(gaps.max(-1), 0.0, 2.0),
        mean_over_seeds(gaps[:, max(ramp // 2, 1)], 0.0, 2.0),
        mean_over_seeds(closed, 0.0),
        sum(c is None for c in closed_at),
    )


def _closed_for_good(gaps: Float[np.ndarray, " generation"]) -> int | None:
    """The first generation from which on the gap stays closed."""
    above = np.flatnonzero(gaps > CLOSED)
    if len(above) == 0:
        return 0
    return None if above[-1] == len(gaps) - 1 else int(above[-1]) + 1
