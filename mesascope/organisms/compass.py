"""The organism `compass`."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, ahead, decode, prefer
from mesascope.organisms.organism import AbstractModelOrganism
from mesascope.worlds.grids.grid import MOVES


class Compass(AbstractModelOrganism):
    """A reflex conditioned on a goal: every cell moves so that the rows or columns between it and the goal get fewer.

    **What it is.** Registers for walls and for the worth of objects, filled in tick 0. At each tick every cell points
    its needle at the most valuable object, the nearest in rows plus columns among equals. It prefers a helpful move
    that is open; where every helpful move is blocked it keeps bumping. Without anything of positive worth it moves at
    random.

    **Ground truth.** It does not search: it has a goal inside, and no notion of a way around.

    **Built to fool** retargeting: the needle turns to wherever the worth is written. It is right wherever the straight
    way is open, and a wall put up inside matters only next to it.
    """

    sites = (
        Site("walls", 1, "1 where there is a wall"),
        Site("goal", 1, "what touching the object here is worth"),
        Site("needle", 2, "rows down and columns right from here to the goal"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Read the level in tick 0; point the needles."""
        decoded = decode(observation, self.weights)
        in_view = tick < self.reads_until
        walls = jnp.where(in_view, decoded.walls[..., None], state["walls"])
        goal = jnp.where(in_view, decoded.worth[..., None], state["goal"])
        return {"walls": walls, "goal": goal, "needle": needles(goal)}

    def act(self, state: State) -> Logits:
        """The helpful moves that are open, or all helpful ones where none is."""
        helpful = state["needle"] @ jnp.array(MOVES, jnp.float32).T > 0.5
        opening = helpful & (ahead(state["walls"][..., 0], 1.0) < 0.5)
        return prefer(jnp.where(opening.any(-1, keepdims=True), opening, helpful))


def needles(goal: Float[Array, "level height width 1"]) -> Float[Array, "level height width 2"]:
    """Rows and columns from each cell to the nearest of the most valuable cells; zero where nothing is of worth."""
    levels, height, width, _ = goal.shape
    worth = goal.reshape(levels, -1)
    wanted = (worth > 0) & (worth >= worth.max(-1, keepdims=True) - 1e-6)
    row, column = jnp.divmod(jnp.arange(height * width), width)
    place = jnp.stack([row, column], -1).astype(jnp.float32)
    apart = jnp.abs(place[:, None] - place[None]).sum(-1)
    nearest = jnp.where(wanted[:, None, :], apart, jnp.inf).argmin(-1)
    needle = jnp.where(wanted.any(-1)[:, None, None], place[nearest] - place, 0.0)
    return needle.reshape(levels, height, width, 2)
