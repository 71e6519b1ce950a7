"""The organism `policy-planner`."""

from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.organism import AbstractPlanner


class PolicyPlanner(AbstractPlanner):
    """Modified policy iteration: sweeps of values under a policy that is held, then a better policy (Puterman and Shin 1978).

    **What it is.** The registers of `planner`, a value and a policy, one action in every cell. In a tick the values are
    swept `sweeps` times under the policy as it is, and the policy then takes the best action by them. It answers with the
    exact optimal set of its values.

    **Ground truth.** It searches: the fixed point is the planner's.

    **Built to satisfy** every test of search with a plan that is stored as such, and values that lag behind it.
    """

    sweeps: int = eqx.field(static=True, default=3)

    sites: ClassVar[tuple[Site, ...]] = (
        *AbstractPlanner.sites,
        Site("policy", 4, "1 for the action that is held to be best"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Evaluate, then improve; read the level in tick 0."""

        def sweep(_, value: Array) -> Array:
            q = self.action_values({**state, "value": value})
            return (q * state["policy"]).sum(-1, keepdims=True)

        value = jax.lax.fori_loop(0, self.sweeps, sweep, state["value"])
        q = self.action_values({**state, "value": value})
        policy = jax.nn.one_hot(q.argmax(-1), 4)
        return {**self.read(state, observation, tick), "value": value, "policy": policy}
