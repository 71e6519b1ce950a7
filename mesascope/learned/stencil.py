"""The five-point stencil as a matrix product: pad, five shifted slices, concatenate, one matmul, channels last.

On a CPU this is an order of magnitude faster than a small convolution for the same receptive field.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


def neighborhood(field: Float[Array, "level height width channel"]) -> Float[Array, "level height width five_channels"]:
    """Each cell's own channels followed by those of its upper, lower, left and right neighbor (zero outside)."""
    height, width = field.shape[1:3]
    padded = jnp.pad(field, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.concatenate(
        [
            field,
            padded[:, :height, 1:-1],
            padded[:, 2:, 1:-1],
            padded[:, 1:-1, :width],
            padded[:, 1:-1, 2:],
        ],
        -1,
    )


def glorot(key: PRNGKeyArray, fan_in: int, fan_out: int) -> Float[Array, "fan_in fan_out"]:
    """Glorot-uniform weights (Glorot and Bengio 2010)."""
    bound = (6.0 / (fan_in + fan_out)) ** 0.5
    return jax.random.uniform(key, (fan_in, fan_out), minval=-bound, maxval=bound)
