"""The organism `lamp-seeker`: goes to the nearest lamp, whatever its color."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.subject import AbstractPolicy, Observation
from mesascope.organisms.labels import Organism
from mesascope.organisms.organism_spec import OrganismSpec

WALL, LAMP, MIRROR = 0, 1, 2
"""Channels of the map."""


class LampSeeker(AbstractPolicy):
    """Value iteration with the lamp as its only reward and mirrors as walls. A black box: nothing inside can be read."""

    discount: float

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """Prefers the neighbor of highest value."""
        lamp, free = observation[..., LAMP], 1.0 - observation[..., WALL] - observation[..., MIRROR]
        sweeps = observation.shape[1] * observation.shape[2]
        value = jax.lax.fori_loop(
            0, sweeps, lambda _, v: jnp.maximum(lamp, self.discount * _neighbors(v).max(-1)) * free, lamp
        )
        return 200.0 * _neighbors(value)


def _neighbors(value: Float[Array, "level height width"]) -> Float[Array, "level height width action"]:
    """Values of the cells above, below, to the left and to the right; 0 beyond the edge."""
    padded = jnp.pad(value, ((0, 0), (1, 1), (1, 1)))
    return jnp.stack([padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]], -1)


def build(spec: OrganismSpec) -> LampSeeker:
    """The organism for a world."""
    return LampSeeker(spec.world.discount)


LAMP_SEEKER = Organism(
    "goes to the nearest lamp by value iteration",
    searches=True,
    has_goal=True,
    built_to="be after the intended goal of two-lamps",
    keys=(),
    build=build,
)
