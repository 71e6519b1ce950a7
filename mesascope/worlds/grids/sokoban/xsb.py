"""The XSB format, in which collections of Sokoban levels are written: one character a cell.

    #####
    #@$.#
    #####

`#` wall, `@` player, `+` player on a target, `$` box, `*` box on a target, `.` target; a space, `-` or `_` floor. Lines may end
early. Around the boards may stand titles, comments and lines such as `Author: name`. Two such lines are read and written
here beyond what is usual: `Boxes: red blue` and `Targets: red blue` name the colors of boxes and of targets, in the order in
which the board has them. Other programs take them for notes.
"""

import re
from typing import NamedTuple

import numpy as np

from mesascope.core.errors import unknown
from mesascope.worlds.grids.printing import WALL, format_error
from mesascope.worlds.grids.sokoban.levels import HUES, NONE, PLAIN, SokobanLevels

FLOOR, PLAYER, PLAYER_ON, BOX, BOX_ON, TARGET = " @+$*."
FLOORS = " -_"
KNOWN = f"{WALL}{PLAYER}{PLAYER_ON}{BOX}{BOX_ON}{TARGET}{FLOORS}"

MAX_CHARACTERS = 4_000_000
"""Most characters that are read at all."""

_NOTE = re.compile(r"([A-Za-z][\w -]*):\s*(.*)")


class Line(NamedTuple):
    """A line of text and its number, from 1."""

    number: int
    text: str


class Board(NamedTuple):
    """The lines of one level, its title, and the notes on colors with the lines that they stand in."""

    lines: list[Line]
    title: str
    notes: dict[str, Line]


def level_text(levels: SokobanLevels, index: int, arrangement: int = 0, player: int | None = None) -> str:
    """One level in the XSB format, border included, without a line end after the last line.

    Args:
        levels: a batch of levels.
        index: number of the level.
        arrangement: where the boxes are; where they begin unless given.
        player: the player's cell; where it begins unless given.
    """
    if not -len(levels) <= index < len(levels):
        raise IndexError(f"level {index} of a batch of {len(levels)}")
    height, width = levels.interior
    at = int(np.asarray(levels.player)[index]) if player is None else player
    boxes, targets = np.asarray(levels.boxes)[index, arrangement], np.asarray(levels.target)[index]
    characters = np.where(np.asarray(levels.walls)[index], WALL, FLOOR).reshape(-1)
    for cells, on in ((targets, TARGET), (boxes, BOX), ([at], PLAYER)):
        for cell in cells:
            if cell != NONE:
                both = {BOX: BOX_ON, PLAYER: PLAYER_ON}.get(on, on)
                characters[cell] = both if characters[cell] == TARGET else on
    board = np.full((height + 2, width + 2), WALL)
    board[1:-1, 1:-1] = characters.reshape(height, width)
    lines = ["".join(row) for row in board]
    for note, cells, hues in (("Boxes", boxes, levels.box_hue), ("Targets", targets, levels.target_hue)):
        colors = [
            hue
            for cell, hue in sorted(zip(cells.tolist(), np.asarray(hues)[index].tolist(), strict=True))
            if cell != NONE
        ]
        if any(hue != PLAIN for hue in colors):
            lines.append(f"{note}: {' '.join(HUES[hue] for hue in colors)}")
    return "\n".join(lines)


def boards_of(text: str) -> list[Board]:
    """The boards of a text, in order, each with its title and its notes.

    Args:
        text: one level or a collection.

    Raises:
        LevelFormatError: a line of a board has a character that none has, a comment does not end, or there is no board.
    """
    if len(text) > MAX_CHARACTERS:
        raise format_error(
            1, 1, f"the text has {len(text)} characters; expected at most {MAX_CHARACTERS}: split the file"
        )
    boards: list[Board] = []
    said, inside, comment = "", False, None
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = Line(number, raw.rstrip())
        note = _NOTE.fullmatch(line.text.strip())
        key = note[1].casefold() if note else ""
        if comment is not None:
            comment = None if key == "comment-end" else comment
        elif _is_board(line.text, inside):
            if not inside:
                boards.append(Board([], said, {}))
                said = ""
            _check_characters(line)
            boards[-1].lines.append(line)
            inside = True
        else:
            inside = False
            if note and key == "comment" and not note[2]:
                comment = line
            elif note and boards and not said:
                boards[-1].notes[key] = line
                if key == "title":
                    boards[-1] = boards[-1]._replace(title=note[2])
            elif line.text:
                said = line.text.lstrip(";: ").strip()
    if comment is not None:
        raise format_error(comment.number, 1, "a comment begins here and does not end; write Comment-End: after it")
    if not boards:
        raise format_error(1, 1, f"found no level; expected lines of {_known()}")
    return boards


def _is_board(text: str, inside: bool) -> bool:
    """Whether a line belongs to a board: it begins as one does and has a wall, or is an empty row within one."""
    begun = text.lstrip(FLOORS + "\t")
    if not begun:
        return inside and bool(text)
    return begun[0] in KNOWN and (WALL in text or (inside and not set(text) - set(KNOWN)))


def _check_characters(line: Line) -> None:
    for column, found in enumerate(line.text, 1):
        if found in KNOWN:
            continue
        shown = "a tab" if found == "\t" else f"'{found}'" if found.isprintable() else f"U+{ord(found):04X}"
        advice = "write ; before a comment"
        if found.isdigit() or found == "|":
            advice = "write runs out in full, and ; before a comment"
        raise format_error(line.number, column, f"found {shown} in a board; expected {_known()}: {advice}")


def _known() -> str:
    return "# (wall), @ (player), + (player on a target), $ (box), * (box on a target), . (target), a space, - or _ (floor)"


def colors_of(board: Board, note: str, count: int) -> list[int]:
    """Colors of the boxes or the targets of a board, in its order.

    Args:
        board: the board.
        note: `boxes` or `targets`.
        count: how many there are.

    Raises:
        LevelFormatError: the note names another number of colors, or one that there is not.
    """
    if note not in board.notes:
        return [PLAIN] * count
    line = board.notes[note]
    first = line.text.index(":") + 1
    words = [(found.start() + first + 1, found[0].casefold()) for found in re.finditer(r"[^\s,]+", line.text[first:])]
    for column, word in words:
        if word not in HUES:
            raise format_error(line.number, column, str(unknown("color", word, HUES)))
    if len(words) != count:
        raise format_error(
            line.number,
            first + 1,
            f"{len(words)} colors for {count} {note}; name one color for each, in the order of the board",
        )
    return [HUES.index(word) for _, word in words]
