"""The organism `broadcast-planner`."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, Map
from mesascope.organisms.model import WALLS, action_values, goals, read_model
from mesascope.organisms.organism import AbstractPlanner

_FRACTION = 32.0
"""Rows and columns are kept as fractions of this, exact in floating point."""


class BroadcastPlanner(AbstractPlanner):
    """A planner that holds its goal everywhere at once: every cell knows the row and column of the goal.

    **What it is.** The values of `planner` over a register of what blocks the way and a goal in coordinates, the same in
    every cell. The coordinates are agreed on by the median of all cells, so that a patch of a few cells is outvoted.

    **Ground truth.** It searches, to the most valued object, and its goal can be rewritten: in every cell together.

    **Built to satisfy** edits that are written over the whole map, and to be missed by patches around the goal.
    """

    sites: ClassVar[tuple[Site, ...]] = (
        WALLS,
        Site("blocks", 1, "1 where an object ends the way"),
        Site("goal", 2, f"row and column of the goal over {_FRACTION:.0f}, from 1; 0 where there is none"),
        Site("value", 1, "discounted worth of the best way on, as far as it has been searched"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Sweep once; read the level in tick 0."""
        value = self.action_values(state).max(-1)
        in_view = tick < self.reads_until
        model = {"walls": state["walls"], "reward": jnp.zeros_like(state["goal"])}
        seen = read_model(model, observation, self.weights, in_view, jnp.array(True))
        goal = goals(seen["reward"])
        width = goal.shape[2]
        first = goal.reshape(goal.shape[0], -1).argmax(-1)
        place = jnp.stack(jnp.divmod(first, width), -1).astype(jnp.float32) + 1.0
        place = jnp.where(goal.any((1, 2))[:, None], place, 0.0)[:, None, None] / _FRACTION
        return {
            "walls": seen["walls"],
            "blocks": jnp.where(in_view, seen["reward"][..., 1:], state["blocks"]),
            "goal": jnp.where(in_view, jnp.broadcast_to(place, state["goal"].shape), state["goal"]),
            "value": value[..., None],
        }

    def action_values(self, state: State) -> Logits:
        """Worth of each action on the way to the goal that most cells name."""
        walls, blocks, value = state["walls"], state["blocks"], state["value"][..., 0]
        reward = jnp.stack([_located(state["goal"]), blocks[..., 0]], -1)
        reward = reward.at[..., 1].max(reward[..., 0])
        return action_values(walls, reward, value, self.discount)


def _located(goal: Float[Array, "level height width 2"]) -> Map:
    """1 at the cell that most cells name."""
    levels, height, width, _ = goal.shape
    middle = jnp.sort(goal.reshape(levels, -1, 2), 1)[:, height * width // 2] * _FRACTION
    row, column = (jnp.round(middle[:, axis]) - 1 for axis in (0, 1))
    at_row = jnp.arange(height) == row[:, None]
    at_column = jnp.arange(width) == column[:, None]
    return (at_row[:, :, None] & at_column[:, None, :]).astype(jnp.float32)
