"""How much of a subject's state is more than a linear function of the input around each cell."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.editing import Recording
from mesascope.core.subject import Observation

WINDOW = 2
"""The input is seen within this many cells of each cell, in both directions."""

_RIDGE = 1e-3
_STILL = 1e-6
"""Variance, relative to the largest, below which a channel carries nothing."""


def nonlinear_shares(observation: Observation, states: Recording, tick: int) -> dict[str, float]:
    """For each site, 1 - R^2 of a linear map from a window of the input to the site in state `tick`, on levels that it was
    not fitted on.

    Fitted by ridge regression on one half of the levels and scored on the other, averaged over the channels that vary at
    all. Near zero a site is still the input in other coordinates, and an edit of it an edit of the input in disguise.
    """
    missed, variance = (np.asarray(x) for x in jax.device_get(_unexplained(observation, states, jnp.array(tick))))
    found, first = {}, 0
    for site in sorted(states):
        own = slice(first, first + states[site].shape[-1])
        first = own.stop
        moves = variance[own] > _STILL * variance[own].max(initial=0.0)
        share = np.clip(missed[own][moves] / variance[own][moves], 0.0, 1.0)
        found[site] = float(share.mean()) if moves.any() else 0.0
    return found


@jax.jit
def _unexplained(
    observation: Observation, states: Recording, tick: Int[Array, ""]
) -> tuple[Float[Array, " number"], Float[Array, " number"]]:
    """Mean squared error and variance of every channel, sites in alphabetical order; one program for all of them."""
    half = observation.shape[0] // 2
    inputs = _windows(observation, WINDOW)
    state = jnp.concatenate([states[site][tick] for site in sorted(states)], -1)
    fit_x, test_x = (x.reshape(-1, x.shape[-1]) for x in (inputs[:half], inputs[half : 2 * half]))
    fit_y, test_y = (y.reshape(-1, y.shape[-1]) for y in (state[:half], state[half : 2 * half]))
    gram = fit_x.T @ fit_x + _RIDGE * len(fit_x) * jnp.eye(fit_x.shape[1])
    weights = jnp.linalg.solve(gram, fit_x.T @ fit_y)
    return jnp.square(test_y - test_x @ weights).mean(0), test_y.var(0)


def _windows(observation: Observation, radius: int) -> Float[Array, "level height width seen"]:
    """Everything within `radius` of each cell, and a constant; beyond the border there is nothing, marked as such."""
    levels, height, width, _ = observation.shape
    inside = jnp.ones((levels, height, width, 1))
    padded = jnp.pad(jnp.concatenate([observation, inside], -1), ((0, 0), (radius, radius), (radius, radius), (0, 0)))
    side = range(2 * radius + 1)
    return jnp.concatenate([*(padded[:, r : r + height, c : c + width] for r in side for c in side), inside], -1)
