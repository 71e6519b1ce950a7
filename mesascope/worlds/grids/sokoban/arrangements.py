"""Every arrangement of boxes that can be reached in a level, found by breadth-first search over arrangements.

An arrangement is opened by flooding the floor from where the player can come to stand in it, and trying every push that can
be made from there. One that the player comes to from another side is opened again. An arrangement with all boxes on targets
ends the episode and is not opened.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from mesascope.core.inline_jit import inline_jit
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.sokoban.levels import NONE, SokobanLevels, in_cells


@lru_cache
def ahead_of(height: int, width: int) -> Int[np.ndarray, "action cell"]:
    """The cell that lies ahead of each cell in the direction of each action; height * width beyond the border."""
    row, column = np.divmod(np.arange(height * width), width)
    tables = []
    for down, right in MOVES:
        r, c = row + down, column + right
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        tables.append(np.where(inside, r * width + c, height * width))
    return np.stack(tables).astype(np.int32)


def in_order(boxes: Int[Array, "*slots box"], hue: Int[Array, " box"], cells: int) -> Int[Array, "*slots box"]:
    """An arrangement with boxes of one color in the order of their cells; colors stay where they are."""
    if boxes.shape[-1] == 1:
        return boxes
    return jnp.sort(hue * (cells + 1) + boxes + 1, -1) - hue * (cells + 1) - 1


class _Board(NamedTuple):
    """One level as the search reads it: floor and targets with a cell more, beyond the border. It is no floor, and counts as a
    target: slots without a box stand there.
    """

    floor: Bool[Array, " cell_and_beyond"]
    target: Bool[Array, " cell_and_beyond"]
    hue: Int[Array, " box"]
    ahead: Int[Array, "action cell"]

    @property
    def cells(self) -> int:
        """Cells of the interior."""
        return self.ahead.shape[1]


class _Found(NamedTuple):
    """What has been found, and which arrangements are to be opened."""

    boxes: Int[Array, "arrangement box"]
    reached: Bool[Array, "arrangement cell"]
    todo: Bool[Array, " arrangement"]
    used: Int[Array, ""]
    full: Bool[Array, ""]


def flood(
    ahead: Int[Array, "action cell"], free: Bool[Array, " cell"], start: Bool[Array, " cell"]
) -> Bool[Array, " cell"]:
    """Free cells to which one can walk from the start."""

    def spread(carry):
        reached, _ = carry
        beyond = jnp.append(reached, False)
        new = reached | (beyond[ahead].any(0) & free)
        return new, (new != reached).any()

    return jax.lax.while_loop(lambda carry: carry[1], spread, (start & free, jnp.array(True)))[0]


def _open(board: _Board, found: _Found) -> _Found:
    """The next arrangement opened."""
    number = found.todo.argmax()
    boxes = found.boxes[number]
    occupied = jnp.append(in_cells(boxes, board.cells).any(0), False)
    free = board.floor & ~occupied
    region = flood(board.ahead, free[:-1], found.reached[number])
    found = found._replace(reached=found.reached.at[number].set(region), todo=found.todo.at[number].set(False))
    stands = jnp.append(region, False)
    box, action = jnp.divmod(jnp.arange(boxes.shape[0] * len(MOVES)), len(MOVES))
    at = boxes[box]
    there, behind = board.ahead[action, at], board.ahead[action ^ 1, at]
    made = (at != NONE) & stands[behind] & free[there]
    pushed = jnp.where(jnp.arange(boxes.shape[0]) == box[:, None], there[:, None], boxes)
    pushes = (in_order(pushed, board.hue, board.cells), at, made)
    return jax.lax.scan(lambda found, push: (_reach(board, found, *push), None), found, pushes)[0]


def _reach(
    board: _Board, found: _Found, boxes: Int[Array, " box"], player: Int[Array, ""], made: Bool[Array, ""]
) -> _Found:
    """The arrangement that a push gives, if it is `made`, with the player where the box was."""
    same = (found.boxes == boxes).all(-1)
    known = same.any()
    slots = len(same)
    full = found.full | (made & ~known & (found.used == slots))
    made &= known | (found.used < slots)
    slot = jnp.where(known, same.argmax(), jnp.minimum(found.used, slots - 1))
    fresh = made & ~found.reached[slot, player]
    over = board.target[boxes].all()
    return _Found(
        found.boxes.at[slot].set(jnp.where(made, boxes, found.boxes[slot])),
        found.reached.at[slot, player].max(made),
        found.todo.at[slot].set(found.todo[slot] | (fresh & ~over)),
        found.used + (made & ~known),
        full,
    )


def _search(walls, target, hue, boxes, player, slots: int):
    height, width = walls.shape
    cells = height * width
    board = _Board(
        jnp.append(~walls.reshape(-1), False),
        jnp.append(in_cells(target, cells).any(0), True),
        hue,
        jnp.asarray(ahead_of(height, width)),
    )
    first = jnp.arange(slots) == 0
    start = in_order(boxes, hue, cells)
    found = _Found(
        jnp.where(first[:, None], start, NONE),
        first[:, None] & (jnp.arange(cells) == player),
        first & ~board.target[start].all(),
        jnp.array(1),
        jnp.array(False),
    )
    found = jax.lax.while_loop(lambda f: f.todo.any() & ~f.full, lambda f: _open(board, f), found)
    return found.boxes, found.reached, ~found.full


@inline_jit("slots")
def with_arrangements(
    walls: Bool[Array, "level height width"],
    target: Int[Array, "level target"],
    target_hue: Int[Array, "level target"],
    boxes: Int[Array, "level box"],
    box_hue: Int[Array, "level box"],
    player: Int[Array, " level"],
    slots: int,
) -> SokobanLevels:
    """Levels with every arrangement of boxes that can be reached in them.

    Args:
        walls: cells that nothing can enter.
        target: cell of each target, `NONE` for a slot that is not in use.
        target_hue: color of each target.
        boxes: cell of each box at the beginning.
        box_hue: color of each box, in rising order; boxes that a level does not have come last, in cell `NONE`.
        player: cell of the player at the beginning.
        slots: most arrangements of a level.

    Returns:
        The levels. Where there are more arrangements than slots, a level is not `complete`.
    """
    found, reached, complete = jax.vmap(_search, (0, 0, 0, 0, 0, None))(walls, target, box_hue, boxes, player, slots)
    return SokobanLevels(walls, target, target_hue, box_hue, found, reached, player, complete)
