"""A small library of algorithms with explicit variables in every cell, to be compared with a subject by interchange.

All that an algorithm uses is in its variables, the level it was given included: to exchange the variables of some cells
is to exchange everything there. Variables are maps; the first channel is the wall.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.worlds.grids.grid import MOVES, GridLevels, cell_features, one_hot_objects
from mesascope.worlds.grids.habits import RIGHT_OF, or_any
from mesascope.worlds.strategies import Algorithm, AlgorithmLibrary, Sets, Variables

Map = Float[Array, "level height width"]

_UNSEEN = -1e9


class Problem(NamedTuple):
    """What an algorithm is given: walls, objects, what touching them is worth, and the exact optimal actions."""

    walls: Map
    objects: Map
    worth: Map
    optimal: Sets

    @property
    def closed(self) -> Map:
        """Above 0 in cells in which nobody acts."""
        return self.walls + self.objects


def problem_of(
    levels: GridLevels, weights: Float[Array, " feature"], optimal: Bool[Array, "level state action"]
) -> Problem:
    """Levels in which touching an object ends the episode, as algorithms begin from them."""
    objects = one_hot_objects(levels).any(1).astype(jnp.float32)
    worth = cell_features(levels) @ weights
    return Problem(levels.walls.astype(jnp.float32), objects, worth, optimal.reshape(*levels.walls.shape, -1))


def ahead(field: Map, outside: float) -> Float[Array, "level height width action"]:
    """What lies one cell up, down, left and right; `outside` beyond the border."""
    height, width = field.shape[1:]
    padded = jnp.pad(field, ((0, 0), (1, 1), (1, 1)), constant_values=outside)
    return jnp.stack([padded[:, 1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES], -1)


def _open(v: Variables) -> Float[Array, "level height width action"]:
    return (ahead(v[..., 0], 1.0) < 0.5).astype(jnp.float32)


def _given(level: Problem, *more: Map) -> Variables:
    return jnp.stack([level.walls, level.objects, level.worth, *more], -1)


def _goals(v: Variables) -> Bool[Array, "level height width"]:
    """The most valued objects."""
    worth = jnp.where(v[..., 1] > 0.5, v[..., 2], _UNSEEN)
    return (worth > 1e-6) & (worth >= worth.max((1, 2), keepdims=True) - 1e-6)


def _action_values(v: Variables, discount: float) -> Float[Array, "level height width action"]:
    """Bellman's right side: the object ahead, or the discounted value ahead; 0 where the episode has ended."""
    touches, worth, value = ahead(v[..., 1], 0.0) > 0.5, ahead(v[..., 2], 0.0), ahead(v[..., 3], 0.0)
    on = jnp.where(touches, worth, discount * value)
    q = jnp.where(_open(v) > 0.5, on, discount * v[..., 3:4])
    return jnp.where(v[..., 1:2] > 0.5, 0.0, q)


def _sweep(v: Variables, discount: float) -> Variables:
    return v.at[..., 3].set(_action_values(v, discount).max(-1))


def _greedy(v: Variables, discount: float) -> Sets:
    q = _action_values(v, discount)
    best = q.max(-1, keepdims=True)
    return or_any((q >= best - 1e-4 * jnp.abs(best)) & (best > 1e-9))


def _flood(v: Variables) -> Variables:
    """Cells next to reached ones are reached, and point there for good."""
    reached = (v[..., 3] > 0.5) | _goals(v)
    free = (v[..., 0] < 0.5) & (v[..., 1] < 0.5)
    beside = (ahead(reached.astype(jnp.float32), 0.0) > 0.5) & (_open(v) > 0.5)
    new = free & ~reached & beside.any(-1)
    pointer = jnp.where(new[..., None], beside.astype(jnp.float32), v[..., 4:8])
    return jnp.concatenate([v[..., :3], (reached | new).astype(jnp.float32)[..., None], pointer], -1)


def _fill(v: Variables) -> Variables:
    """A cell with one way on that is not filled is filled, and points along that way."""
    filled, goal = v[..., 3] > 0.5, _goals(v)
    closed = (v[..., 0] > 0.5) | ((v[..., 1] > 0.5) & ~goal)
    ways = ahead((closed | filled).astype(jnp.float32), 1.0) < 0.5
    new = ~closed & ~filled & ~goal & (ways.sum(-1) == 1)
    pointer = jnp.where(new[..., None], ways.astype(jnp.float32), v[..., 4:8])
    return jnp.concatenate([v[..., :3], (filled | new).astype(jnp.float32)[..., None], pointer], -1)


def _unfilled(v: Variables) -> Sets:
    closed = ahead(jnp.maximum(v[..., 0], v[..., 3]), 1.0) > 0.5
    return or_any(jnp.where(v[..., 3:4] > 0.5, v[..., 4:8] > 0.5, ~closed))


def _along_the_wall(v: Variables) -> Sets:
    way = _open(v) > 0.5
    along = way & ~way[..., jnp.array(RIGHT_OF)]
    return or_any(jnp.where(along.any(-1, keepdims=True), along, way))


def _point(v: Variables) -> Variables:
    """Rows and columns to the nearest of the most valued objects."""
    levels, height, width, _ = v.shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    place = jnp.stack([row, column], -1).astype(jnp.float32)
    apart = jnp.abs(place[:, None] - place[None]).sum(-1)
    goals = _goals(v).reshape(levels, 1, -1)
    nearest = jnp.where(goals, apart, jnp.inf).argmin(-1)
    needle = jnp.where(goals.any(-1)[..., None], place[nearest] - place, 0.0)
    return jnp.concatenate([v[..., :3], needle.reshape(levels, height, width, 2)], -1)


def _straight(v: Variables) -> Sets:
    helpful = v[..., 3:5] @ jnp.array(MOVES, jnp.float32).T > 0.5
    way = helpful & (_open(v) > 0.5)
    return or_any(jnp.where(way.any(-1, keepdims=True), way, helpful))


def _with_openings(*more: Callable[[Variables], Array]) -> Callable[[Variables], Variables]:
    return lambda v: jnp.concatenate([v, _open(v), *(each(v) for each in more)], -1)


def _with_pointers(level: Problem) -> Variables:
    nothing = jnp.zeros_like(level.walls)
    return _given(level, *[nothing] * 5)


def _same(v: Variables) -> Variables:
    return v


VALUE_ITERATION, BREADTH_FIRST, DEAD_ENDS = "value iteration", "latched breadth-first", "dead-end filling"
WALL_FOLLOWER, COMPASS, LOOKUP = "wall follower", "compass", "lookup"


@lru_cache
def library(discount: float) -> AlgorithmLibrary:
    """The algorithms, with values that are discounted so. The same object for the same discount: programs are compiled for it."""
    values = partial(_action_values, discount=discount)
    iterated = Algorithm(
        VALUE_ITERATION,
        "values of all cells, renewed at every step",
        lambda level: _given(level, jnp.zeros_like(level.walls)),
        partial(_sweep, discount=discount),
        partial(_greedy, discount=discount),
        _with_openings(values),
        moves=True,
    )
    return AlgorithmLibrary((iterated, *_WITHOUT_VALUES), problem_of)


_WITHOUT_VALUES = (
    Algorithm(
        BREADTH_FIRST,
        "a flood from the goal; each cell points back to where it was reached from, for good",
        _with_pointers,
        _flood,
        lambda v: or_any(v[..., 4:8] > 0.5),
        _with_openings(),
        moves=True,
    ),
    Algorithm(
        DEAD_ENDS,
        "dead ends are filled from their tips; exact in mazes without loops",
        _with_pointers,
        _fill,
        _unfilled,
        _with_openings(),
        moves=True,
    ),
    Algorithm(
        WALL_FOLLOWER,
        "along a wall on the right",
        lambda level: level.walls[..., None],
        _same,
        _along_the_wall,
        _with_openings(),
        moves=False,
    ),
    Algorithm(
        COMPASS,
        "rows and columns toward the goal, blind to the way there",
        lambda level: _given(level, jnp.zeros_like(level.walls), jnp.zeros_like(level.walls)),
        _point,
        _straight,
        _with_openings(),
        moves=True,
    ),
    Algorithm(
        LOOKUP,
        "every cell keeps the answer that it was given",
        lambda level: level.optimal.astype(jnp.float32),
        _same,
        lambda v: or_any(v > 0.5),
        _same,
        moves=False,
    ),
)
