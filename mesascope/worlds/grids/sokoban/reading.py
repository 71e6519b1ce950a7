"""Levels from text in the XSB format, checked as a game of Sokoban has to be, with every arrangement of boxes enumerated."""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool

from mesascope.core.errors import LevelFormatError
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.printing import WALL, format_error
from mesascope.worlds.grids.sokoban.arrangements import with_arrangements
from mesascope.worlds.grids.sokoban.levels import ABSENT, NONE, SokobanLevels
from mesascope.worlds.grids.sokoban.xsb import BOX, BOX_ON, PLAYER, PLAYER_ON, TARGET, Board, boards_of, colors_of

MAX_SIDE = 32
"""Most rows and columns of a level that is enumerated, border included."""
SLOTS = (64, 512, 4096)
"""How many arrangements of boxes are made room for, one after the other, until all of a level's are found."""
MOST_STATES = 2**18
"""Most states of a level: arrangements times cells."""

_OUTSIDE = "\0"


class _Read(NamedTuple):
    """One level as NumPy arrays: interior, and places as row-major numbers of it."""

    walls: Bool[np.ndarray, "height width"]
    targets: list[tuple[int, int]]
    boxes: list[tuple[int, int]]
    """Cell and color of each."""
    player: int
    line: int


def read_xsb(text: str) -> SokobanLevels:
    r"""All levels of a text as one batch, smaller ones filled up with wall on the right and below.

    Args:
        text: one level or a collection in the XSB format.

    Returns:
        The levels, with every arrangement of boxes that can be reached in them.

    Raises:
        LevelFormatError: what is wrong in which line and column, or a level that is too large to be enumerated.

    Example:
        >>> levels = read_xsb("#####\n#@$.#\n#####")
        >>> len(levels), levels.state_counts.tolist()
        (1, [2])
    """
    return levels_of_boards(boards_of(text))


def levels_of_boards(boards: list[Board]) -> SokobanLevels:
    """The levels of boards as one batch; see `read_xsb`."""
    levels = [_read(board) for board in boards]
    height, width = (max(level.walls.shape[axis] for level in levels) for axis in (0, 1))
    targets, boxes = max(len(level.targets) for level in levels), max(len(level.boxes) for level in levels)
    if (height * width + 1) ** boxes >= 2**31:
        raise _too_many(next(level for level in levels if len(level.boxes) == boxes), f"{boxes} boxes")
    found = [_enumerated(_wider(level, height, width), targets, boxes) for level in levels]
    slots = max(level.arrangements for level in found)
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(_with_slots(level, slots) for level in found))


def _too_many(level: _Read, what: str) -> LevelFormatError:
    return format_error(
        level.line,
        1,
        f"the level that starts here is too large to be enumerated ({what}); expected at most {_slots(level)[-1]} "
        "arrangements of boxes: leave it out",
    )


def _slots(level: _Read) -> list[int]:
    return [slots for slots in SLOTS if slots * level.walls.size <= MOST_STATES]


def _with_slots(levels: SokobanLevels, slots: int) -> SokobanLevels:
    more = slots - levels.arrangements
    boxes = jnp.pad(levels.boxes, ((0, 0), (0, more), (0, 0)), constant_values=NONE)
    reached = jnp.pad(levels.reached, ((0, 0), (0, more), (0, 0)))
    return SokobanLevels(
        levels.walls, levels.target, levels.target_hue, levels.box_hue, boxes, reached, levels.player, levels.complete
    )


def _enumerated(level: _Read, targets: int, boxes: int) -> SokobanLevels:
    box = sorted(level.boxes, key=lambda box: box[1]) + [(NONE, ABSENT)] * (boxes - len(level.boxes))
    target = level.targets + [(NONE, ABSENT)] * (targets - len(level.targets))
    (at, hue), (box_at, box_hue) = (jnp.asarray(pairs, jnp.int32).T[:, None] for pairs in (target, box))
    walls, player = jnp.asarray(level.walls)[None], jnp.asarray([level.player], jnp.int32)
    for slots in _slots(level):
        found = with_arrangements(walls, at, hue, box_at, box_hue, player, slots)
        if bool(found.complete[0]):
            return found
    raise _too_many(level, f"more than {_slots(level)[-1]} arrangements")


def _wider(level: _Read, height: int, width: int) -> _Read:
    own = level.walls.shape
    walls = np.pad(level.walls, ((0, height - own[0]), (0, width - own[1])), constant_values=True)

    def moved(cell: int) -> int:
        return cell // own[1] * width + cell % own[1]

    return _Read(
        walls,
        [(moved(cell), hue) for cell, hue in level.targets],
        [(moved(cell), hue) for cell, hue in level.boxes],
        moved(level.player),
        level.line,
    )


def _read(board: Board) -> _Read:
    first = board.lines[0].number
    width = max(len(line.text) for line in board.lines)
    if width > MAX_SIDE or len(board.lines) > MAX_SIDE:
        raise format_error(
            first, 1, f"the level is {len(board.lines)} high and {width} wide; expected at most {MAX_SIDE} each way"
        )
    cells = np.array([list(line.text.ljust(width, _OUTSIDE)) for line in board.lines])

    def places(*letters: str) -> list[tuple[int, int]]:
        return [(int(row), int(column)) for row, column in np.argwhere(np.isin(cells, letters))]

    def error(place: tuple[int, int], message: str) -> LevelFormatError:
        return format_error(board.lines[place[0]].number, place[1] + 1, message)

    players = places(PLAYER, PLAYER_ON)
    if not players:
        raise error((0, 0), "the level that starts here has no player; expected one @, or + on a target")
    if len(players) > 1:
        raise error(
            players[1], "found a second player; expected one @, or + on a target: type a space, or . for a target"
        )
    inside = np.zeros(cells.shape, bool)
    for place in _flood(cells, players[0]):
        if place[0] in (0, len(cells) - 1) or place[1] in (0, width - 1) or cells[place] == _OUTSIDE:
            shown = (place[0], min(place[1], len(board.lines[place[0]].text)))
            raise error(shown, f"the level is open here: the player can leave it; close it with {WALL}")
        inside[place] = True
    lost = [place for place in places(BOX) if not inside[place]]
    if lost:
        raise error(lost[0], "the player can never come near this box; put it on a target (*) or leave it out")
    boxes = [place for place in places(BOX, BOX_ON) if inside[place]]
    targets = [place for place in places(TARGET, BOX_ON, PLAYER_ON) if inside[place]]
    if not boxes:
        raise error((0, 0), f"the level that starts here has no box; expected at least one {BOX}")
    if len(boxes) > len(targets):
        raise error(
            boxes[len(targets)], f"{len(boxes)} boxes and {len(targets)} targets; expected a target (.) for every box"
        )

    def number(place: tuple[int, int]) -> int:
        return (place[0] - 1) * (width - 2) + place[1] - 1

    return _Read(
        ~inside[1:-1, 1:-1],
        list(zip(map(number, targets), colors_of(board, "targets", len(targets)), strict=True)),
        list(zip(map(number, boxes), colors_of(board, "boxes", len(boxes)), strict=True)),
        number(players[0]),
        first,
    )


def _flood(cells: np.ndarray, start: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Places that the player could walk to if there were no boxes, each before what lies beyond it."""
    seen, todo = {start}, [start]
    while todo:
        place = todo.pop(0)
        yield place
        for down, right in MOVES:
            beside = (place[0] + down, place[1] + right)
            if beside not in seen and cells[beside] != WALL:
                seen.add(beside)
                todo.append(beside)
