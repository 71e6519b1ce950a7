"""Levels as text: one character a cell, border included. Printing and parsing lose nothing.

    #######
    #R..#b#
    ###.#.#
    #.....#
    #######

`#` is wall, `.` a free cell, an upper-case letter a door and a lower-case letter a ball of the color it abbreviates.
Levels hold no agent: an episode may start in any free cell.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from mesascope.core.errors import LevelFormatError
from mesascope.worlds.grid import ABSENT, COLORS, SHAPES, GridLevels

WALL, FREE = "#", "."
GLYPHS = {
    ("door", "red"): "R",
    ("door", "blue"): "B",
    ("door", "green"): "G",
    ("door", "yellow"): "Y",
    ("ball", "red"): "r",
    ("ball", "blue"): "b",
    ("ball", "green"): "g",
    ("ball", "yellow"): "y",
}
"""Character of each shape and color."""

MAX_SIDE = 64
"""Most rows and columns of a level's text, border included."""
MAX_CHARACTERS = 65_536
"""Most characters that are read at all."""
BALLS = 2
"""Most balls of a level: slot 0 is the door, slots 1 and 2 are the balls."""

_OBJECTS = {glyph: (SHAPES.index(shape), COLORS.index(color)) for (shape, color), glyph in GLYPHS.items()}
_DOORS = ", ".join(glyph for (shape, _), glyph in GLYPHS.items() if shape == "door")
_KNOWN = f"{WALL} (wall), {FREE} (free), {_DOORS} (doors) or their lower-case letters (balls)"


class _Block(NamedTuple):
    """The lines of one level and the line number, from 1, of the first."""

    lines: list[str]
    first: int


class _Level(NamedTuple):
    """One level as arrays without a level axis; slots as (cell, shape, color)."""

    walls: np.ndarray
    slots: np.ndarray


def parse_level(text: str, *, door_required: bool = True) -> GridLevels:
    """The one level in `text`, as a batch of 1.

    Slot 0 holds the door, slots 1 and 2 the balls in reading order. Blank lines around the level are ignored. With
    `door_required` false a level without a door is accepted, with slot 0 not in use. `LevelFormatError` says what is
    wrong in which line and column, counted from 1.
    """
    blocks = _blocks(text)
    if len(blocks) > 1:
        raise _error(blocks[1].first, 1, "a second level starts here; expected one level: use parse_levels for several")
    return _batch([_read(blocks[0], door_required)])


def parse_levels(text: str, *, door_required: bool = True) -> GridLevels:
    """All levels in `text`, separated by blank lines, as one batch; all must have the same height and width."""
    blocks = _blocks(text)
    levels = [_read(block, door_required) for block in blocks]
    height, width = levels[0].walls.shape
    for block, level in zip(blocks, levels, strict=True):
        if level.walls.shape != (height, width):
            raise _error(
                block.first,
                1,
                f"this level is {len(block.lines)} high and {len(block.lines[0])} wide, the first one "
                f"{height + 2} high and {width + 2} wide; expected one size: parse levels of other sizes apart",
            )
    return _batch(levels)


def print_level(levels: GridLevels, index: int = 0) -> str:
    """One level of a batch as text, without a line end after the last line.

    `LevelFormatError` when an object lies in a wall or on another object: one character a cell cannot say that.
    """
    if not -levels.count <= index < levels.count:
        raise IndexError(f"level {index} of a batch of {levels.count}")
    walls, cells = np.asarray(levels.walls)[index], np.asarray(levels.cell)[index]
    height, width = walls.shape
    grid = np.full((height + 2, width + 2), WALL)
    grid[1:-1, 1:-1] = np.where(walls, WALL, FREE)
    for cell, shape, color in zip(cells, np.asarray(levels.shape)[index], np.asarray(levels.color)[index], strict=True):
        if shape == ABSENT:
            continue
        row, column = int(cell) // width + 1, int(cell) % width + 1
        if grid[row, column] != FREE:
            where = "in a wall" if grid[row, column] == WALL else "on another object"
            raise _error(row + 1, column + 1, f"an object of level {index} lies {where}; expected a free cell")
        grid[row, column] = GLYPHS[SHAPES[shape], COLORS[color]]
    return "\n".join("".join(row) for row in grid)


def print_levels(levels: GridLevels) -> str:
    """All levels of a batch, separated by blank lines."""
    return "\n\n".join(print_level(levels, index) for index in range(levels.count))


def _error(line: int, column: int, message: str) -> LevelFormatError:
    return LevelFormatError(f"line {line}, column {column}: {message}")


def _shown(character: str) -> str:
    """A character as a message can show it."""
    if character == " ":
        return "a space"
    return f"'{character}'" if character.isascii() and character.isprintable() else f"U+{ord(character):04X}"


def _blocks(text: str) -> list[_Block]:
    """Runs of lines that are not blank; at least one."""
    if len(text) > MAX_CHARACTERS:
        raise _error(1, 1, f"the text has {len(text)} characters; expected at most {MAX_CHARACTERS}: parse it in parts")
    blocks: list[_Block] = []
    fresh = True
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line.strip(" \t") == "":
            fresh = True
            continue
        if fresh:
            blocks.append(_Block([], number))
        blocks[-1].lines.append(line)
        fresh = False
    if not blocks:
        raise _error(1, 1, f"found no level; expected a rectangle of {_KNOWN}, with a border of {WALL}")
    return blocks


def _read(block: _Block, door_required: bool) -> _Level:
    """One level; the first thing wrong in it, in reading order, is the error."""
    _check_rectangle(block)
    height, width = len(block.lines), len(block.lines[0])
    walls = np.zeros((height - 2, width - 2), bool)
    slots = np.array([[0, ABSENT, ABSENT]] * (1 + BALLS), np.int32)
    balls = 0
    for row, line in enumerate(block.lines):
        for column, glyph in enumerate(line):
            place = (block.first + row, column + 1)
            if row in (0, height - 1) or column in (0, width - 1):
                if glyph != WALL:
                    raise _error(*place, f"found {_shown(glyph)} in the border; expected a wall: type {WALL}")
                continue
            walls[row - 1, column - 1] = glyph == WALL
            if glyph not in _OBJECTS:
                continue
            shape, color = _OBJECTS[glyph]
            if shape == SHAPES.index("door"):
                slot, full = 0, slots[0, 1] != ABSENT
                limit = "a second door; expected one door to a level"
            else:
                slot, full = balls + 1, balls == BALLS
                limit = f"ball number {balls + 1}; expected at most {BALLS} balls"
                balls += 1
            if full:
                raise _error(*place, f"found '{glyph}', {limit}: type {FREE} here")
            slots[slot] = ((row - 1) * (width - 2) + column - 1, shape, color)
    if door_required and slots[0, 1] == ABSENT:
        raise _error(
            block.first,
            1,
            f"the level that starts here has no door to be its goal; expected one of {_DOORS}: "
            f"type one over a free cell ({FREE})",
        )
    return _Level(walls, slots)


def _check_rectangle(block: _Block) -> None:
    """Known characters, lines of one length, at least 3 and at most `MAX_SIDE` each way."""
    width = len(block.lines[0])
    for number, line in enumerate(block.lines[: MAX_SIDE + 1], block.first):
        if number - block.first == MAX_SIDE:
            raise _error(number, 1, f"the level has more than {MAX_SIDE} lines; expected at most {MAX_SIDE}")
        if len(line) > MAX_SIDE:
            raise _error(
                number, MAX_SIDE + 1, f"the line has {len(line)} characters; expected at most {MAX_SIDE}: shorten it"
            )
        for column, glyph in enumerate(line, 1):
            if glyph not in (WALL, FREE) and glyph not in _OBJECTS:
                raise _error(number, column, f"found {_shown(glyph)}; expected {_KNOWN}: type one of these")
        if len(line) != width:
            raise _error(
                number,
                min(len(line), width) + 1,
                f"the line has {len(line)} characters, the level's first line (line {block.first}) {width}; expected "
                f"lines of one length: {'fill up with ' + WALL if len(line) < width else 'shorten this line'}",
            )
    if width < 3 or len(block.lines) < 3:
        raise _error(
            block.first,
            1,
            f"the level is {len(block.lines)} high and {width} wide; expected at least 3 each way, "
            f"a border of {WALL} around a free cell",
        )


def _batch(levels: list[_Level]) -> GridLevels:
    slots = np.stack([level.slots for level in levels])
    walls = np.stack([level.walls for level in levels])
    return GridLevels(jnp.asarray(walls), *(jnp.asarray(slots[:, :, part]) for part in range(3)))
