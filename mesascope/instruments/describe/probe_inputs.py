"""What a probe could read off the input alone: windows of it, and random features that see as far as the subject."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import Observation
from mesascope.learned.reflex import window

WINDOWS = (1, 3)
"""Radii of the windows: 3x3, and 7x7, which holds most of a 9x9 level."""

WIDTH = 96
"""Channels of the random network."""

MOST_LAYERS = 6
"""Layers of the random network after which it sees all of a 9x9 level; each sees one cell farther, diagonals too."""

Features = Float[np.ndarray, "level state feature"]


def windows(observation: Observation) -> dict[str, Features]:
    """The input around each cell, with a channel for what lies inside the level."""
    seen = jnp.concatenate([observation, jnp.ones((*observation.shape[:3], 1))], -1)
    return {f"{2 * r + 1}x{2 * r + 1} window of the input": _flat(window(seen, r)) for r in WINDOWS}


def random_network(observation: Observation, key: PRNGKeyArray) -> list[Features]:
    """Each layer of a random convolutional network over the input, the 3x3 window beside it: a layer for each tick."""
    near = windows(observation)
    beside = next(iter(near.values()))
    return [np.concatenate([_flat(layer), beside], -1) for layer in _layers(observation, key)]


@eqx.filter_jit
def _layers(observation: Observation, key: PRNGKeyArray) -> list[Array]:
    field = jnp.concatenate([observation, jnp.ones((*observation.shape[:3], 1))], -1)
    found = []
    for layer in range(MOST_LAYERS):
        seen = window(field, 1)
        # He initialization (He et al. 2015), so that no layer fades.
        weights = jax.random.normal(named_key(key, "random network", layer), (seen.shape[-1], WIDTH))
        field = jax.nn.relu(seen @ weights * (2.0 / seen.shape[-1]) ** 0.5)
        found.append(field)
    return found


def _flat(field: Array) -> Features:
    return np.asarray(field).reshape(field.shape[0], -1, field.shape[-1])
