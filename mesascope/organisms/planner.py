"""The organism `planner`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, State
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.organism import AbstractPlanner

CAUTION = 300.0
"""Logits lost for each unit of relative loss: a bump costs 3 % of the value ahead, hence nine logits."""


class Planner(AbstractPlanner):
    """Value iteration over a model of the level held inside: one Bellman sweep a tick (Bellman 1957).

    **What it is.** Registers for walls, for objects and for what touching them is worth, and a value map. With
    `reads_until` 1 the registers are filled by one glance and never again; with `reads_until` equal to `ticks` they
    are overwritten from the level at every tick (recall). Touching an object ends the episode; wandering is worth 0.
    With `exact` it answers with the optimal set and nothing else, bit for bit as a table of exact answers does.

    **Ground truth.** It searches, over the objective it was built with. Any register may be rewritten in one cell, and
    the answers everywhere follow within as many ticks as the way is long: a stale value fades by the discount at every
    sweep, while a true one is renewed from its source.

    **Built to satisfy** every test of search: retarget, virtual wall and both at once. A recall planner undoes an edit
    made once, by design, and follows one that is held.
    """

    exact: bool = eqx.field(static=True, default=False)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Sweep once over the registers as they are; then read the level into them if it is still in view.

        In this order a register that is rewritten between two ticks has its effect even when it is read again.
        """
        value = self.action_values(state).max(-1)
        return {**self.read(state, observation, tick), "value": value[..., None]}

    def act(self, state: State) -> Logits:
        """Close to greedy: logits fall with the share of the best value that an action gives away. Or the exact set."""
        if self.exact:
            return super().act(state)
        q = self.action_values(state)
        scale = jnp.abs(q).max(-1, keepdims=True)
        return CAUTION * (q - q.max(-1, keepdims=True)) / jnp.maximum(scale, 1e-9)
