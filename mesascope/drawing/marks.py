"""A level as marks in drawing order, which SVG and PNG draw alike; one unit is one CSS pixel, `CELL` units a cell."""

import math
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mesascope.drawing.drawing import ARCH, Place, Thing
from mesascope.drawing.scene import Arrow, Heat, Scene

CELL = 24
"""Side of a cell."""
MARGIN = 3
"""Width by which the frame reaches beyond the border cells, so that its corners can be round."""
LETTER_SIZE, CAPTION_SIZE, CAPTION_LINE = 15, 13, 18

_ARCH_HALF, _ARCH_TOP, _ARCH_BOTTOM = 8.5, 2.5, 21.5
"""An arch: half its width, and top and bottom from the upper edge of the cell."""
_DISC_RADIUS = 8.75
_AGENT_RADIUS, _EYE_OFFSET, _EYE_RADIUS = 8.5, 2.7, 1.5
"""The agent is a diamond with two eyes."""
_RING_RADIUS = 13.0
"""Ring around the thing that ended an episode."""
_HEAT_OPACITY = 0.6
"""Opacity of the largest value."""
_HEAT_INSET = {"good": 1, "bad": 5}
"""Gap around a shaded cell; the smaller square says below zero without color."""
_CAPTION_CHARACTER = 6.9

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle with round corners."""

    classes: str
    x: float
    y: float
    width: float
    height: float
    corner: float = 0
    opacity: float | None = None


class Disc(NamedTuple):
    """A circle."""

    classes: str
    x: float
    y: float
    radius: float
    opacity: float | None = None


class Lines(NamedTuple):
    """Polygons where they are closed, else lines with round ends and joints; a line of one point is a dot."""

    classes: str
    paths: Sequence[Sequence[Point]]
    opacity: float | None = None
    closed: bool = False


class Letter(NamedTuple):
    """A letter: the middle of its baseline."""

    classes: str
    x: float
    y: float
    text: str
    opacity: float | None = None


Mark = Box | Disc | Lines | Letter


def center(place: Place) -> Point:
    """The x and y of the middle of a cell."""
    return (place.column + 0.5) * CELL, (place.row + 0.5) * CELL


def size(scene: Scene) -> tuple[int, int]:
    """Width and height of a picture without its caption."""
    rows, columns = scene.solid.shape
    return columns * CELL + 2 * MARGIN, rows * CELL + 2 * MARGIN


def ground(scene: Scene) -> list[Mark]:
    """Solid cells, floor, values and policy."""
    floor = ~scene.solid
    beside, below = np.argwhere(floor[:, 1:] & floor[:, :-1]) * CELL, np.argwhere(floor[1:] & floor[:-1]) * CELL
    down = [[(x + CELL, y), (x + CELL, y + CELL)] for y, x in beside.tolist()]
    across = [[(x, y + CELL), (x + CELL, y + CELL)] for y, x in below.tolist()]
    return [
        Box("solid", -MARGIN, -MARGIN, *size(scene), 2 * MARGIN),
        Lines("floor", _runs(floor), closed=True),
        Lines("grid", down + across),
        *map(_heat, scene.heat),
        *_arrows(scene.arrows),
    ]


def things(scene: Scene) -> list[Mark]:
    """Things with their letters."""
    return [mark for thing in scene.things for mark in _thing(thing)]


def episode(scene: Scene) -> list[Mark]:
    """A whole episode, the agent at its start."""
    return [trail(scene.path), end_mark(scene), *agent(*center(scene.path[0]))] if scene.path else []


def trail(path: tuple[Place, ...]) -> Lines:
    """A line through the cells of a path; cells passed straight through are left out."""
    kept = [place for i, place in enumerate(path) if i in (0, len(path) - 1) or _turns(path[i - 1], place, path[i + 1])]
    return Lines("path", [list(map(center, kept))], 0.75)


def agent(x: float, y: float) -> list[Mark]:
    """The agent around a point."""
    r = _AGENT_RADIUS
    diamond = [(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
    return [
        Lines("agent", [diamond], closed=True),
        *(Disc("eye", x + side * _EYE_OFFSET, y - 0.5, _EYE_RADIUS) for side in (-1, 1)),
    ]


def end_mark(scene: Scene) -> Disc:
    """A ring around the thing where the path ends, or a small ring on the floor where it just stops."""
    touched = any(thing.place == scene.path[-1] for thing in scene.things)
    return Disc("path end", *center(scene.path[-1]), _RING_RADIUS if touched else _RING_RADIUS / 3)


def printable(text: str) -> str:
    """Text with a space for every character that no picture can show or that reorders what stands beside it."""
    return "".join(character if character.isprintable() else " " for character in text)


def caption(text: str | None, scene: Scene) -> tuple[list[tuple[int, str]], int]:
    """Lines of a caption below the level, each with its baseline, and the height of the picture with them."""
    width, height = size(scene)
    lines = textwrap.wrap(
        " ".join(printable(text or "").split()), max(8, int((width - 2 * MARGIN) / _CAPTION_CHARACTER))
    )
    first = height - MARGIN + 2 + CAPTION_SIZE
    at = [(first + CAPTION_LINE * i, line) for i, line in enumerate(lines)]
    return at, height + (len(lines) * CAPTION_LINE + 4 if lines else 0)


def _turns(before: Place, here: Place, after: Place) -> bool:
    return (here.row - before.row, here.column - before.column) != (after.row - here.row, after.column - here.column)


def _runs(floor: np.ndarray) -> list[list[Point]]:
    """Free cells of each row as rectangles, neighbors joined."""
    edges = np.diff(np.pad(floor, ((0, 0), (1, 1))).astype(int), axis=1)
    first, beyond = np.argwhere(edges == 1) * CELL, np.argwhere(edges == -1)[:, 1] * CELL
    return [
        [(start, y), (end, y), (end, y + CELL), (start, y + CELL)]
        for (y, start), end in zip(first.tolist(), beyond.tolist(), strict=True)
    ]


def _heat(heat: Heat) -> Box:
    """A cell shaded by value: a whole one above zero, a smaller square below."""
    sign = "good" if heat.share >= 0 else "bad"
    inset = _HEAT_INSET[sign]
    x, y = heat.place.column * CELL + inset, heat.place.row * CELL + inset
    return Box(sign, x, y, CELL - 2 * inset, CELL - 2 * inset, opacity=round(abs(heat.share) * _HEAT_OPACITY, 2))


def _arrows(arrows: tuple[Arrow, ...]) -> list[Lines]:
    """All arrows of one opacity as one mark; a dot where the policy is undecided."""
    groups: dict[tuple[str, float], list[list[Point]]] = {}
    for arrow in arrows:
        undecided = arrow.down == arrow.right == 0
        opacity = 0.4 if undecided else (0.4, 0.6, 0.8, 1.0)[min(3, int(arrow.strength * 4))]
        group = groups.setdefault(("arrow dot" if undecided else "arrow", opacity), [])
        group.extend([[center(arrow.place)]] if undecided else _arrow(arrow))
    return [Lines(classes, paths, opacity) for (classes, opacity), paths in sorted(groups.items())]


def _arrow(arrow: Arrow) -> list[list[Point]]:
    """Shaft and head of an arrow through the middle of its cell; the stronger the preference, the longer."""
    x, y = center(arrow.place)
    half, head = 3.0 + 4.5 * arrow.strength, 2.5 + 1.5 * arrow.strength
    dx, dy = arrow.right, arrow.down
    tip = (x + dx * half, y + dy * half)
    back_x, back_y = tip[0] - dx * head, tip[1] - dy * head
    ends = (back_x - dy * head, back_y + dx * head), (back_x + dy * head, back_y - dx * head)
    return [[(x - dx * half, y - dy * half), tip], [ends[0], tip, ends[1]]]


def _thing(thing: Thing) -> tuple[Mark, Letter]:
    x, y = center(thing.place)
    top = thing.place.row * CELL
    letter = Letter(f"letter on-{thing.color}", x, top + _baseline(thing.letter), thing.letter)
    if thing.shape == ARCH:
        half, shoulder, bottom = _ARCH_HALF, top + _ARCH_TOP + _ARCH_HALF, top + _ARCH_BOTTOM
        turn = np.linspace(0, np.pi, 13).tolist()
        arc = [(x - half * math.cos(angle), shoulder - half * math.sin(angle)) for angle in turn]
        return Lines(thing.color, [[(x - half, bottom), *arc, (x + half, bottom)]], closed=True), letter
    return Disc(thing.color, x, y, _DISC_RADIUS), letter


def _baseline(letter: str) -> float:
    """Height of the baseline in the cell that puts a letter in the middle of its arch or disc."""
    if letter.isupper():
        return 18.5
    return 15.0 if letter in "gy" else 17.0 if letter == "b" else 16.0
