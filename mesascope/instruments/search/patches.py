"""Patches of cells: where an edit writes, and which cell of the donor each written cell is taken from."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from mesascope.core.inline_jit import inline_jit

Cells = Int[Array, "level center"]
"""Centers of patches, row-major interior indices."""


@inline_jit("shape")
def chebyshev(centers: Cells, shape: tuple[int, int]) -> Int[Array, "level center height width"]:
    """Distance of every cell from each center, counting a diagonal step as one."""
    height, width = shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    down = jnp.abs(row - (centers // width)[..., None])
    right = jnp.abs(column - (centers % width)[..., None])
    return jnp.maximum(down, right).reshape(*centers.shape, height, width)


@inline_jit("shape")
def within(centers: Cells, radius: int | Int[Array, ""], shape: tuple[int, int]) -> Bool[Array, "level height width"]:
    """Cells in the (2 radius + 1)^2 squares around the centers."""
    return (chebyshev(centers, shape) <= radius).any(1)


@inline_jit("shape")
def sources(from_: Cells, to: Cells, shape: tuple[int, int]) -> Int[Array, "level height width"]:
    """For every cell, the donor cell it is taken from when the patches around `from_` are pasted around `to`.

    A cell belongs to the nearest center of `to`; donor cells beyond the edge are clipped to it. With `from_` equal to
    `to` every cell is its own source.
    """
    height, width = shape
    nearest = chebyshev(to, shape).argmin(1).reshape(to.shape[0], -1)
    row, column = jnp.divmod(jnp.arange(height * width), width)
    shift_row = jnp.take_along_axis(from_ // width - to // width, nearest, 1)
    shift_column = jnp.take_along_axis(from_ % width - to % width, nearest, 1)
    r = jnp.clip(row[None] + shift_row, 0, height - 1)
    c = jnp.clip(column[None] + shift_column, 0, width - 1)
    return (r * width + c).reshape(-1, height, width)


@inline_jit()
def moved(values: "Array", source: Int[Array, "level height width"]) -> "Array":
    """Values (one map, or one for each state) with every cell taken from its source cell."""
    levels, height, width = source.shape
    flat = values.reshape(*values.shape[:-3], height * width, values.shape[-1])
    index = source.reshape(levels, -1, 1)
    index = index if flat.ndim == 3 else index[None]
    return jnp.take_along_axis(flat, index, axis=-2).reshape(values.shape)
