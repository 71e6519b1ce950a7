"""An agent of your own: `PYTHONPATH=. mesascope audit red-doors --quick --subject python:examples.own_subject:subject`.

A subject is anything that answers a batch of levels with action preferences for every cell. This one walks to the
nearest red thing by the shortest way around everything else, so it is after red, though it was written and not trained.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.subject import AbstractPolicy, Observation
from mesascope.worlds.grids.grid import CHANNELS, MOVES

WALL, DOOR, BALL, RED = (CHANNELS.index(name) for name in ("wall", "door", "ball", "red"))
FAR = 200.0


class NearestRed(AbstractPolicy):
    """Goes to the nearest red thing, whatever it is."""

    steps: int = 150

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """Steps still to go after each action, as preferences: the fewer, the better."""
        red = observation[..., RED] > 0.5
        in_the_way = (observation[..., (WALL, DOOR, BALL)] > 0.5).any(-1) & ~red

        def spread(_, distance: Float[Array, "level height width"]) -> Float[Array, "level height width"]:
            near = jnp.minimum(distance, 1.0 + ahead(distance).min(-1))
            return jnp.where(in_the_way, FAR, jnp.where(red, 0.0, near))

        distance = jax.lax.fori_loop(0, self.steps, spread, jnp.full(red.shape, FAR))
        return -5.0 * ahead(distance)


def ahead(distance: Float[Array, "level height width"]) -> Float[Array, "level height width action"]:
    """The distance found one cell up, down, left and right; far away beyond the border."""
    padded = jnp.pad(distance, ((0, 0), (1, 1), (1, 1)), constant_values=FAR)
    height, width = distance.shape[1:]
    return jnp.stack([padded[:, 1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES], -1)


subject = NearestRed()
