"""A panel of heuristics for mazes: rules of thumb that find the way to a goal now and then, and search nothing.

What a subject's answers must show is counted beyond all of them and whatever can be composed from them.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int16

from mesascope.worlds.grids.grid import MOVES, GridLevels

Cells = Bool[Array, "height width level"]
Moves = Bool[Array, "action height width level"]
Costs = Int16[Array, "height width level"]

_FAR = 10_000
"""A cost that nothing reaches."""


def heuristics(levels: GridLevels) -> dict[str, Bool[Array, "level state action"]]:
    """What each heuristic would do on the way to the object in slot 0.

    Args:
        levels: Levels as `GridCounterfactuals.aim` gives them: the most valued object is in slot 0, others bar the way.

    Returns:
        For each heuristic the moves that it holds for good, none where it has nothing to say.
    """
    height, width = levels.interior
    # Levels on the last axis, and the smallest numbers that hold a way: what is compared is then in long runs.
    cell = jnp.arange(height * width).reshape(height, width, 1)
    lies = [(levels.cell[:, slot] == cell) & levels.present[:, slot] for slot in range(levels.cell.shape[1])]
    goal = lies[0]
    free = ~(levels.walls.transpose(1, 2, 0) | functools.reduce(jnp.logical_or, lies))
    row, column = (part.astype(jnp.int16) for part in jnp.divmod(levels.cell[:, 0], width))
    down = row - jnp.arange(height, dtype=jnp.int16)[:, None, None]
    right = column - jnp.arange(width, dtype=jnp.int16)[:, None]
    distance = jnp.abs(down) + jnp.abs(right)
    way = _ahead(free | goal)
    toward = jnp.stack([jnp.broadcast_to(down * r + right * c > 0, goal.shape) for r, c in MOVES])
    upright = jnp.array([r != 0 for r, _ in MOVES])[:, None, None, None]
    longer = jnp.where(jnp.abs(down) >= jnp.abs(right), upright, ~upright)
    pointers, core = _fill_dead_ends(free, goal)
    inside = _ahead(core | goal)
    hopeless = jnp.full_like(distance, _FAR)
    found = {
        "compass": way & toward,
        "longer axis first": _first(way & toward & longer, way & toward),
        "rows first": _first(way & toward & upright, way & toward),
        "columns first": _first(way & toward & ~upright, way & toward),
        "goal in sight": _in_sight(free, goal),
        "nearest by Manhattan": _best(way, distance),
        "lookahead of 1": _best(way, _relaxed(distance, way, goal, 1)),
        "lookahead of 2": _best(way, _relaxed(distance, way, goal, 2)),
        "lookahead of 3": _best(way, _relaxed(distance, way, goal, 3)),
        "within 2 steps of the goal": _best(way, _relaxed(hopeless, way, goal, 2)),
        "within 3 steps of the goal": _best(way, _relaxed(hopeless, way, goal, 3)),
        "dead ends": pointers,
        "nearest beside dead ends": _first(pointers, _best(inside, distance)),
        "lookahead of 2 beside dead ends": _first(pointers, _best(inside, _relaxed(distance, inside, goal, 2))),
        "right-hand wall": _along(way, ((0, 3), (1, 2), (2, 0), (3, 1))),
        "left-hand wall": _along(way, ((0, 2), (1, 3), (2, 1), (3, 0))),
        "detour of 2": _detour(way, goal, toward),
    }
    onto, acts = _ahead(goal), free & way
    return {
        name: (_first(onto, moves) & acts).transpose(3, 1, 2, 0).reshape(len(levels), height * width, len(MOVES))
        for name, moves in found.items()
    }


def _shifted(field: Array, outside: int | bool) -> Array:
    """A field's values one cell on, by action."""
    height, width = field.shape[:2]
    padded = jnp.pad(field, ((1, 1), (1, 1), (0, 0)), constant_values=outside)
    return jnp.stack([padded[1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES])


def _ahead(there: Cells) -> Moves:
    return _shifted(there, False)


def _first(*kinds: Moves) -> Moves:
    """The first kind of move that there is in each cell."""
    chosen = kinds[0]
    for kind in kinds[1:]:
        chosen = jnp.where(chosen.any(0), chosen, kind)
    return chosen


def _best(way: Moves, cost: Costs) -> Moves:
    """Open moves of the least cost ahead, where that is not hopeless."""
    ahead = jnp.where(way, _shifted(cost, _FAR), _FAR)
    return way & (ahead == ahead.min(0)) & (ahead < _FAR)


def _relaxed(cost: Costs, way: Moves, goal: Cells, sweeps: int) -> Costs:
    """So many sweeps of 'one more than the best neighbor', from a guess."""
    cost = jnp.where(goal, 0, cost)
    for _ in range(sweeps):
        ahead = jnp.where(way, _shifted(cost, _FAR), _FAR).min(0)
        cost = jnp.where(goal, 0, jnp.minimum(1 + ahead, _FAR))
    return cost


def _repeat(times: int, step: Callable[[Array], Array], start: Array) -> Array:
    return jax.lax.fori_loop(0, times, lambda _, value: step(value), start)


def _in_sight(free: Cells, goal: Cells) -> Moves:
    """The way to a goal that lies straight ahead with nothing between."""

    def step(seen: Moves) -> Moves:
        on = [_shifted(seen[a], False)[a] for a in range(len(MOVES))]
        return _ahead(goal) | (_ahead(free) & jnp.stack(on))

    return _repeat(max(free.shape[:2]), step, _ahead(goal))


def _fill_dead_ends(free: Cells, goal: Cells) -> tuple[Moves, Cells]:
    """Pointers out of dead ends, filled until none is left, and the cells that stay."""
    steps = free.shape[0] * free.shape[1] // 2

    def step(number: Array, filled: Array) -> Array:
        core = filled == steps
        out = _ahead((core & free) | goal).sum(0, dtype=jnp.int8)
        return jnp.where(core & free & (out <= 1), number.astype(filled.dtype), filled)

    # When each cell was filled; those that stay, and the goal, come last.
    filled = jax.lax.fori_loop(0, steps, step, jnp.full(free.shape, steps, jnp.int16))
    later = _shifted(jnp.where(free | goal, filled, -1), -1) >= filled
    core = free & (filled == steps)
    return later & free & ~core, core


def _along(way: Moves, beside: tuple[tuple[int, int], ...]) -> Moves:
    """Open moves with a wall on the given side."""
    return jnp.stack([way[action] & ~way[side] for action, side in beside])


def _detour(way: Moves, goal: Cells, toward: Moves) -> Moves:
    """Toward the goal where that goes on, toward it, a step aside, two steps aside."""
    on = way & toward
    good = on.any(0) | goal
    near = (way & _ahead(good)).any(0)
    return _first(on & _ahead(good), on, way & _ahead(good), way & _ahead(near), way)
