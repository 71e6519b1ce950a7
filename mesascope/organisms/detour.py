"""The organism `detour-compass`."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.compass import needles
from mesascope.organisms.decoded_observation import Logits, ahead, prefer
from mesascope.organisms.model import MODEL, enterable, goals
from mesascope.organisms.organism import AbstractModelOrganism
from mesascope.worlds.grids.grid import MOVES


class DetourCompass(AbstractModelOrganism):
    """A compass that steps around walls: at most two cells aside, then on along the needle.

    **What it is.** Registers of walls and rewards, and a needle to the most valued object in every cell. In order of
    preference: a helpful move that can be followed by another; a helpful move that is open; a step aside from which a
    helpful move is open; two steps aside; any open move. It sees three cells far, wherever the goal is.

    **Ground truth.** It does not search: what lies beyond those cells never enters, though the goal does.

    **Built to fool** retargeting on loopy levels, where it is right most of the time, and tests of walls whose effect
    stays within three cells.
    """

    sites = (*MODEL, Site("needle", 2, "rows down and columns right from here to the goal, over 32"))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Point the needles; read the level in tick 0."""
        model = self.read(state, observation, tick)
        return {**model, "needle": needles(model["reward"][..., :1]) / 32.0}

    def act(self, state: State) -> Logits:
        """The first kind of move in the order of preference that there is."""
        goal = goals(state["reward"])
        helpful = state["needle"] @ jnp.array(MOVES, jnp.float32).T * 32.0 > 0.5
        way = _ahead(enterable(state) | goal)
        onto = _ahead(goal)
        on = helpful & way
        good = on.any(-1) | goal
        near = (way & _ahead(good)).any(-1)
        kinds = (onto, on & _ahead(good), on, way & _ahead(good), way & _ahead(near), way)
        wanted = jnp.zeros_like(on)
        for kind in kinds:
            wanted = jnp.where(wanted.any(-1, keepdims=True), wanted, kind)
        return prefer(wanted & goal.any((1, 2))[:, None, None, None] & (state["reward"][..., 1:] < 0.5))


def _ahead(there: Bool[Array, "level height width"]) -> Bool[Array, "level height width action"]:
    return ahead(there.astype(jnp.float32), 0.0) > 0.5
