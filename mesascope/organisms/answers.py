"""Exact answers of many levels at once: the optimal actions of every cell, and how many steps away its goal is."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.organisms.edits import LevelArrays
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import AbstractWorld

NEVER = 255
"""Steps to the goal from a cell that has none within 254."""

_CELLS_AT_ONCE = 250_000

_Result = TypeVar("_Result")


class Answers(NamedTuple):
    """`actions` holds a bit for each optimal action; `steps` the length of an optimal way to an object.

    Where the best is worth nothing there is no goal, and `steps` is 0.
    """

    actions: UInt8[np.ndarray, "level height width"]
    steps: UInt8[np.ndarray, "level height width"]


def in_chunks(arrays: LevelArrays, function: Callable[[GridLevels], _Result]) -> Iterator[_Result]:
    """`function` of successive parts of a size that is a power of two, so that it seldom compiles; results are cut."""
    most = max(1, _CELLS_AT_ONCE // arrays.walls[0].size)
    size = min(1 << (arrays.amount - 1).bit_length(), 1 << most.bit_length() - 1)
    for start in range(0, arrays.amount, size):
        count = min(size, arrays.amount - start)
        padded = np.minimum(np.arange(start, start + size), arrays.amount - 1)
        yield jax.tree.map(lambda x, count=count: np.asarray(x)[:count], function(arrays.take(padded).levels()))


def solve(arrays: LevelArrays, world: AbstractWorld, weights: Float[np.ndarray, " feature"]) -> Answers:
    """Answers of the exact solver for an objective's weights."""
    shape = arrays.walls.shape
    parts = list(in_chunks(arrays, lambda part: _solve(world, part, jnp.asarray(weights))))
    return Answers(*(np.concatenate(column).reshape(shape) for column in zip(*parts, strict=True)))


@eqx.filter_jit
def _solve(
    world: AbstractWorld, levels: GridLevels, weights: Float[Array, " feature"]
) -> tuple[UInt8[Array, "level state"], UInt8[Array, "level state"]]:
    mdp = world.tables(levels)
    values = optimal_values(mdp, weights, world.discount)
    optimal = optimal_actions(values.action)
    bits = (optimal * (1 << jnp.arange(4))).sum(-1).astype(jnp.uint8)
    steps = jnp.where(values.state > 0, steps_along(mdp, optimal), 0)
    return bits, jnp.minimum(steps, NEVER).astype(jnp.uint8)


def steps_along(mdp: FiniteMDP, optimal: Bool[Array, "level state action"]) -> Int[Array, "level state"]:
    """Least number of optimal steps to a terminal state; at least `NEVER` where optimal steps lead to none."""
    offsets = jnp.arange(mdp.levels, dtype=jnp.int32)[:, None, None] * mdp.states
    flat = mdp.successor[..., 0] + offsets

    def farther(carry):
        return carry[1]

    def lengthen(carry):
        steps, _ = carry
        on = jnp.where(optimal, 1 + steps.reshape(-1)[flat], NEVER).min(-1)
        new = jnp.where(mdp.terminal, 0, jnp.minimum(steps, on))
        return new, (new != steps).any()

    start = jnp.where(mdp.terminal, 0, NEVER).astype(jnp.int32)
    return jax.lax.while_loop(farther, lengthen, (start, jnp.array(True)))[0]


def unpack(actions: UInt8[Array, "*cells"]) -> Bool[Array, "*cells action"]:
    """The optimal actions of each cell, from their bits."""
    return (actions[..., None] >> jnp.arange(4, dtype=jnp.uint8)) & 1 == 1
