"""Distances on the map of a level, and what lies in its cells."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Shaped

from mesascope.core.inline_jit import inline_jit


@inline_jit("shape")
def chebyshev(centers: Int[Array, "level center"], shape: tuple[int, ...]) -> Int[Array, "level center height width"]:
    """Distance of every cell of a map from each center (row-major cell numbers), counting a diagonal step as one."""
    height, width = shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    down = jnp.abs(row - (centers // width)[..., None])
    right = jnp.abs(column - (centers % width)[..., None])
    return jnp.maximum(down, right).reshape(*centers.shape, height, width)


def first_in_cells(
    values: Shaped[np.ndarray, "row ..."], cells: Int[np.ndarray, " state"], count: int
) -> Shaped[np.ndarray, "cell ..."]:
    """Of a table over states the row of the first state that lies in each of `count` cells; zeros where none does."""
    found = np.zeros((count, *values.shape[1:]), values.dtype)
    if len(values) != len(cells):
        raise ValueError(f"a table of {len(values)} states for a level of {len(cells)}")
    found[cells[::-1]] = values[::-1]
    return found
