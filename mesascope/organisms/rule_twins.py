"""The rules of organisms that do not search, written a second time in plain NumPy, and optimal play likewise.

What a build answers is held against these: they share no code with the organisms, the solver or the worlds.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

Maps = Float[np.ndarray, "level height width"]
Wanted = Bool[np.ndarray, "level height width action"]

_AWAY = ((-1, 0), (1, 0), (0, -1), (0, 1))
_RIGHT_OF = (3, 2, 0, 1)
_SWEEPS = 200


def beside(maps: np.ndarray, outside: float | bool) -> np.ndarray:
    """What lies one step up, down, left and right of every cell."""
    found = np.full((*maps.shape, 4), outside, maps.dtype)
    _, height, width = maps.shape
    for action, (down, right) in enumerate(_AWAY):
        for row in range(max(0, -down), height - max(0, down)):
            for column in range(max(0, -right), width - max(0, right)):
                found[:, row, column, action] = maps[:, row + down, column + right]
    return found


def optimal_sets(
    walls: Maps, objects: Maps, worth: Maps, discount: float
) -> tuple[Wanted, Bool[np.ndarray, "level height width"]]:
    """All optimal actions of each cell by value iteration to the end, and the cells where an agent can come and has to act.

    Touching an object ends the episode and gives its worth; a wall, or the border, is bumped into.
    """
    shut, touched = beside(walls, 1.0) > 0.5, beside(objects, 0.0) > 0.5
    gained = beside(worth, 0.0)
    value = np.zeros(walls.shape)
    for _ in range(_SWEEPS):
        onward = np.where(shut, value[..., None], beside(value, 0.0))
        q = np.where(touched & ~shut, gained, discount * onward)
        value = np.where(objects > 0.5, 0.0, q.max(-1))
    close = 1e-4 * np.maximum(np.abs(q).max(-1, keepdims=True), 1e-9)
    return q >= q.max(-1, keepdims=True) - close, (walls < 0.5) & (objects < 0.5)


def _goal(objects: Maps, worth: Maps) -> Bool[np.ndarray, "level height width"]:
    best = worth.max((1, 2), keepdims=True)
    return (objects > 0.5) & (worth > 1e-5) & (worth >= best - 1e-5)


def _toward(goal: Bool[np.ndarray, "level height width"]) -> Wanted:
    """Moves that shorten the rows or columns to the nearest goal, the first in reading order among equals."""
    levels, height, width = goal.shape
    wanted = np.zeros((*goal.shape, 4), bool)
    for level in range(levels):
        places = np.argwhere(goal[level])
        for row in range(height):
            for column in range(width):
                if not len(places):
                    continue
                down, right = min((places - (row, column)).tolist(), key=lambda away: abs(away[0]) + abs(away[1]))
                wanted[level, row, column] = [down < 0, down > 0, right < 0, right > 0]
    return wanted


def _first_of(*kinds: Wanted) -> Wanted:
    found = np.zeros_like(kinds[0])
    for kind in kinds:
        found = np.where(found.any(-1, keepdims=True), found, kind)
    return found


def compass(walls: Maps, objects: Maps, worth: Maps) -> Wanted:
    """Helpful moves that are open; all helpful ones where none is."""
    helpful = _toward(_goal(objects, worth) if worth.max() > 0 else np.zeros(walls.shape, bool))
    return _first_of(helpful & (beside(walls, 1.0) < 0.5), helpful)


def detour_compass(walls: Maps, objects: Maps, worth: Maps) -> Wanted:
    """The goal if beside; on, and on again; on; aside to where on is open; two steps aside; anything open."""
    goal = _goal(objects, worth)
    way = beside((((walls < 0.5) & (objects < 0.5)) | goal).astype(float), 0.0) > 0.5
    on = _toward(goal) & way
    good = on.any(-1) | goal
    to_good = way & (beside(good.astype(float), 0.0) > 0.5)
    near = to_good.any(-1)
    chosen = _first_of(
        beside(goal.astype(float), 0.0) > 0.5,
        on & to_good,
        on,
        to_good,
        way & (beside(near.astype(float), 0.0) > 0.5),
        way,
    )
    somewhere = np.asarray(goal.any((1, 2)))[:, None, None, None]
    return chosen & somewhere & (objects < 0.5)[..., None]


def dead_ends(walls: Maps, objects: Maps, worth: Maps) -> Wanted:
    """Cells with one way out are filled, keeping it, until none is left; the rest wanders, or takes the goal beside it."""
    goal, free = _goal(objects, worth), (walls < 0.5) & (objects < 0.5)
    filled, way = np.zeros(walls.shape, bool), np.zeros((*walls.shape, 4), bool)
    for _ in range(walls[0].size):
        out = beside((free & ~filled) | goal, False)
        new = (out.sum(-1) <= 1) & ~filled & free
        way[new], filled = out[new], filled | new
    out = beside((free & ~filled) | goal, False)
    rest = _first_of(beside(goal, False), out)
    return np.where(filled[..., None], way, rest) & (objects < 0.5)[..., None]


def wall_follower(walls: Maps, objects: Maps, worth: Maps) -> Wanted:
    """Open moves with a wall on the right; any open move where there is none."""
    shut = beside(walls, 1.0) > 0.5
    return _first_of(~shut & shut[..., list(_RIGHT_OF)], ~shut)


RULES: dict[str, Callable[[Maps, Maps, Maps], Wanted]] = {
    "compass": compass,
    "detour-compass": detour_compass,
    "dead-ends": dead_ends,
    "wall-follower": wall_follower,
}
"""Rules by the organism that follows them."""


def as_policy(wanted: Wanted) -> Float[np.ndarray, "level height width action"]:
    """Every wanted action equally; every action where none is wanted."""
    every = wanted | ~wanted.any(-1, keepdims=True)
    return every / every.sum(-1, keepdims=True)
