"""What a world gives to be drawn: a level as a board of cells, in plain numbers that a document can carry."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

ARCH, DISC = "arch", "disc"
"""Shapes that a thing can have."""
COLORS = ("red", "blue", "green", "yellow")
"""What a thing can be filled with."""

_SOLID, _OPEN = "#", "."


class Place(NamedTuple):
    """Row and column, border included."""

    row: int
    column: int


class Thing(NamedTuple):
    """Something that lies in a cell: its shape, what it is filled with, its letter, and what it is called."""

    place: Place
    shape: str
    color: str
    letter: str
    name: str


class Drawing(NamedTuple):
    """One level as a board that SVG, PNG and GIF can be made from.

    Attributes:
        solid: cells that nobody can enter. A border of solid cells is drawn around the board and not part of it.
        things: what lies in cells; their places count the border.
        moves: rows and columns by which each action leads on, for arrows; (0, 0) for an action without a direction.
        legend: what the things are, in a sentence for readers.
        shown: which state of a cell its arrow is of, where cells have several; read after "the likeliest action there".

    Example:
        >>> import mesascope as ms
        >>> drawing = ms.worlds.red_doors(size=5).draw(0, 1)[0].drawing
        >>> drawing.solid.shape, drawing.things[0].name
        ((3, 3), 'red door')
    """

    solid: Bool[np.ndarray, "height width"]
    things: tuple[Thing, ...] = ()
    moves: tuple[tuple[int, int], ...] = ()
    legend: str = ""
    shown: str = ""

    def as_document(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {
            "board": ["".join(_SOLID if cell else _OPEN for cell in row) for row in self.solid.tolist()],
            "things": [{**thing._asdict(), "place": list(thing.place)} for thing in self.things],
            "moves": [list(move) for move in self.moves],
            "legend": self.legend,
            "shown": self.shown,
        }

    @classmethod
    def from_document(cls, found: Mapping[str, Any]) -> "Drawing":
        """What `as_document` gave, from a file that may hold anything; `ValueError` for what cannot be drawn."""
        rows = [str(row) for row in found.get("board", ())]
        if not rows or len({len(row) for row in rows}) != 1 or not rows[0]:
            raise ValueError("a board has rows of one length, and at least one cell")
        solid = np.array([[cell == _SOLID for cell in row] for row in rows])
        things = tuple(_thing(thing, solid.shape) for thing in found.get("things", ()))
        moves = tuple((int(down), int(right)) for down, right in found.get("moves", ()))
        return cls(solid, things, moves, str(found.get("legend", "")), str(found.get("shown", "")))


def _thing(found: Mapping[str, Any], shape: tuple[int, ...]) -> Thing:
    row, column = (int(number) for number in found["place"])
    kind, color = str(found["shape"]), str(found["color"])
    if kind not in (ARCH, DISC) or color not in COLORS or not (0 < row <= shape[0] and 0 < column <= shape[1]):
        raise ValueError(f"a thing of shape '{kind}' and color '{color}' in row {row}, column {column} of the board")
    return Thing(Place(row, column), kind, color, str(found["letter"])[:1], str(found["name"]))
