"""How much of a subject's state is more than a linear function of the input around each cell."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.editing import Recording
from mesascope.core.subject import Observation

WINDOW = 2
"""The input is seen within this many cells of each cell, in both directions."""

_RIDGE = 1e-3
_STILL = 1e-6
"""Variance, relative to the largest, below which a channel carries nothing."""


@partial(jax.jit, static_argnames="radius")
def nonlinear_share(
    observation: Observation, states: Recording, tick: Int[Array, ""], radius: int = WINDOW
) -> Float[Array, ""]:
    """1 - R^2 of a linear map from a window of the input to sites in state `tick`, on levels that it was not fitted on.

    Fitted by ridge regression on one half of the levels and scored on the other, averaged over the channels that vary at
    all. Near zero they are still the input in other coordinates, and an edit of it an edit of the input in disguise.
    """
    half = observation.shape[0] // 2
    inputs = _windows(observation, radius)
    state = jnp.concatenate([value[tick] for value in states.values()], -1)
    fit_x, test_x = (x.reshape(-1, x.shape[-1]) for x in (inputs[:half], inputs[half : 2 * half]))
    fit_y, test_y = (y.reshape(-1, y.shape[-1]) for y in (state[:half], state[half : 2 * half]))
    gram = fit_x.T @ fit_x + _RIDGE * len(fit_x) * jnp.eye(fit_x.shape[1])
    weights = jax.scipy.linalg.solve(gram, fit_x.T @ fit_y, assume_a="pos")
    variance = test_y.var(0)
    missed = jnp.square(test_y - test_x @ weights).mean(0)
    moves = variance > _STILL * variance.max()
    share = jnp.where(moves, jnp.clip(missed / jnp.where(moves, variance, 1.0), 0.0, 1.0), 0.0)
    return share.sum() / jnp.maximum(moves.sum(), 1)


def _windows(observation: Observation, radius: int) -> Float[Array, "level height width seen"]:
    """Everything within `radius` of each cell, and a constant; beyond the border there is nothing, marked as such."""
    levels, height, width, _ = observation.shape
    inside = jnp.ones((levels, height, width, 1))
    padded = jnp.pad(jnp.concatenate([observation, inside], -1), ((0, 0), (radius, radius), (radius, radius), (0, 0)))
    side = range(2 * radius + 1)
    return jnp.concatenate([*(padded[:, r : r + height, c : c + width] for r in side for c in side), inside], -1)
