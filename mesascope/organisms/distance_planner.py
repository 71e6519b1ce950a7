"""The organism `distance-planner`."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, Map, ahead, prefer
from mesascope.organisms.model import MODEL, enterable, goals
from mesascope.organisms.organism import AbstractModelOrganism

FAR = 128.0
"""The distance of a cell from which no way is known."""


class DistancePlanner(AbstractModelOrganism):
    """Relaxation of distances: each tick, one more than the least of the neighbors' (Bellman 1958, Ford 1956).

    **What it is.** The registers of `planner`, and for every cell the steps to the most valued object, counted upward
    from nothing: high where a planner's values are low, and never discounted. A stale distance is not forgotten but
    outgrown, by one a tick. It answers with the exact optimal set.

    **Ground truth.** It searches, to the most valued object.

    **Built to satisfy** every test of search in a code that is the reverse of the planner's.
    """

    sites = (*MODEL, Site("distance", 1, f"steps to the goal over {FAR:.0f}, as far as known; 1 where not"))

    def start(self, observation: Observation) -> State:
        """Nothing known, everything far."""
        return {**super().start(observation), "distance": jnp.ones((*observation.shape[:3], 1))}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Relax once; read the level in tick 0."""
        steps = 1.0 + _ahead(state).min(-1)
        distance = jnp.minimum(steps, FAR)[..., None] / FAR
        return {**self.read(state, observation, tick), "distance": distance}

    def act(self, state: State) -> Logits:
        """The actions that lead to the least distance."""
        steps = _ahead(state)
        least = steps.min(-1, keepdims=True)
        nowhere = (least > FAR - 1.5) | (state["reward"][..., 1:] > 0.5)
        return prefer(nowhere | (steps < least + 0.5))


def _ahead(state: State) -> Float[Array, "level height width action"]:
    """Distance of the cell that each action leads to; far where nothing can be walked through."""
    steps: Map = jnp.where(enterable(state), jnp.round(state["distance"][..., 0] * FAR), FAR)
    return ahead(jnp.where(goals(state["reward"]), 0.0, steps), FAR)
