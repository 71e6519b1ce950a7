"""Optimal values of mazes in which touching an object ends an episode: breadth-first fronts as bits, values in closed form.

A step costs nothing but time and each object ends the episode. So a cell is worth `max over objects of r g^(d - 1)`, with `d` the
steps to the object on ways that touch no other, and nothing where no object is worth reaching. A row of a maze is a word of bits,
for several objects side by side; shifts move a front one step on in all columns at once. In which step a bit was set first is
kept in bits too, a word for each binary digit. The general solver, `solver.optimal_values` of the tables, gives the same values.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from mesascope.core.solver import Discount, Values
from mesascope.worlds.grids.grid import MOVES, GridLevels, object_features

Words = UInt32[Array, "group height level"]
"""Rows of bits: column `c` for the object in lane `n` is bit `n (width + 1) + c`; the bit after each lane stays clear."""

WORD = 32
"""Bits of a word, and the most columns with their clear bit."""

MOST_OBJECTS = 3
"""With four, all ways out of a cell could end an episode, and an agent could not stay away from all of them."""


class _Board(NamedTuple):
    """Cells that a front goes on from, and cells that it reaches, in all lanes."""

    free: UInt32[Array, "height level"]
    open: UInt32[Array, "height level"]


def fits(levels: GridLevels) -> bool:
    """Whether a row and a clear bit fit into a word, and objects leave an agent a way to stay away from them."""
    return levels.interior[1] < WORD and 1 <= levels.cell.shape[1] <= MOST_OBJECTS


def front_values(levels: GridLevels, weights: Float[Array, " feature"], discount: Discount) -> Values:
    """Optimal state and action values of levels in which touching any object ends the episode.

    Args:
        levels: A batch for which `fits`.
        weights: Of the objective, by feature.
        discount: Below 1.

    Returns:
        What `solver.optimal_values` gives for `grid.grid_tables(levels)`: values of all cells, walls included, zero at objects.

    Example:
        >>> import mesascope as ms, jax.numpy as jnp
        >>> world = ms.worlds.red_doors(size=5)
        >>> front_values(world.draw(0, 3), jnp.ones(len(world.features)), 0.97).action.shape
        (3, 9, 4)
    """
    worth = object_features(levels) @ weights * levels.present
    # Objects in one cell are touched together.
    same = (levels.cell[:, :, None] == levels.cell[:, None]) & levels.present[:, None]
    reward = jnp.einsum("lop,lp->lo", same, worth)
    at = jnp.where(levels.present, levels.cell, -1)
    return _values(levels.walls, at, reward, jnp.asarray(discount, jnp.float32))


@jax.jit
def _values(
    walls: Bool[Array, "level height width"],
    at: Int[Array, "level object"],
    reward: Float[Array, "level object"],
    discount: Float[Array, ""],
) -> Values:
    """Values of levels with objects in these cells (-1: none), by what touching them is worth."""
    count, height, width = walls.shape
    objects = at.shape[1]
    lanes = min(WORD // (width + 1), objects)
    cell = np.arange(height * width).reshape(height, width, 1)
    is_wall = walls.transpose(1, 2, 0)
    lies = [at[:, slot] == cell for slot in range(objects)]
    ends = functools.reduce(jnp.logical_or, lies)
    side_by_side = np.uint32(sum(1 << (lane * (width + 1)) for lane in range(lanes)))
    board = _Board(_packed(~(is_wall | ends)) * side_by_side, _packed(~ends) * side_by_side)
    rows = [_packed(lies[slot] & ~is_wall) << np.uint32(slot % lanes * (width + 1)) for slot in range(objects)]
    words = [rows[first : first + lanes] for first in range(0, objects, lanes)]
    seeds = jnp.stack([functools.reduce(jnp.bitwise_or, word) for word in words])
    digits = _distances(seeds, board, height * width)
    factors = discount ** (2.0 ** np.arange(len(digits), dtype=np.float32))
    worth = reward.T

    def column(number: Int[Array, ""], ahead: Float[Array, "row column level"]) -> Float[Array, "row column level"]:
        """What the cells of one column are worth to who enters them."""
        best = jnp.zeros((height, count))
        for slot in range(objects):
            group, lane = divmod(slot, lanes)
            bit = np.uint32(1) << (number.astype(jnp.uint32) + np.uint32(lane * (width + 1)))
            share, reached = jnp.broadcast_to(worth[slot], best.shape), jnp.zeros(best.shape, jnp.uint32)
            for factor, digit in zip(factors, digits, strict=True):
                here = digit[group] & bit
                share, reached = jnp.where(here != 0, share * factor, share), reached | here
            best = jnp.maximum(best, jnp.where(reached != 0, share, 0.0))
        for slot in range(objects):
            best = jnp.where(at[:, slot] == cell[:, 0] + number, worth[slot], best)
        return jax.lax.dynamic_update_slice(ahead, jnp.pad(best, ((1, 1), (0, 0)))[:, None], (0, number + 1, 0))

    # A loop, so that the compiler makes this once, and not again wherever it is read.
    ahead = jax.lax.fori_loop(0, width, column, jnp.zeros((height + 2, width + 2, count)))
    return _looked_ahead(ahead, is_wall, ends)


def _packed(cells: Bool[Array, "height width level"]) -> UInt32[Array, "height level"]:
    width = cells.shape[1]
    bits = cells.astype(jnp.uint32) << np.arange(width, dtype=np.uint32)[:, None]
    return bits.sum(1, dtype=jnp.uint32)


def _distances(seeds: Words, board: _Board, most: int) -> tuple[Words, ...]:
    """Binary digits of the number of steps to each seed, the lowest first; no digit where it cannot be reached."""

    def moved(reached: Words, front: Words) -> tuple[Words, Words]:
        row = jnp.zeros_like(front[:, :1])
        around = (front << 1) | (front >> 1)
        around = around | jnp.concatenate([front[:, 1:], row], 1) | jnp.concatenate([row, front[:, :-1]], 1)
        new = around & board.open & ~reached
        return reached | new, new

    def four_steps(carry):
        reached, new, digits, fours = carry
        fronts = []
        for _ in range(4):
            reached, new = moved(reached, new & board.free)
            fronts.append(new)
        lowest, any_of = _two_digits(*fronts)
        # The other digits are those of the number of fours gone before.
        higher = tuple(any_of * ((fours >> k) & 1).astype(jnp.uint32) for k in range(len(digits) - 2))
        added = (*lowest, *higher)
        return reached, new, tuple(digit | more for digit, more in zip(digits, added, strict=True)), fours + 1

    nothing = jnp.zeros_like(seeds)
    reached, one = moved(nothing, seeds)
    reached, two = moved(reached, one & board.free)
    reached, three = moved(reached, two & board.free)
    digits = (*_two_digits(nothing, one, two, three)[0], *[nothing] * (max(most.bit_length(), 2) - 2))
    start = (reached, three, digits, jnp.array(1))
    return jax.lax.while_loop(lambda carry: (carry[1] != 0).any(), four_steps, start)[2]


def _two_digits(zero: Words, one: Words, two: Words, three: Words) -> tuple[tuple[Words, Words], Words]:
    """The two lowest binary digits of the steps in which bits were set, and the bits set in any of them."""
    return (one | three, two | three), zero | one | two | three


def _looked_ahead(ahead, is_wall, ends) -> Values:
    """State and action values from what entering each cell is worth."""
    height, width, count = is_wall.shape
    blocked = jnp.pad(is_wall, ((1, 1), (1, 1), (0, 0)), constant_values=True)
    stay = ahead[1:-1, 1:-1]
    actions = []
    for down, right in MOVES:
        there = (slice(1 + down, 1 + down + height), slice(1 + right, 1 + right + width))
        actions.append(jnp.where(ends, 0.0, jnp.where(blocked[there], stay, ahead[there])))
    action = jnp.stack(actions).reshape(len(MOVES), height * width, count).transpose(2, 1, 0)
    return Values(action.max(-1), action)
