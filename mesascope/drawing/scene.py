"""What a picture of a level shows, in plain numbers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.drawing.drawing import Drawing, Place, Thing

PolicyTable = Float[Array, "cell action"] | Float[np.ndarray, "cell action"]
CellValues = Float[Array, " cell"] | Float[np.ndarray, " cell"]
Path = Sequence[int] | Int[Array, " step"] | Int[np.ndarray, " step"]
"""Cells visited, start and end included, as row-major indices into the interior."""

STEP_SECONDS, HOLD_SECONDS = 0.2, 1.6
"""Time of one step, and how long the end stands before the episode starts over."""
MOST_STEPS = 400
"""Steps of an episode that are shown: a GIF of a 13x13 level then stays below 1 MB."""

_UNDECIDED = 0.04
"""Strength of preference below which a cell gets a dot and no arrow."""


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

    solid: Bool[np.ndarray, "height width"]
    heat: tuple[Heat, ...]
    arrows: tuple[Arrow, ...]
    things: tuple[Thing, ...]
    path: tuple[Place, ...]
    words: str


def read_scene(
    drawing: Drawing,
    *,
    policy: PolicyTable | None = None,
    path: Path | None = None,
    values: CellValues | None = None,
) -> Scene:
    """The scene of a level with what is drawn over it. `ValueError` names what does not fit the level."""
    inner = drawing.solid
    solid = np.pad(inner, 1, constant_values=True)
    taken = {thing.place for thing in drawing.things}
    free = [i for i in np.flatnonzero(~inner).tolist() if _place(i, inner.shape[1]) not in taken]
    return Scene(
        solid,
        () if values is None else _heat(np.asarray(values), free, inner),
        () if policy is None else _arrows(np.asarray(policy), free, inner, drawing.moves),
        drawing.things,
        () if path is None else _path(path, inner),
        _words(solid, drawing.things),
    )


def _place(cell: int, width: int) -> Place:
    return Place(cell // width + 1, cell % width + 1)


def _check_cells(what: str, table: np.ndarray, inner: np.ndarray) -> None:
    if len(table) != inner.size:
        raise ValueError(f"{what} of {len(table)} states for a level of {inner.size} interior cells")
    if not np.isfinite(table).all():
        state = int(np.argwhere(~np.isfinite(table))[0, 0])
        raise ValueError(f"{what} of state {state} is not finite")


def _arrows(
    policy: np.ndarray, free: list[int], inner: np.ndarray, moves: tuple[tuple[int, int], ...]
) -> tuple[Arrow, ...]:
    _check_cells("a policy", policy, inner)
    if policy.shape[1:] != (len(moves),):
        raise ValueError(f"a policy of shape {policy.shape}; expected one probability for each of {len(moves)} actions")
    chance = 1 / len(moves)
    arrows = []
    for cell in free:
        action = int(policy[cell].argmax())
        strength = float(np.clip((policy[cell, action] - chance) / (1 - chance), 0, 1)) if len(moves) > 1 else 1.0
        down, right = moves[action] if strength > _UNDECIDED else (0, 0)
        arrows.append(Arrow(_place(cell, inner.shape[1]), down, right, strength))
    return tuple(arrows)


def _heat(values: np.ndarray, free: list[int], inner: np.ndarray) -> tuple[Heat, ...]:
    _check_cells("values", values, inner)
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


def _words(solid: np.ndarray, things: tuple[Thing, ...]) -> str:
    listed = [f"{t.name} in row {t.place.row + 1}, column {t.place.column + 1}" for t in things]
    return f"A level of {solid.shape[0]} by {solid.shape[1]} cells with {', '.join(listed) or 'no objects'}."
