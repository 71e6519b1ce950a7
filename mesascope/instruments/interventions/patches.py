"""Patches of cells: where an edit writes, and which cell of the donor each written cell is taken from."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.inline_jit import inline_jit
from mesascope.core.subject import State
from mesascope.worlds.space import chebyshev as chebyshev

Cells = Int[Array, "level center"]
"""Centers of patches, row-major interior indices."""


@inline_jit("shape")
def within(centers: Cells, radius: int | Int[Array, ""], shape: tuple[int, ...]) -> Bool[Array, "level height width"]:
    """Cells in the (2 radius + 1)^2 squares around the centers."""
    return (chebyshev(centers, shape) <= radius).any(1)


@inline_jit("shape")
def sources(from_: Cells, to: Cells, shape: tuple[int, ...]) -> Int[Array, "level height width"]:
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


class Patch(NamedTuple):
    """Cells that are written, the donor's cell that each is taken from, and the cells where the donor's change lies."""

    where: Bool[Array, "level height width"]
    source: Int[Array, "level height width"]
    home: Bool[Array, "level height width"]


def patch_of(centers: Cells, targets: Cells, radius: int | Int[Array, ""], shape: tuple[int, ...]) -> Patch:
    """The donor's patches around `centers` pasted around `targets` (equal to `centers` for the true edit)."""
    return Patch(within(targets, radius, shape), sources(centers, targets, shape), within(centers, radius, shape))


def cells_of(state: Mapping[str, "Array"]) -> tuple[int, int]:
    """Height and width of the maps among the sites; (1, 1) where all are vectors."""
    height, width = max(value.shape[-3:-1] for value in state.values())
    return height, width


def is_map(values: "Array", shape: tuple[int, ...]) -> bool:
    """Whether a site has a row of numbers for each cell."""
    return tuple(values.shape[-3:-1]) == tuple(shape)


def as_long(noise: "Array", length: "Array") -> "Array":
    """Noise on a map, scaled to a length on each level."""
    size = jnp.sqrt((noise**2).sum((1, 2, 3), keepdims=True))
    return noise * (length / jnp.maximum(size, 1e-12))


def spread(base: State, donor: State, home: Bool[Array, "level height width"]) -> Float[Array, ""]:
    """Share of the squared difference between donor and base that lies outside of the patch; sites without cells lie in it.

    Near zero the edit is the donor's input in disguise: nothing of the level has been used yet beyond the patch.
    """
    outside = total = jnp.array(0.0)
    for site in base:
        gap = ((donor[site] - base[site]) ** 2).sum(-1)
        total += gap.sum()
        if gap.shape[1:] == home.shape[1:]:
            outside += jnp.where(home, 0.0, gap).sum()
    return outside / jnp.maximum(total, 1e-12)
