"""The organism `planner`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractOpenSubject, Observation, Site, State
from mesascope.organisms.sight import Logits, Map, ahead, look

CAUTION = 300.0
"""Logits lost for each unit of relative loss: a bump costs 3 % of the value ahead, hence nine logits."""


class Planner(AbstractOpenSubject):
    """Value iteration over a model of the level held inside: one Bellman sweep a tick (Bellman 1957).

    **What it is.** Registers for walls, for objects and for what touching them is worth, and a value map. With
    `reads_until` 1 the registers are filled by one glance and never again; with `reads_until` equal to `ticks` they
    are overwritten from the level at every tick (recall). Touching an object ends the episode; wandering is worth 0.

    **Ground truth.** It searches, over the objective it was built with. Any register may be rewritten in one cell, and
    the answers everywhere follow within as many ticks as the way is long: a stale value fades by the discount at every
    sweep, while a true one is renewed from its source.

    **Built to satisfy** every test of search: retarget, virtual wall and both at once. A recall planner undoes an edit
    made once, by design, and follows one that is held.
    """

    weights: Float[Array, " feature"]
    discount: float = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The registers of the model, and the values."""
        return (
            Site("walls", 1, "1 where there is a wall"),
            Site("reward", 2, "what touching the object here is worth; 1 where there is an object"),
            Site("value", 1, "discounted worth of the best way on from here, as far as it has been searched"),
        )

    def begin(self, observation: Observation) -> State:
        """Nothing known, nothing expected."""
        return {site.name: jnp.zeros((*observation.shape[:3], site.channels)) for site in self.sites}

    def step(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Sweep once over the registers as they are; then read the level into them if it is still in view.

        In this order a register that is rewritten between two ticks has its effect even when it is read again.
        """
        value = self._action_values(state["walls"], state["reward"], state["value"][..., 0]).max(-1)
        sight = look(observation, self.weights)
        in_view = tick < self.reads_until
        walls = jnp.where(in_view, sight.walls[..., None], state["walls"])
        reward = jnp.where(in_view, jnp.stack([sight.worth, sight.objects], -1), state["reward"])
        return {"walls": walls, "reward": reward, "value": value[..., None]}

    def readout(self, state: State) -> Logits:
        """Close to greedy: logits fall with the share of the best value that an action gives away."""
        q = self._action_values(state["walls"], state["reward"], state["value"][..., 0])
        scale = jnp.abs(q).max(-1, keepdims=True)
        return CAUTION * (q - q.max(-1, keepdims=True)) / jnp.maximum(scale, 1e-9)

    def _action_values(
        self,
        walls: Float[Array, "level height width 1"],
        reward: Float[Array, "level height width 2"],
        value: Map,
    ) -> Logits:
        """Worth of each action: the object ahead, or the discounted value ahead; zero where the episode has ended."""
        blocked = ahead(walls[..., 0], 1.0) > 0.5
        touches = ahead(reward[..., 1], 0.0) > 0.5
        free = jnp.where(touches, ahead(reward[..., 0], 0.0), self.discount * ahead(value, 0.0))
        q = jnp.where(blocked, self.discount * value[..., None], free)
        return jnp.where(reward[..., 1:] > 0.5, 0.0, q)
