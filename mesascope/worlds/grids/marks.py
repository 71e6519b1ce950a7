"""Levels with one object and a place that counts: where the object does not lie there, a mark does."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray

from mesascope.worlds.grids.grid import ABSENT, GridLevels
from mesascope.worlds.grids.vocabulary import Vocabulary


def one_of(key: PRNGKeyArray, allowed: Bool[Array, "level state"]) -> Int[Array, " level"]:
    """A random allowed cell of each level."""
    return jnp.where(allowed, jax.random.uniform(key, allowed.shape), -1.0).argmax(-1).astype(jnp.int32)


def with_mark(
    walls: Bool[Array, "level height width"],
    cell: Int[Array, " level"],
    place: Int[Array, " level"],
    vocabulary: Vocabulary,
    there: bool | Bool[Array, ""] = True,
) -> GridLevels:
    """Levels with one object, if it is `there`, and a mark in the cell `place` unless the object lies in it."""
    held = there & (cell == place)
    shape = jnp.stack([jnp.where(there, jnp.zeros_like(cell), ABSENT), jnp.where(held, ABSENT, vocabulary.mark)], 1)
    cells = jnp.stack([cell, place], 1).astype(jnp.int32)
    return GridLevels(walls, cells, shape.astype(jnp.int32), jnp.full(cells.shape, ABSENT, jnp.int32), vocabulary)


def without_marks(levels: GridLevels) -> GridLevels:
    """The same levels, with every slot of a mark empty."""
    shape = jnp.where(levels.shape == levels.vocabulary.mark, ABSENT, levels.shape)
    return dataclasses.replace(levels, shape=shape)
