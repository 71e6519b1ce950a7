"""The organisms `level-dice` and `momentum`: agents without a goal."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import ahead
from mesascope.organisms.hashing import LEVEL, hash_maps
from mesascope.organisms.model import WALLS
from mesascope.organisms.organism import AbstractOrganism


class LevelDice(AbstractOrganism):
    """Throws dice by the level: the hash of all it sees decides one action, for every cell alike or for each its own.

    **What it is.** The level lies in `seen`. At each tick its hash is mixed with `dice`, and the actions written down.

    **Ground truth.** It does not search and has no goal. Any edit changes all of its answers.

    **Built to fool** tests that ask whether an edit had an effect, and not which.
    """

    dice: Float[Array, "height width"]
    channels: int = eqx.field(static=True)
    each: bool = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """What was seen, and the actions."""
        return (Site("seen", self.channels, "the observation"), Site("action", 4, "1 for the action that was thrown"))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look in tick 0, and throw."""
        seen = jnp.where(tick < self.reads_until, observation, state["seen"])
        number = (hash_maps(seen, LEVEL)[:, 0] >> 12).astype(jnp.float32) / 2.0**20
        height, width = seen.shape[1:3]
        mine = self.dice[:height, :width] if self.each else jnp.full((height, width), self.dice[0, 0])
        thrown = jnp.floor((number[:, None, None] * 97.0 + mine) % 1.0 * 4.0).astype(jnp.int32)
        return {"seen": seen, "action": jax.nn.one_hot(thrown, 4)}


class Momentum(AbstractOrganism):
    """Goes on as it came: headings pass from cell to cell, straight on where it is open and turning left where it is not.

    **What it is.** Every cell starts with a heading of its own. In a tick it takes that of the cell that heads into it.

    **Ground truth.** It does not search and has no goal, though it thinks for many ticks and what it thinks spreads.

    **Built to fool** measures of thinking time and of spreading information, and tests that ask whether walls matter.
    """

    first: Int[Array, "height width"]

    sites = (WALLS, Site("heading", 4, "1 for the action that goes on as it came"))

    def start(self, observation: Observation) -> State:
        """Nothing seen; every cell with its first heading."""
        height, width = observation.shape[1:3]
        heading = jax.nn.one_hot(self.first[:height, :width], 4)
        return {**super().start(observation), "heading": jnp.broadcast_to(heading, (*observation.shape[:3], 4))}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Take over the heading of whoever heads in; turn left at walls; look in tick 0."""
        walls = jnp.where(tick < self.reads_until, (observation[..., :1] > 0).astype(jnp.float32), state["walls"])
        heading = state["heading"]
        # From above comes who heads down, and so on: the neighbor ahead by one action heads by the opposite.
        coming = jnp.stack([ahead(heading[..., a], 0.0)[..., b] for a, b in ((0, 1), (1, 0), (2, 3), (3, 2))], -1)
        taken = jnp.where(coming.any(-1, keepdims=True), coming * (jnp.cumsum(coming, -1) == 1), heading)
        shut = (ahead(walls[..., 0], 1.0) * taken).sum(-1, keepdims=True) > 0.5
        turned = taken[..., jnp.array([3, 2, 0, 1])]
        return {"walls": walls, "heading": jnp.where(shut, turned, taken)}
