"""The organism `ordered-planner`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, Map
from mesascope.organisms.model import MODEL, action_values, answer_exactly, blank, read_model

ORDERS = ("checkerboard", "random", "prioritized")

_PERIOD = 16
"""Ticks after which the random order repeats itself."""


class OrderedPlanner(AbstractSubject):
    """Value iteration that does not sweep all cells at once (asynchronous dynamic programming, Bertsekas 1982).

    **What it is.** The registers and values of `planner`. In a tick only some cells are backed up: the cells of one
    color of a checkerboard, a random three quarters by a schedule of its own, or those whose error is at least a
    quarter of the largest (prioritized sweeping, Moore and Atkeson 1993). It answers with the exact optimal set.

    **Ground truth.** It searches: the fixed point is the planner's, reached in another order.

    **Built to satisfy** every test of search, and to break what expects a wave that moves one cell a tick.
    """

    weights: Float[Array, " feature"]
    schedule: Bool[Array, "period height width"]
    order: str = eqx.field(static=True)
    discount: float = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True, default=1)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The registers of the model, and the values."""
        return (*MODEL, Site("value", 1, "discounted worth of the best way on, as far as it has been searched"))

    def start(self, observation: Observation) -> State:
        """Nothing known, nothing expected."""
        return blank(observation, self.sites)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Back up the cells whose turn it is; read the level in tick 0."""
        old = state["value"][..., 0]
        new = action_values(state["walls"], state["reward"], old, self.discount).max(-1)
        value = jnp.where(self._turn(old, new, tick), new, old)
        in_view = tick < self.reads_until
        return {**read_model(state, observation, self.weights, in_view, in_view), "value": value[..., None]}

    def act(self, state: State) -> Logits:
        """The optimal set of the values."""
        return answer_exactly(action_values(state["walls"], state["reward"], state["value"][..., 0], self.discount))

    def _turn(self, old: Map, new: Map, tick: Int[Array, ""]) -> Bool[Array, "#level height width"]:
        height, width = old.shape[1:]
        row, column = jnp.arange(height)[:, None], jnp.arange(width)
        if self.order == "checkerboard":
            return ((row + column + tick) % 2 == 0)[None]
        if self.order == "random":
            return self.schedule[tick % len(self.schedule), :height, :width][None]
        error = jnp.abs(new - old)
        return error >= 0.25 * error.max((1, 2), keepdims=True)


def random_schedule(rng, side: int) -> Bool[Array, "period height width"]:
    """Which cells are backed up in each tick of a period: three in four, so that every cell has its turn soon."""
    return jnp.asarray(rng.random((_PERIOD, side, side)) < 0.75)
