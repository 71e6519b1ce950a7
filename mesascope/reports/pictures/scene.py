"""What a picture of a level shows, in plain numbers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.worlds.grids.grid import ABSENT, MOVES, GridLevels
from mesascope.worlds.grids.vocabulary import Glyph

PolicyTable = Float[Array, "state action"] | Float[np.ndarray, "state action"]
StateValues = Float[Array, " state"] | Float[np.ndarray, " state"]
Path = Sequence[int] | Int[Array, " step"] | Int[np.ndarray, " step"]
"""Cells visited, start and end included, as row-major indices into the interior."""

STEP_SECONDS, HOLD_SECONDS = 0.2, 1.6
"""Time of one step, and how long the end stands before the episode starts over."""
MOST_STEPS = 400
"""Steps of an episode that are shown: a GIF of a 13x13 level then stays below 1 MB."""

_UNDECIDED = 0.04
"""Strength of preference below which a cell gets a dot and no arrow."""


class Place(NamedTuple):
    """Row and column, border included."""

    row: int
    column: int


class Thing(NamedTuple):
    """An object, what it is filled with, the letter that stands for it, and what it is called."""

    place: Place
    shape: str
    color: str
    letter: str
    name: str


class Arrow(NamedTuple):
    """The likeliest action in a cell; strength 0 is no preference, 1 certainty. No direction: undecided."""

    place: Place
    down: int
    right: int
    strength: float


class Heat(NamedTuple):
    """The value of a cell as a share of the largest magnitude in the level, with its sign."""

    place: Place
    share: float


class Scene(NamedTuple):
    """Everything to draw, in drawing order; `words` says the same for readers who do not see it."""

    walls: Bool[np.ndarray, "height width"]
    heat: tuple[Heat, ...]
    arrows: tuple[Arrow, ...]
    things: tuple[Thing, ...]
    path: tuple[Place, ...]
    words: str


def read_scene(
    levels: GridLevels,
    index: int,
    *,
    policy: PolicyTable | None = None,
    path: Path | None = None,
    values: StateValues | None = None,
) -> Scene:
    """The scene of one level of a batch. `IndexError` and `ValueError` name what does not fit the level."""
    if not -levels.count <= index < levels.count:
        raise IndexError(f"level {index} of a batch of {levels.count}")
    inner = np.asarray(levels.walls)[index]
    walls = np.pad(inner, 1, constant_values=True)
    things = _things(levels, index)
    taken = {thing.place for thing in things}
    free = [i for i in np.flatnonzero(~inner).tolist() if _place(i, inner.shape[1]) not in taken]
    return Scene(
        walls,
        () if values is None else _heat(np.asarray(values), free, inner),
        () if policy is None else _arrows(np.asarray(policy), free, inner),
        things,
        () if path is None else _path(path, inner),
        _words(walls, things),
    )


def greedy_path(levels: GridLevels, index: int, policy: PolicyTable, start: int, most_steps: int = 200) -> list[int]:
    """Cells visited from `start` by always taking the likeliest action, until an object, a loop or `most_steps`.

    A greedy policy that comes back to a cell goes round for ever: the path ends with the first return.
    """
    inner = np.asarray(levels.walls)[index]
    height, width = inner.shape
    objects = {(thing.place.row - 1) * width + thing.place.column - 1 for thing in _things(levels, index)}
    best = np.asarray(policy).argmax(-1)
    path = [int(start)]
    while path[-1] not in objects and path[-1] not in path[:-1] and len(path) <= most_steps:
        row, column = divmod(path[-1], width)
        down, right = MOVES[best[path[-1]]]
        row, column = row + down, column + right
        open_there = 0 <= row < height and 0 <= column < width and not inner[row, column]
        path.append(row * width + column if open_there else path[-1])
    return path


def _place(cell: int, width: int) -> Place:
    return Place(cell // width + 1, cell % width + 1)


def _things(levels: GridLevels, index: int) -> tuple[Thing, ...]:
    width = levels.interior[1]
    slots = zip(*(np.asarray(part)[index] for part in (levels.cell, levels.shape, levels.color)), strict=True)
    return tuple(
        _thing(_place(int(cell), width), levels.vocabulary.glyph(int(shape), int(color)))
        for cell, shape, color in slots
        if shape != ABSENT
    )


def _thing(place: Place, glyph: Glyph) -> Thing:
    return Thing(place, glyph.shape, glyph.fill, glyph.letter, glyph.name)


def _check_states(what: str, table: np.ndarray, inner: np.ndarray) -> None:
    if len(table) != inner.size:
        raise ValueError(f"{what} of {len(table)} states for a level of {inner.size} interior cells")
    if not np.isfinite(table).all():
        state = int(np.argwhere(~np.isfinite(table))[0, 0])
        raise ValueError(f"{what} of state {state} is not finite")


def _arrows(policy: np.ndarray, free: list[int], inner: np.ndarray) -> tuple[Arrow, ...]:
    _check_states("a policy", policy, inner)
    if policy.shape[1:] != (len(MOVES),):
        raise ValueError(f"a policy of shape {policy.shape}; expected one probability for each of {len(MOVES)} actions")
    chance = 1 / len(MOVES)
    arrows = []
    for cell in free:
        action = int(policy[cell].argmax())
        strength = float(np.clip((policy[cell, action] - chance) / (1 - chance), 0, 1))
        down, right = MOVES[action] if strength > _UNDECIDED else (0, 0)
        arrows.append(Arrow(_place(cell, inner.shape[1]), down, right, strength))
    return tuple(arrows)


def _heat(values: np.ndarray, free: list[int], inner: np.ndarray) -> tuple[Heat, ...]:
    _check_states("values", values, inner)
    largest = max((abs(float(values[cell])) for cell in free), default=0.0)
    if largest == 0:
        return ()
    return tuple(Heat(_place(cell, inner.shape[1]), float(values[cell]) / largest) for cell in free)


def _path(path: Path, inner: np.ndarray) -> tuple[Place, ...]:
    cells = [int(cell) for cell in path]
    if not cells:
        raise ValueError("a path of no cells; expected at least its start")
    for cell in cells:
        if not 0 <= cell < inner.size:
            raise ValueError(f"a path through cell {cell} of a level of {inner.size} interior cells")
    places = tuple(_place(cell, inner.shape[1]) for cell in cells)
    for step, (a, b) in enumerate(pairwise(places)):
        if abs(a.row - b.row) + abs(a.column - b.column) > 1:
            raise ValueError(f"step {step} of a path jumps from cell {cells[step]} to cell {cells[step + 1]}")
    return places


def _words(walls: np.ndarray, things: tuple[Thing, ...]) -> str:
    listed = [f"{t.name} in row {t.place.row + 1}, column {t.place.column + 1}" for t in things]
    return f"A level of {walls.shape[0]} by {walls.shape[1]} cells with {', '.join(listed) or 'no objects'}."
