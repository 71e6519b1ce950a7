"""What an organism makes of an observation: walls, and what the objects are worth to it; looking one cell ahead."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.subject import Observation
from mesascope.worlds.grids.grid import MOVES

Map = Float[Array, "level height width"]
Logits = Float[Array, "level height width action"]

SHARPNESS = 12.0
"""How much less likely, in logits, an organism makes the actions it does not want."""


class DecodedObservation(NamedTuple):
    """A level as an organism reads it: 1 where there is a wall or an object; the worth of touching what lies there."""

    walls: Map
    objects: Map
    worth: Map


def decode(observation: Observation, weights: Float[Array, " feature"]) -> DecodedObservation:
    """Read an observation whose channels are walls, then one for each feature.

    A feature is there when its channel is positive, so that a world's salience scales nothing here.
    """
    features = (observation[..., 1:] > 0).astype(observation.dtype)
    return DecodedObservation(
        walls=(observation[..., 0] > 0).astype(observation.dtype),
        objects=features.max(-1),
        worth=features @ weights,
    )


def ahead(field: Map, outside: float) -> Float[Array, "level height width action"]:
    """What lies one cell up, down, left and right of every cell; `outside` beyond the border."""
    height, width = field.shape[1:]
    padded = jnp.pad(field, ((0, 0), (1, 1), (1, 1)), constant_values=outside)
    return jnp.stack([padded[:, 1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES], -1)


def prefer(wanted: Bool[Array, "level height width action"]) -> Logits:
    """Logits that are uniform over the wanted actions of each cell; uniform over all where none is wanted."""
    nothing = ~wanted.any(-1, keepdims=True)
    return jnp.where(wanted | nothing, 0.0, -SHARPNESS)
