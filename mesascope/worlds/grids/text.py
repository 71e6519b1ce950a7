"""Levels as text: one character a cell, border included. Printing and parsing lose nothing.

    #######
    #R..#b#
    ###.#.#
    #.....#
    #######

`#` is wall, `.` a free cell, an upper-case letter a door and a lower-case letter a ball of the color it abbreviates.
Other worlds have letters of their own (`vocabulary.py`); `x` marks a place that counts where no object lies there.
Levels hold no agent: an episode may start in any free cell.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from mesascope.core.errors import LevelFormatError
from mesascope.worlds.grids.grid import ABSENT, PLACES, GridLevels
from mesascope.worlds.grids.vocabulary import DOORS, Vocabulary

WALL, FREE, MARK = "#", ".", "x"
GLYPHS = {(glyph.shape, glyph.color): glyph.letter for glyph in DOORS.glyphs}
"""Character of each shape and color of doors and balls."""

MAX_SIDE = 64
"""Most rows and columns of a level's text, border included."""
MAX_CHARACTERS = 65_536
"""Most characters that are read at all."""


class _Block(NamedTuple):
    """The lines of one level and the line number, from 1, of the first."""

    lines: list[str]
    first: int


class _Level(NamedTuple):
    """One level as arrays without a level axis; slots as (cell, shape, color)."""

    walls: np.ndarray
    slots: np.ndarray


def parse_level(text: str, *, door_required: bool = True, vocabulary: Vocabulary = DOORS) -> GridLevels:
    """The one level in `text`, as a batch of 1.

    Objects take slots by shape, those of one shape in reading order: slot 0 holds the door, slots 1 and 2 the balls. Blank
    lines around the level are ignored. With `door_required` false a level without a door (or whatever the first shape of the
    vocabulary is) is accepted, with slot 0 not in use. `LevelFormatError` says what is wrong in which line and column,
    counted from 1.
    """
    blocks = _blocks(text, vocabulary)
    if len(blocks) > 1:
        raise _error(blocks[1].first, 1, "a second level starts here; expected one level: use parse_levels for several")
    return _batch([_read(blocks[0], door_required, vocabulary)], vocabulary)


def parse_levels(text: str, *, door_required: bool = True, vocabulary: Vocabulary = DOORS) -> GridLevels:
    """All levels in `text`, separated by blank lines, as one batch; all must have the same height and width."""
    blocks = _blocks(text, vocabulary)
    levels = [_read(block, door_required, vocabulary) for block in blocks]
    height, width = levels[0].walls.shape
    for block, level in zip(blocks, levels, strict=True):
        if level.walls.shape != (height, width):
            raise _error(
                block.first,
                1,
                f"this level is {len(block.lines)} high and {len(block.lines[0])} wide, the first one "
                f"{height + 2} high and {width + 2} wide; expected one size: parse levels of other sizes apart",
            )
    return _batch(levels, vocabulary)


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
        grid[row, column] = levels.vocabulary.glyph(int(shape), int(color)).letter
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


def _blocks(text: str, vocabulary: Vocabulary) -> list[_Block]:
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
        raise _error(1, 1, f"found no level; expected a rectangle of {_known(vocabulary)}, with a border of {WALL}")
    return blocks


def _read(block: _Block, required: bool, vocabulary: Vocabulary) -> _Level:
    """One level; the first thing wrong in it, in reading order, is the error."""
    _check_rectangle(block, vocabulary)
    height, width = len(block.lines), len(block.lines[0])
    walls = np.zeros((height - 2, width - 2), bool)
    slots = np.array([[0, ABSENT, ABSENT]] * vocabulary.slots, np.int32)
    read = {glyph.letter: glyph for glyph in vocabulary.glyphs}
    first = np.cumsum([0, *vocabulary.most])
    counted = [0] * len(vocabulary.most)
    for row, line in enumerate(block.lines):
        for column, letter in enumerate(line):
            place = (block.first + row, column + 1)
            if row in (0, height - 1) or column in (0, width - 1):
                if letter != WALL:
                    raise _error(*place, f"found {_shown(letter)} in the border; expected a wall: type {WALL}")
                continue
            walls[row - 1, column - 1] = letter == WALL
            cell = (row - 1) * (width - 2) + column - 1
            if letter == MARK and vocabulary.place:
                _check_mark(place, cell, width - 2, bool(slots[-1, 1] != ABSENT), vocabulary)
                slots[-1] = (cell, vocabulary.mark, ABSENT)
            if letter not in read:
                continue
            glyph = read[letter]
            shape = vocabulary.shapes.index(glyph.shape)
            if counted[shape] == vocabulary.most[shape]:
                raise _error(
                    *place, f"found '{letter}', {_one_too_many(glyph.shape, counted[shape])}: type {FREE} here"
                )
            color = vocabulary.colors.index(glyph.color) if glyph.color else ABSENT
            slots[first[shape] + counted[shape]] = (cell, shape, color)
            counted[shape] += 1
    if required and not counted[0]:
        wanted = vocabulary.shapes[0]
        letters = ", ".join(glyph.letter for glyph in vocabulary.glyphs if glyph.shape == wanted)
        raise _error(
            block.first,
            1,
            f"the level that starts here has no {wanted} to be its goal; expected one of {letters}: "
            f"type one over a free cell ({FREE})",
        )
    return _Level(walls, slots)


def _one_too_many(shape: str, most: int) -> str:
    if most == 1:
        return f"a second {shape}; expected one {shape} to a level"
    return f"{shape} number {most + 1}; expected at most {most} {shape}s"


def _check_mark(place: tuple[int, int], cell: int, width: int, marked: bool, vocabulary: Vocabulary) -> None:
    """One mark, and where it may be."""
    if marked or not PLACES[vocabulary.place](jnp.array([[cell]]), width).all():
        wrong = "a second one" if marked else "elsewhere"
        raise _error(*place, f"found '{MARK}', the mark of the {vocabulary.place}, {wrong}: type {FREE} here")


def _known(vocabulary: Vocabulary) -> str:
    """Characters that a level may have, in words."""
    if vocabulary == DOORS:
        doors = ", ".join(glyph.letter for glyph in DOORS.glyphs if glyph.shape == "door")
        return f"{WALL} (wall), {FREE} (free), {doors} (doors) or their lower-case letters (balls)"
    named = [f"{glyph.letter} ({glyph.name})" for glyph in vocabulary.glyphs]
    mark = [f"{MARK} (the {vocabulary.place}, where no object lies there)"] if vocabulary.place else []
    return f"{WALL} (wall), {FREE} (free), {', '.join([*named, *mark])}"


def _check_rectangle(block: _Block, vocabulary: Vocabulary) -> None:
    """Known characters, lines of one length, at least 3 and at most `MAX_SIDE` each way."""
    width = len(block.lines[0])
    letters = {WALL, FREE, *(glyph.letter for glyph in vocabulary.glyphs), *([MARK] if vocabulary.place else [])}
    for number, line in enumerate(block.lines[: MAX_SIDE + 1], block.first):
        if number - block.first == MAX_SIDE:
            raise _error(number, 1, f"the level has more than {MAX_SIDE} lines; expected at most {MAX_SIDE}")
        if len(line) > MAX_SIDE:
            raise _error(
                number, MAX_SIDE + 1, f"the line has {len(line)} characters; expected at most {MAX_SIDE}: shorten it"
            )
        for column, glyph in enumerate(line, 1):
            if glyph not in letters:
                raise _error(number, column, f"found {_shown(glyph)}; expected {_known(vocabulary)}: type one of these")
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


def _batch(levels: list[_Level], vocabulary: Vocabulary) -> GridLevels:
    slots = np.stack([level.slots for level in levels])
    walls = np.stack([level.walls for level in levels])
    cell, shape, color = (jnp.asarray(slots[:, :, part]) for part in range(3))
    return GridLevels(jnp.asarray(walls), cell, shape, color, vocabulary)
