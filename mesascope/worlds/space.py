"""Distances on the map of a level."""

import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.inline_jit import inline_jit


@inline_jit("shape")
def chebyshev(centers: Int[Array, "level center"], shape: tuple[int, ...]) -> Int[Array, "level center height width"]:
    """Distance of every cell of a map from each center (row-major cell numbers), counting a diagonal step as one."""
    height, width = shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    down = jnp.abs(row - (centers // width)[..., None])
    right = jnp.abs(column - (centers % width)[..., None])
    return jnp.maximum(down, right).reshape(*centers.shape, height, width)
