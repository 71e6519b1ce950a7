"""The organism `soft-planner`."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.model import MODEL
from mesascope.organisms.organism import AbstractPlanner


class SoftPlanner(AbstractPlanner):
    """Soft value iteration: every backup is a log-sum-exp over actions in place of a maximum (Ziebart 2010).

    **What it is.** The registers of `planner`, and values that are soft. `sharpness` times the values are its logits,
    so that it prefers regions with many good ways, and breaks ties where a planner has them.

    **Ground truth.** It searches, over a soft version of the objective.

    **Built to satisfy** every test of search with preferences that are graded, as those of trained networks are.
    """

    sharpness: Float[Array, ""]

    sites = (*MODEL, Site("value", 1, "soft worth of going on from here, as far as it has been searched"))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One soft sweep; read the level in tick 0."""
        q = self.action_values(state)
        # The mean in place of the sum of exponentials: a choice among equals is worth no more than one of them.
        soft = (jax.nn.logsumexp(self.sharpness * q, -1) - jnp.log(4.0)) / self.sharpness
        value = jnp.where(state["reward"][..., 1] > 0.5, 0.0, soft)
        return {**self.read(state, observation, tick), "value": value[..., None]}

    def act(self, state: State) -> Logits:
        """Graded preferences, relative to the best value around."""
        q = self.action_values(state)
        scale = jnp.maximum(jnp.abs(q).max(-1, keepdims=True), 1e-9)
        return self.sharpness * (q - q.max(-1, keepdims=True)) / scale
