"""Measures of the things in a cell, in units of which a cell has `CELL` each way; SVG and PNG draw from the same."""

import textwrap
from typing import NamedTuple

from mesascope.reports.pictures.scene import Arrow, Place

CELL = 24
"""Side of a cell; one unit is one CSS pixel of an SVG."""
MARGIN = 3
"""Width by which the frame reaches beyond the border cells, so that its corners can be round."""
DOOR_HALF, DOOR_TOP, DOOR_BOTTOM = 8.5, 2.5, 21.5
"""A door is a round arch: half its width, and top and bottom from the upper edge of the cell."""
BALL_RADIUS = 8.75
AGENT_RADIUS = 8.5
"""The agent is a diamond with two eyes."""
EYE_OFFSET, EYE_RADIUS = 2.7, 1.5
RING_RADIUS = 13.0
"""Ring around the object that ended an episode."""
LETTER_SIZE, CAPTION_SIZE, CAPTION_LINE = 15, 13, 18

HEAT_OPACITY = 0.6
"""Opacity of the largest value."""
HEAT_INSET = {"good": 1, "bad": 5}
"""Gap around a shaded cell; the smaller square says below zero without color."""

Number = int | float

_CAPTION_CHARACTER = 6.9


class Stroke(NamedTuple):
    """An arrow as points: tail, tip, and the two ends of its head."""

    tail: tuple[float, float]
    tip: tuple[float, float]
    left: tuple[float, float]
    right: tuple[float, float]


def center(place: Place) -> tuple[float, float]:
    """The x and y of the middle of a cell."""
    return (place.column + 0.5) * CELL, (place.row + 0.5) * CELL


def arrow_stroke(arrow: Arrow) -> Stroke:
    """An arrow through the middle of its cell; the stronger the preference, the longer."""
    x, y = center(arrow.place)
    half, head = 3.0 + 4.5 * arrow.strength, 2.5 + 1.5 * arrow.strength
    dx, dy = arrow.right, arrow.down
    tip = (x + dx * half, y + dy * half)
    back = (tip[0] - dx * head, tip[1] - dy * head)
    return Stroke(
        (x - dx * half, y - dy * half),
        tip,
        (back[0] - dy * head, back[1] + dx * head),
        (back[0] + dy * head, back[1] - dx * head),
    )


def arrow_opacity(arrow: Arrow) -> float:
    """One of four opacities, by strength."""
    return (0.4, 0.6, 0.8, 1.0)[min(3, int(arrow.strength * 4))]


def letter_baseline(letter: str) -> float:
    """Height of the baseline in the cell that puts a letter in the middle of its door or ball."""
    if letter.isupper():
        return 18.5
    return 15.0 if letter in "gy" else 17.0 if letter == "b" else 16.0


def printable(text: str) -> str:
    """Text with a space for every character that no picture can show or that reorders what stands beside it."""
    return "".join(character if character.isprintable() else " " for character in text)


def wrap_caption(text: str, width: int) -> list[str]:
    """Lines of a caption that fit into `width` units."""
    return textwrap.wrap(" ".join(printable(text).split()), max(8, int(width / _CAPTION_CHARACTER)))
