"""Linear systems with entries near the diagonal only, and their transposes, batched over levels.

Levels lie on the last axis, so that every step of the elimination is one vector operation over all of them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class Solutions(NamedTuple):
    """`right` solves A x = b, `left` solves A^T y = c."""

    right: Float[Array, "state level"]
    left: Float[Array, "state level"]


def solve_banded(
    band: Float[Array, "state offset level"], b: Float[Array, "state level"], c: Float[Array, "state level"]
) -> Solutions:
    """Solve A x = b and A^T y = c by one elimination; differentiable in all arguments.

    `band[k, w + d]` is A[k, k + d] for |d| <= w, where 2 w + 1 is the number of offsets; entries that would fall
    outside of the matrix must be zero. Rows are not exchanged: A must be diagonally dominant by rows, as I - g P is,
    and then the elimination is stable (Golub and Van Loan 2013, section 4.1.1). With b >= 0 nothing cancels either but
    in the pivots, so that small values far from any reward keep their relative accuracy.
    """

    def both(pair: Solutions) -> Solutions:
        return Solutions(_times(band, pair.right), _times(_transposed(band), pair.left))

    def solve(_, pair: Solutions) -> Solutions:
        return _eliminate(band, pair.right, pair.left)

    def solve_transposed(_, pair: Solutions) -> Solutions:
        swapped = _eliminate(band, pair.left, pair.right)
        return Solutions(swapped.left, swapped.right)

    return jax.lax.custom_linear_solve(both, Solutions(b, c), solve, solve_transposed)


def _times(band: Float[Array, "state offset level"], x: Float[Array, "state level"]) -> Float[Array, "state level"]:
    states, offsets, _ = band.shape
    reach = offsets // 2
    padded = jnp.pad(x, ((reach, reach), (0, 0)))
    return jnp.stack([band[:, d] * padded[d : d + states] for d in range(offsets)]).sum(0)


def _transposed(band: Float[Array, "state offset level"]) -> Float[Array, "state offset level"]:
    states, offsets, _ = band.shape
    reach = offsets // 2
    padded = jnp.pad(band, ((reach, reach), (0, 0), (0, 0)))
    return jnp.stack([padded[d : d + states, offsets - 1 - d] for d in range(offsets)], 1)


def _eliminate(
    band: Float[Array, "state offset level"], b: Float[Array, "state level"], c: Float[Array, "state level"]
) -> Solutions:
    """LU without exchanges. A window of w + 1 rows and columns slides down the diagonal, both right sides with it."""
    states, offsets, levels = band.shape
    reach = offsets // 2
    below = jnp.zeros((reach + 1, offsets, levels), band.dtype).at[:, reach].set(1.0)
    rows = jnp.concatenate([band, below])
    index = np.arange(reach + 1)
    window = rows[index[:, None], index[None, :] - index[:, None] + reach]
    next_row = rows[reach + 1 :, : reach + 1]
    next_column = jnp.stack([rows[i : i + states, offsets - i] for i in range(1, reach + 1)], 1)
    ahead_b, ahead_c = (jnp.concatenate([side, jnp.zeros((reach + 1, levels))]) for side in (b, c))

    def down(carry, new):
        window, b, c = carry
        row, column, last_b, last_c = new
        inverse = 1.0 / window[0, 0]
        upper, lower = window[0, 1:], window[1:, 0] * inverse
        z = c[0] * inverse
        rest = window[1:, 1:] - lower[:, None] * upper[None]
        window = jnp.concatenate([jnp.concatenate([rest, column[:, None]], 1), row[None]])
        next_b = jnp.concatenate([b[1:] - lower * b[0], last_b[None]])
        next_c = jnp.concatenate([c[1:] - upper * z, last_c[None]])
        return (window, next_b, next_c), (upper, lower, inverse, b[0], z)

    def up(carry, step):
        x, y = carry
        upper, lower, inverse, b, z = step
        new_x = (b - (upper * x).sum(0)) * inverse
        new_y = z - (lower * y).sum(0)
        return (jnp.concatenate([new_x[None], x[:-1]]), jnp.concatenate([new_y[None], y[:-1]])), (new_x, new_y)

    start = (window, ahead_b[: reach + 1], ahead_c[: reach + 1])
    _, factors = jax.lax.scan(down, start, (next_row, next_column, ahead_b[reach + 1 :], ahead_c[reach + 1 :]))
    nothing = jnp.zeros((reach, levels))
    _, (x, y) = jax.lax.scan(up, (nothing, nothing), factors, reverse=True)
    return Solutions(x, y)
