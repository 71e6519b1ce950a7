"""The organism `doubling`."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, ahead, prefer
from mesascope.organisms.model import MODEL, enterable, goals
from mesascope.organisms.organism import AbstractModelOrganism

FAR = 128.0
"""The distance of cells that no known way connects."""


class Doubling(AbstractModelOrganism):
    """All-pairs distances by repeated squaring of a min-plus matrix: ticks grow with the logarithm of the distance.

    **What it is.** The registers of `planner`, and in every cell a row of distances to all cells, without a goal. In
    tick 1 the rows are built from the registers, one step wide; every later tick joins each way to each (Fischer and
    Meyer 1971), so that what is known doubles. The goal enters only in the readout.

    **Ground truth.** It searches. Walls count only if they are rewritten before tick 1; the goal at any time.

    **Built to satisfy** the edits of goal and walls, and to break what expects time in proportion to distance, or a
    wave that spreads from the goal.
    """

    cells: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The registers of the model, and the rows."""
        return (*MODEL, Site("rows", self.cells, f"steps to each cell, over {FAR:.0f}; 1 where no way is known"))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Read in tick 0, build one-step rows in tick 1, then square."""
        cells = observation.shape[1] * observation.shape[2]
        rows = state["rows"].reshape(-1, cells, self.cells)[..., :cells]
        rows = jax.lax.switch(jnp.minimum(tick, 2), (lambda: rows, lambda: _one_step(state), lambda: _square(rows)))
        padded = jnp.pad(rows, ((0, 0), (0, 0), (0, self.cells - cells)))
        model = self.read(state, observation, tick)
        return {**model, "rows": padded.reshape(state["rows"].shape)}

    def act(self, state: State) -> Logits:
        """The actions that lead nearest to a goal."""
        goal = goals(state["reward"])
        levels, height, width = goal.shape
        rows = jnp.round(state["rows"].reshape(levels, -1, self.cells)[..., : height * width] * FAR)
        steps = jnp.where(goal.reshape(levels, 1, -1), rows, FAR).min(-1).reshape(goal.shape)
        passable = enterable(state) | goal
        onward = ahead(jnp.where(passable, jnp.where(goal, 0.0, steps), FAR), FAR)
        least = onward.min(-1, keepdims=True)
        return prefer((least > FAR - 0.5) | (state["reward"][..., 1:] > 0.5) | (onward < least + 0.5))


def _one_step(state: State) -> Float[Array, "level cell cell"]:
    """Distances of at most one step. Ways may end on an object but not pass it, and never touch a wall."""
    through = enterable(state)
    levels, height, width = through.shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    apart = jnp.abs(row[:, None] - row) + jnp.abs(column[:, None] - column)
    leaves = through.reshape(levels, -1, 1)
    enters = (state["walls"][..., 0] < 0.5).reshape(levels, 1, -1)
    steps = jnp.where((apart == 1) & leaves & enters, 1.0, FAR)
    return jnp.where(apart == 0, 0.0, steps) / FAR


def _square(rows: Float[Array, "level cell cell"]) -> Float[Array, "level cell cell"]:
    """Least sum of two ways, over the cell where they join."""

    def join(best, halfway):
        onto, on = halfway
        return jnp.minimum(best, onto[:, :, None] + on[:, None, :]), None

    halfway = (jnp.moveaxis(rows, 2, 0), jnp.moveaxis(rows, 1, 0))
    return jax.lax.scan(join, jnp.minimum(rows, 1.0), halfway)[0]
