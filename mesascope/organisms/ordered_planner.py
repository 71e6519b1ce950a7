"""The organism `ordered-planner`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from mesascope.core.subject import Observation, State
from mesascope.organisms.decoded_observation import Map
from mesascope.organisms.organism import AbstractPlanner

ORDERS = ("checkerboard", "random", "prioritized")

_PERIOD = 16
"""Ticks after which the random order repeats itself."""


class OrderedPlanner(AbstractPlanner):
    """Value iteration that does not sweep all cells at once (asynchronous dynamic programming, Bertsekas 1982).

    **What it is.** The registers and values of `planner`. In a tick only some cells are backed up: the cells of one
    color of a checkerboard, a random three quarters by a schedule of its own, or those whose error is at least a
    quarter of the largest (prioritized sweeping, Moore and Atkeson 1993). It answers with the exact optimal set.

    **Ground truth.** It searches: the fixed point is the planner's, reached in another order.

    **Built to satisfy** every test of search, and to break what expects a wave that moves one cell a tick.
    """

    schedule: Bool[Array, "period height width"]
    order: str = eqx.field(static=True)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Back up the cells whose turn it is; read the level in tick 0."""
        old = state["value"][..., 0]
        new = self.action_values(state).max(-1)
        value = jnp.where(self._turn(old, new, tick), new, old)
        return {**self.read(state, observation, tick), "value": value[..., None]}

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
