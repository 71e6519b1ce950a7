"""The organism `horizon-planner`."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, State
from mesascope.organisms.decoded_observation import Map
from mesascope.organisms.organism import AbstractPlanner


class HorizonPlanner(AbstractPlanner):
    """A search of limited depth over a guess of what lies beyond: as many moves deep as it has ticks after the second.

    **What it is.** The registers of `planner`. In the tick after reading it writes down, in every cell, what the best object
    would be worth if no wall stood in the way, and from then on sweeps. After k sweeps a cell's value is that of the best k moves
    and the guess where they end. Made to begin anew at each step of an episode it is a receding-horizon search.

    **Ground truth.** It searches, k moves deep.

    **Built to satisfy** every test of search although it plans no whole way.
    """

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Sweep once; read the level in tick 0, guess in tick 1."""
        swept = self.action_values(state).max(-1)
        value = jnp.where(tick == self.reads_until, guessed(state["reward"], self.discount), swept)
        return {**self.read(state, observation, tick), "value": value[..., None]}


def guessed(reward: Float[Array, "level height width 2"], discount: float) -> Map:
    """Worth of each cell if the way to the best object were as long as rows plus columns."""
    levels, height, width, _ = reward.shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    apart = jnp.abs(row[:, None] - row) + jnp.abs(column[:, None] - column)
    worth = jnp.where(reward[..., 1] > 0.5, reward[..., 0], 0.0).reshape(levels, 1, -1)
    best = (worth * discount ** jnp.maximum(apart - 1, 0)).max(-1)
    return jnp.maximum(best, 0.0).reshape(levels, height, width)
