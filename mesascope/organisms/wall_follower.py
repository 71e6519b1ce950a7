"""The organism `wall-follower`."""

import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, ahead, prefer
from mesascope.organisms.organism import AbstractOrganism

_RIGHT_OF = (3, 2, 0, 1)
"""The action to the right of moving up, down, left, right."""


class WallFollower(AbstractOrganism):
    """Keeps its right hand on a wall, without remembering which way it came.

    **What it is.** It sees the four cells around it. It moves where the way is open and a wall is on its right; with no
    such move, wherever the way is open. It picks among those at random, and never looks at objects.

    **Ground truth.** It does not search, and has no goal.

    **Built to fool** anyone who takes purposeful-looking motion through a maze, or an answer that changes with the
    walls, for planning: a wall put up inside changes what it does, but only beside that wall.
    """

    sites = (Site("walls", 1, "1 where there is a wall"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look at the walls in tick 0."""
        return {"walls": jnp.where(tick < self.reads_until, observation[..., :1], state["walls"])}

    def act(self, state: State) -> Logits:
        """The right-hand rule in every cell."""
        wall = ahead(state["walls"][..., 0], 1.0) > 0.5
        along = ~wall & wall[..., jnp.array(_RIGHT_OF)]
        return prefer(jnp.where(along.any(-1, keepdims=True), along, ~wall))
