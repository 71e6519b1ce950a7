"""Levels as text: one character a cell, border included. Printing and parsing lose nothing.

    #######
    #R..#b#
    ###.#.#
    #.....#
    #######

`#` is wall, `.` a free cell, an upper-case letter a door and a lower-case letter a ball of the color it abbreviates.
Other worlds have letters of their own (`vocabulary.py`); `x` marks a place that counts where no object lies there.
Levels hold no agent: an episode may start in any free cell.

Text that editors and web pages have changed is read alike: a byte order mark, line ends of every system, blanks at line ends
and one indentation of a whole level mean nothing. Whatever else is no part of a level is refused with its place.
"""

import unicodedata
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from mesascope.worlds.grids.grid import ABSENT, PLACES, GridLevels
from mesascope.worlds.grids.printing import FREE, MARK, WALL, format_error
from mesascope.worlds.grids.vocabulary import DOORS, Vocabulary

GLYPHS = {(glyph.shape, glyph.color): glyph.letter for glyph in DOORS.glyphs}
"""Character of each shape and color of doors and balls."""

_BYTE_ORDER_MARK = "\ufeff"

MAX_SIDE = 64
"""Most rows and columns of a level's text, border included."""
MAX_CHARACTERS = 65_536
"""Most characters that are read at all."""


class _Block(NamedTuple):
    """The lines of one level without what is blank around them, where its first line stands, and how far it is indented."""

    lines: list[str]
    first: int
    indent: int = 0

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Line and column in the text, from 1, of a row and a column of the level, from 0."""
        return self.first + row, self.indent + column + 1


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
        raise format_error(
            *blocks[1].place(0, 0), "a second level starts here; expected one level: use parse_levels for several"
        )
    return _batch([_read(blocks[0], door_required, vocabulary)], vocabulary)


def parse_levels(text: str, *, door_required: bool = True, vocabulary: Vocabulary = DOORS) -> GridLevels:
    """All levels in `text`, separated by blank lines, as one batch; all must have the same height and width."""
    blocks = _blocks(text, vocabulary)
    levels = [_read(block, door_required, vocabulary) for block in blocks]
    height, width = levels[0].walls.shape
    for block, level in zip(blocks, levels, strict=True):
        if level.walls.shape != (height, width):
            raise format_error(
                *block.place(0, 0),
                f"this level is {len(block.lines)} high and {len(block.lines[0])} wide, the first one "
                f"{height + 2} high and {width + 2} wide; expected one size: parse levels of other sizes apart",
            )
    return _batch(levels, vocabulary)


def print_level(levels: GridLevels, index: int = 0) -> str:
    """One level of a batch as text, without a line end after the last line.

    `LevelFormatError` when an object lies in a wall or on another object: one character a cell cannot say that.
    """
    return levels.text(index)


def print_levels(levels: GridLevels) -> str:
    """All levels of a batch, separated by blank lines."""
    return "\n\n".join(print_level(levels, index) for index in range(levels.count))


def _shown(character: str) -> str:
    """A character as a message can show it."""
    if character == " ":
        return "a space"
    if character.isascii() and character.isprintable():
        return f"'{character}'"
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")


def _blocks(text: str, vocabulary: Vocabulary) -> list[_Block]:
    """Runs of lines that are not blank; at least one."""
    if len(text) > MAX_CHARACTERS:
        raise format_error(
            1, 1, f"the text has {len(text)} characters; expected at most {MAX_CHARACTERS}: parse it in parts"
        )
    blocks: list[_Block] = []
    fresh = True
    for number, line in enumerate(text.removeprefix(_BYTE_ORDER_MARK).splitlines(), 1):
        if not line.strip():
            fresh = True
            continue
        if fresh:
            blocks.append(_Block([], number))
        blocks[-1].lines.append(line.rstrip())
        fresh = False
    if not blocks:
        raise format_error(
            1, 1, f"found no level; expected a rectangle of {_known(vocabulary)}, with a border of {WALL}"
        )
    return [_dedented(block) for block in blocks]


def _dedented(block: _Block) -> _Block:
    """A level without the blanks that all of its lines begin with."""
    indent = min(len(line) - len(line.lstrip()) for line in block.lines)
    return _Block([line[indent:] for line in block.lines], block.first, indent)


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
            place = block.place(row, column)
            if row in (0, height - 1) or column in (0, width - 1):
                if letter != WALL:
                    raise format_error(*place, f"found {_shown(letter)} in the border; expected a wall: type {WALL}")
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
                raise format_error(
                    *place, f"found '{letter}', {_one_too_many(glyph.shape, counted[shape])}: type {FREE} here"
                )
            color = vocabulary.colors.index(glyph.color) if glyph.color else ABSENT
            slots[first[shape] + counted[shape]] = (cell, shape, color)
            counted[shape] += 1
    if required and not counted[0]:
        wanted = vocabulary.shapes[0]
        letters = ", ".join(glyph.letter for glyph in vocabulary.glyphs if glyph.shape == wanted)
        raise format_error(
            *block.place(0, 0),
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
        raise format_error(*place, f"found '{MARK}', the mark of the {vocabulary.place}, {wrong}: type {FREE} here")


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
    for row, line in enumerate(block.lines[: MAX_SIDE + 1]):
        if row == MAX_SIDE:
            raise format_error(
                *block.place(row, 0), f"the level has more than {MAX_SIDE} lines; expected at most {MAX_SIDE}"
            )
        if len(line) > MAX_SIDE:
            raise format_error(
                *block.place(row, MAX_SIDE),
                f"the line has {len(line)} characters; expected at most {MAX_SIDE}: shorten it",
            )
        for column, glyph in enumerate(line):
            if glyph not in letters:
                advice = _advice(line, column, letters)
                raise format_error(
                    *block.place(row, column), f"found {_shown(glyph)}; expected {_known(vocabulary)}: {advice}"
                )
        if len(line) != width:
            raise format_error(
                *block.place(row, min(len(line), width)),
                f"the line has {len(line)} characters, the level's first line (line {block.first}) {width}; expected "
                f"lines of one length: {'fill up with ' + WALL if len(line) < width else 'shorten this line'}",
            )
    if width < 3 or len(block.lines) < 3:
        raise format_error(
            *block.place(0, 0),
            f"the level is {len(block.lines)} high and {width} wide; expected at least 3 each way, "
            f"a border of {WALL} around a free cell",
        )


def _advice(line: str, column: int, letters: set[str]) -> str:
    """What to type where a line holds a character that is in no level."""
    found = line[column]
    meant = unicodedata.normalize("NFKC", found)
    if unicodedata.category(found) == "Cf":
        return "delete this character, which does not show"
    if not line[:column].strip():
        if meant.isspace():
            return "begin all lines of the level in one column"
        if meant not in letters:
            return f"every line of a level begins with {WALL}, one character a cell: delete this line if it is a header"
    if meant.isspace():
        comment = ", or delete this line if it is a comment" if line[:column] == WALL else ""
        return f"type {FREE} for a free cell{comment}"
    return f"type {meant}" if meant in letters else "type one of these, one character a cell"


def _batch(levels: list[_Level], vocabulary: Vocabulary) -> GridLevels:
    slots = np.stack([level.slots for level in levels])
    walls = np.stack([level.walls for level in levels])
    cell, shape, color = (jnp.asarray(slots[:, :, part]) for part in range(3))
    return GridLevels(jnp.asarray(walls), cell, shape, color, vocabulary)
