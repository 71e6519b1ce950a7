"""Levels written as text: one character a cell, border included."""

import numpy as np
from jaxtyping import Bool, Int

from mesascope.core.errors import LevelFormatError
from mesascope.worlds.grids.vocabulary import ABSENT, Vocabulary

WALL, FREE, MARK = "#", ".", "x"


def cells_as_text(
    walls: Bool[np.ndarray, "height width"], slots: Int[np.ndarray, "object 3"], vocabulary: Vocabulary, level: int
) -> str:
    """The text of a level whose slots are (cell, shape, color), without a line end after the last line.

    `LevelFormatError`, which names the number `level`, when an object lies in a wall or on another object.
    """
    height, width = walls.shape
    grid = np.full((height + 2, width + 2), WALL)
    grid[1:-1, 1:-1] = np.where(walls, WALL, FREE)
    for cell, shape, color in slots.tolist():
        if shape == ABSENT:
            continue
        row, column = cell // width + 1, cell % width + 1
        if grid[row, column] != FREE:
            where = "in a wall" if grid[row, column] == WALL else "on another object"
            raise format_error(row + 1, column + 1, f"an object of level {level} lies {where}; expected a free cell")
        grid[row, column] = vocabulary.glyph(shape, color).letter
    return "\n".join("".join(row) for row in grid)


def format_error(line: int, column: int, message: str) -> LevelFormatError:
    """What is wrong in a line and column, counted from 1."""
    return LevelFormatError(f"line {line}, column {column}: {message}")
