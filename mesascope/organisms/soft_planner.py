"""The organism `soft-planner`."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.model import MODEL, action_values, blank, read_model


class SoftPlanner(AbstractSubject):
    """Soft value iteration: every backup is a log-sum-exp over actions in place of a maximum (Ziebart 2010).

    **What it is.** The registers of `planner`, and values that are soft. `sharpness` times the values are its logits,
    so that it prefers regions with many good ways, and breaks ties where a planner has them.

    **Ground truth.** It searches, over a soft version of the objective.

    **Built to satisfy** every test of search with preferences that are graded, as those of trained networks are.
    """

    weights: Float[Array, " feature"]
    sharpness: Float[Array, ""]
    discount: float = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True, default=1)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The registers of the model, and the soft values."""
        return (*MODEL, Site("value", 1, "soft worth of going on from here, as far as it has been searched"))

    def start(self, observation: Observation) -> State:
        """Nothing known, nothing expected."""
        return blank(observation, self.sites)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One soft sweep; read the level in tick 0."""
        q = action_values(state["walls"], state["reward"], state["value"][..., 0], self.discount)
        # The mean in place of the sum of exponentials: a choice among equals is worth no more than one of them.
        soft = (jax.nn.logsumexp(self.sharpness * q, -1) - jnp.log(4.0)) / self.sharpness
        in_view = tick < self.reads_until
        value = jnp.where(state["reward"][..., 1] > 0.5, 0.0, soft)
        return {**read_model(state, observation, self.weights, in_view, in_view), "value": value[..., None]}

    def act(self, state: State) -> Logits:
        """Graded preferences, relative to the best value around."""
        q = action_values(state["walls"], state["reward"], state["value"][..., 0], self.discount)
        scale = jnp.maximum(jnp.abs(q).max(-1, keepdims=True), 1e-9)
        return self.sharpness * (q - q.max(-1, keepdims=True)) / scale
