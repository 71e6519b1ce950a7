"""Loopy mazes: a uniform-weight minimum spanning tree over rooms, then extra openings."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key

MIN_SIZE, MAX_SIZE = 5, 25


def check_size(size: int, field: str = "size") -> int:
    """`size` if a maze can have it; `UsageError` otherwise."""
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise UsageError(f"{field} {size}: a maze has a size from {MIN_SIZE} to {MAX_SIZE}, border included")
    return size


def check_share(value: float, field: str) -> float:
    """`value` if it is a share; `UsageError` otherwise."""
    if not 0 <= value <= 1:
        raise UsageError(f"{field} {value}: expected a number from 0 to 1")
    return value


def _edges(rows: int, columns: int) -> tuple[Int[np.ndarray, "edge 2"], Int[np.ndarray, "edge 2"]]:
    """Pairs of adjacent rooms, and the interior cell (row, column) of the wall between each pair."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    right, below = column < columns - 1, row < rows - 1
    ends = np.concatenate(
        [np.stack([np.flatnonzero(m), np.flatnonzero(m) + step], 1) for m, step in ((right, 1), (below, columns))]
    )
    between = np.concatenate(
        [np.stack([2 * row[right], 2 * column[right] + 1], 1), np.stack([2 * row[below] + 1, 2 * column[below]], 1)]
    )
    return ends, between


_INDEX_BITS = 9
"""Of a random word, those that make way for the number of what is ordered; the others are as many as `uniform` uses."""


def _random_orders(key: PRNGKeyArray, count: int, length: int) -> Int[Array, "level length"]:
    """`count` random permutations: `argsort` of uniform numbers, by sorting words that end in their own place.

    Words are compared faster than pairs of a number and its place. Equal numbers stay in order, as in a stable sort.
    """
    if length > 2**_INDEX_BITS:
        raise ValueError(f"{length} to be ordered: at most {2**_INDEX_BITS}")
    places = jnp.arange(length, dtype=jnp.uint32)
    words = jax.random.bits(key, (count, length), jnp.uint32) >> _INDEX_BITS << _INDEX_BITS
    return (jnp.sort(words | places, axis=1) & (2**_INDEX_BITS - 1)).astype(jnp.int32)


def draw_mazes(
    key: PRNGKeyArray, count: int, size: int, openings: float | Float[Array, ""], length: int | None = None
) -> Bool[Array, "level height width"]:
    """Walls of `count` connected mazes of outer height `size` and outer width `length`, the same unless given.

    Kruskal's algorithm on random edge weights gives the tree; each wall left between two rooms is then opened with
    probability `openings`, which makes loops. All levels advance together, one edge of each at a time. Rooms and the walls
    between them alternate, which gives an odd size; for an even one a line of walls stands twice (`_with_a_line_twice`).
    """
    sides = (size, size if length is None else length)
    rows, columns = ((side - 1) // 2 for side in sides)
    ends, between = (jnp.asarray(table, jnp.int32) for table in _edges(rows, columns))
    order_key, open_key = jax.random.split(key)
    order = _random_orders(order_key, count, len(ends))
    level = jnp.arange(count)

    # Levels on the last axis and one byte for each room's group: what is compared and rewritten for every edge is small.
    def join(group, edge):
        a, b = group[ends[edge, 0], level], group[ends[edge, 1], level]
        return jnp.where(group == b, a, group), a != b

    start = jnp.broadcast_to(jnp.arange(rows * columns, dtype=jnp.uint8)[:, None], (rows * columns, count))
    _, joined = jax.lax.scan(join, start, order.T)
    in_tree = jnp.zeros((count, len(ends)), bool).at[level[:, None], order].set(joined.T)
    opened = in_tree | (jax.random.uniform(open_key, in_tree.shape) < openings)
    height, width = 2 * rows - 1, 2 * columns - 1
    odd_row = jnp.arange(height) % 2 == 1
    odd_column = odd_row if width == height else jnp.arange(width) % 2 == 1
    walls = jnp.broadcast_to(odd_row[:, None] | odd_column[None, :], (count, height, width))
    walls = walls.at[:, between[:, 0], between[:, 1]].set(~opened)
    for axis, side in enumerate(sides, 1):
        if side % 2 == 0:
            walls = _with_a_line_twice(named_key(key, "twice", axis), walls, axis)
    return walls


def _with_a_line_twice(
    key: PRNGKeyArray, walls: Bool[Array, "level height width"], axis: int
) -> Bool[Array, "level height_or_more width_or_more"]:
    """Mazes that are one cell longer: a row (`axis` 1) or column (2) of walls between rooms, drawn for each level, stands twice.

    The passages through it are one cell longer: what was connected still is, and no loop is made.
    """
    lines = walls.shape[axis]
    twice = 2 * jax.random.randint(key, (len(walls), 1), 0, lines // 2) + 1
    place = jnp.arange(lines + 1)
    return jnp.take_along_axis(walls, jnp.expand_dims(place - (place > twice), 3 - axis), axis)


def distinct_cells(
    key: PRNGKeyArray, walls: Bool[Array, "level height width"], count: int
) -> Int[Array, "level object"]:
    """`count` different free cells of each level, at random, in random order."""
    flat = walls.reshape(walls.shape[0], -1)
    noise = jnp.where(flat, jnp.inf, jax.random.uniform(key, flat.shape))
    return jax.lax.top_k(-noise, count)[1].astype(jnp.int32)
