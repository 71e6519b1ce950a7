"""Edits of a level itself: objects that trade places, appear or vanish, and a wall more.

These are input-level counterfactuals: organisms that store answers store these, and instruments draw their edits from
them.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.inline_jit import inline_jit
from mesascope.worlds.grids.grid import ABSENT, GridLevels

Looks = int | Int[Array, ""] | Int[Array, " level"]
"""An index into shapes or colors, the same for all levels or one for each."""


@inline_jit("first", "second")
def swap_objects(levels: GridLevels, first: int, second: int) -> GridLevels:
    """The levels with the objects in two slots trading cells."""
    cell = levels.cell
    traded = cell.at[:, first].set(cell[:, second]).at[:, second].set(cell[:, first])
    return dataclasses.replace(levels, cell=traded)


@inline_jit()
def add_wall(levels: GridLevels, cell: Int[Array, " level"]) -> GridLevels:
    """The levels with one cell (row-major interior index) walled up."""
    flat = levels.walls.reshape(levels.count, -1)
    walls = flat.at[jnp.arange(levels.count), cell].set(True).reshape(levels.walls.shape)
    return dataclasses.replace(levels, walls=walls)


@inline_jit()
def without_objects(levels: GridLevels) -> GridLevels:
    """The levels with every object removed."""
    gone = jnp.full_like(levels.shape, ABSENT)
    return dataclasses.replace(levels, shape=gone, color=gone)


@inline_jit("slot")
def with_object(levels: GridLevels, slot: int, shape: Looks, color: Looks) -> GridLevels:
    """The levels with the object in a slot given a shape and a color (indices into `SHAPES` and `COLORS`)."""
    return dataclasses.replace(
        levels, shape=levels.shape.at[:, slot].set(shape), color=levels.color.at[:, slot].set(color)
    )
