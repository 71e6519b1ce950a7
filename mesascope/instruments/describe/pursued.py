"""How far every cell is from what is pursued: along an optimal way, and as the crow flies."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import Discount, optimal_actions
from mesascope.instruments.first_touch import action_values, first_touch
from mesascope.worlds.grids.grid import GridLevels, neighbors, object_features

FAR = 10_000
"""Steps to what cannot be reached."""


class Pursued(NamedTuple):
    """An optimal way for an objective from every cell.

    `steps` is its length and `chebyshev` the distance to the object it ends at, counting a diagonal step as one. Only
    `cells` count: free, not an object, and something worth touching within reach.
    """

    steps: Int[Array, "level state"]
    chebyshev: Int[Array, "level state"]
    optimal: Bool[Array, "level state action"]
    cells: Bool[Array, "level state"]


@eqx.filter_jit
def pursue(levels: GridLevels, mdp: FiniteMDP, weights: Float[Array, " feature"], discount: Discount) -> Pursued:
    """Distances and optimal actions of an objective; `mdp` holds the tables of `levels`, every object terminal."""
    touch = first_touch(levels, mdp, discount)
    worth = jnp.where(levels.present, object_features(levels) @ weights, 0.0)
    reach = touch.reach.max(-1)
    value = worth[:, None] * reach
    goal = value.argmax(-1)
    near = jnp.take_along_axis(reach, goal[..., None], -1)[..., 0]
    steps = jnp.where(near > 0, 1 + jnp.round(jnp.log(jnp.maximum(near, 1e-30)) / jnp.log(discount)), FAR)
    apart = _chebyshev(jnp.take_along_axis(levels.cell, goal, 1), levels.interior)
    walls = levels.walls.reshape(levels.count, -1)
    actions = action_values(touch.enters, touch.reach, jnp.broadcast_to(worth[:, None], reach.shape))
    cells = (value.max(-1) > 1e-6) & ~walls & ~mdp.terminal
    return Pursued(steps.astype(jnp.int32), apart, optimal_actions(actions), cells)


def _chebyshev(at: Int[Array, "level state"], interior: tuple[int, int]) -> Int[Array, "level state"]:
    """Distance of every cell from the cell named for it."""
    height, width = interior
    row, column = jnp.divmod(jnp.arange(height * width, dtype=at.dtype), width)
    return jnp.maximum(jnp.abs(at // width - row), jnp.abs(at % width - column))


class Away(NamedTuple):
    """Least number of moves, and least Chebyshev distance, from any of some source cells."""

    steps: Int[Array, "level state"]
    chebyshev: Int[Array, "level state"]


@eqx.filter_jit
def away_from(levels: GridLevels, sources: Int[Array, "level source"], blocked: Bool[Array, "level state"]) -> Away:
    """How far every cell is from the source cells; no way leads *on* from a blocked cell, walls included.

    `FAR` or more where there is no way.
    """
    ends = neighbors(levels.walls)
    offsets = jnp.arange(levels.count, dtype=jnp.int32)[:, None, None] * ends.shape[1]
    flat = ends + offsets
    cells = jnp.arange(ends.shape[1])
    start = jnp.where((sources[:, :, None] == cells).any(1), 0, FAR).astype(jnp.int32)

    def spread(carry):
        steps, _ = carry
        leads_on = jnp.where(blocked & (steps > 0), FAR, steps)
        new = jnp.minimum(steps, 1 + leads_on.reshape(-1)[flat].min(-1))
        return new, (new != steps).any()

    steps, _ = jax.lax.while_loop(lambda carry: carry[1], spread, (start, jnp.array(True)))
    apart = jnp.stack(
        [_chebyshev(jnp.broadcast_to(s[:, None], start.shape), levels.interior) for s in jnp.moveaxis(sources, 1, 0)]
    )
    return Away(steps, apart.min(0))
