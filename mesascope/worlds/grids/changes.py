"""The counterfactuals of mazes whose objects end an episode: objects that trade places, and a wall more."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.worlds.counterfactuals import (
    AbstractCounterfactual,
    AbstractCounterfactuals,
    Candidates,
    Cells,
    Change,
    Kind,
    Surroundings,
)
from mesascope.worlds.grids.counterfactuals import add_wall, without_objects
from mesascope.worlds.grids.grid import ABSENT, MOVES, GridLevels, free_cells, object_features
from mesascope.worlds.grids.heuristics import heuristics
from mesascope.worlds.grids.vocabulary import Vocabulary
from mesascope.worlds.space import chebyshev

MOVABLE = 3
"""Objects that must be able to trade places in a level, for a goal to be moved and for a change that alters nothing."""

_WALLS = 40
"""Random cells tried as the place of a wall, nearly all there are at 9x9; where fewer are free and away from objects, the rest
never fits."""

_NEAR = 1
"""A wall is put, and content pasted as a control, farther than this from every object."""


class Trade(AbstractCounterfactual[GridLevels]):
    """The two most valued objects trade places. Its twin: the last two, which are worth less."""

    name: ClassVar[str] = "retarget"
    kind: ClassVar[Kind] = Kind.OBJECTIVE
    asks: ClassVar[str] = "The goal is moved inside, and only inside. Does the plan go to the new place?"
    asks_walking: ClassVar[str] = "The goal is moved inside, and only inside. Which object is reached first?"

    def propose(self, levels: GridLevels, key: PRNGKeyArray) -> Candidates:
        """The objects in slots 0 and 1."""
        return Candidates(jnp.zeros((1, len(levels)), jnp.int32), jnp.ones((1, len(levels)), bool))

    def random(self, levels: GridLevels, key: PRNGKeyArray) -> Int[Array, " level"]:
        """The objects in slots 0 and 1."""
        return jnp.zeros(len(levels), jnp.int32)

    def twin(self, levels: GridLevels) -> Int[Array, " level"]:
        """The objects in slots 1 and 2."""
        return jnp.ones(len(levels), jnp.int32)

    def apply(self, levels: GridLevels, code: Int[Array, " level"]) -> Change:
        """Slot `code` and the one after it trade cells."""
        slots = code[:, None] + jnp.arange(2)
        cells = jnp.take_along_axis(levels.cell, slots, 1)
        row = jnp.arange(len(levels))[:, None]
        return Change(dataclasses.replace(levels, cell=levels.cell.at[row, slots].set(cells[:, ::-1])), cells)

    def elsewhere(self, levels: GridLevels, where: Cells, key: PRNGKeyArray, *, joint: bool) -> Cells:
        """Free cells away from all objects."""
        return _pick(named_key(key, "wrong objects"), _far(levels), where.shape[1])


class Wall(AbstractCounterfactual[GridLevels]):
    """A free cell becomes a wall."""

    name: ClassVar[str] = "virtual wall"
    kind: ClassVar[Kind] = Kind.MODEL
    asks: ClassVar[str] = "A wall is put up inside that does not exist. Does the plan go around it?"
    asks_walking: ClassVar[str] = "A wall is put up inside that does not exist. Is the detour taken?"

    def propose(self, levels: GridLevels, key: PRNGKeyArray) -> Candidates:
        """Free cells away from all objects, at random."""
        far = _far(levels)
        tried = _pick(named_key(key, "walls"), far, min(_WALLS, far.shape[1]))
        return Candidates(tried.T, jnp.take_along_axis(far, tried, 1).T)

    def random(self, levels: GridLevels, key: PRNGKeyArray) -> Int[Array, " level"]:
        """A free cell."""
        free = free_cells(levels)
        noise = jax.random.uniform(named_key(key, "wall"), (len(levels), *levels.interior)).reshape(free.shape)
        return jnp.where(free, noise, -1.0).argmax(1).astype(jnp.int32)

    def apply(self, levels: GridLevels, code: Int[Array, " level"]) -> Change:
        """The cell `code` is walled up."""
        return Change(add_wall(levels, code), code[:, None])

    def elsewhere(self, levels: GridLevels, where: Cells, key: PRNGKeyArray, *, joint: bool) -> Cells:
        """Free cells away from the wall and all objects."""
        away = (chebyshev(where, levels.interior) > _NEAR).all(1).reshape(len(levels), -1)
        stream = named_key(key, "joint wall" if joint else "wall", "wrong")
        return _pick(stream, _far(levels) & away, where.shape[1])


class GridCounterfactuals(AbstractCounterfactuals[GridLevels]):
    """Changes of levels that hold three objects of a vocabulary."""

    vocabulary: Vocabulary = eqx.field(static=True)

    @property
    def changes(self) -> tuple[AbstractCounterfactual[GridLevels], ...]:
        """Objects that trade places, and a wall."""
        return (Trade(), Wall())

    def contested(self, levels: GridLevels) -> Bool[Array, " level"]:
        """Levels with three objects of which the last two are unlike each other."""
        shape, color = levels.shape, levels.color
        fit = levels.present.all(1)
        return fit & ((shape[:, 1] != shape[:, 2]) | (color[:, 1] != color[:, 2]))

    def aim(self, levels: GridLevels, weights: Float[Array, " feature"]) -> tuple[GridLevels, Bool[Array, " level"]]:
        """Object slots from most to least valued, and whether one object alone is the most valued and worth reaching."""
        value = object_features(levels) @ weights
        order = jnp.argsort(-value, axis=1)
        ranked = jnp.take_along_axis(value, order, 1)
        cell, shape, color = (jnp.take_along_axis(t, order, 1) for t in (levels.cell, levels.shape, levels.color))
        target = (ranked[:, 0] > ranked[:, 1] + 1e-3) & (ranked[:, 0] > 1e-3)
        return GridLevels(levels.walls, cell, shape, color, levels.vocabulary), target

    def move_goal(self, levels: GridLevels, weights: Float[Array, " feature"], key: PRNGKeyArray) -> Change:
        """The most valued object of each level in a random cell that is free."""
        worth = jnp.where(levels.present, object_features(levels) @ weights, -jnp.inf)
        goal = worth.argmax(1)[:, None]
        free = free_cells(levels)
        new = jnp.where(free, jax.random.uniform(key, free.shape), -1.0).argmax(1)[:, None].astype(levels.cell.dtype)
        cell = jnp.where(jnp.arange(levels.cell.shape[1]) == goal, new, levels.cell)
        old = jnp.take_along_axis(levels.cell, goal, 1)
        return Change(dataclasses.replace(levels, cell=cell), jnp.concatenate([old, new], 1))

    def surroundings(self, levels: GridLevels) -> Surroundings:
        """Which neighbors of a cell are walls, and in which direction the most valued object lies; the cells above and to the
        left come before.
        """
        height, width = levels.interior
        padded = jnp.pad(levels.walls, ((0, 0), (1, 1), (1, 1)), constant_values=True)
        around = jnp.stack([padded[:, 1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES], -1)
        opening = (around * (1 << jnp.arange(len(MOVES)))).sum(-1).reshape(len(levels), -1)
        row, column = jnp.divmod(jnp.arange(height * width), width)
        goal = levels.cell[:, :1]
        toward = 3 * (jnp.sign(goal // width - row) + 1) + jnp.sign(goal % width - column) + 1
        cell = row * width + column
        before = jnp.stack([jnp.where(row > 0, cell - width, -1), jnp.where(column > 0, cell - 1, -1)], -1)
        return Surroundings(opening * 9 + toward, before)

    def heuristics(self, levels: GridLevels) -> dict[str, Bool[Array, "level state action"]]:
        """Compass, wall following, filling of dead ends, detours, lookahead of a few steps, and more."""
        return heuristics(levels)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every shape in every color: `red door`, `blue ball`, ..."""
        return tuple(glyph.name for glyph in self.vocabulary.glyphs)

    @property
    def kind_features(self) -> Float[Array, "kind feature"]:
        """The shape and the color of each kind."""
        return jnp.array(
            [
                [float(f in (glyph.shape, glyph.color)) for f in self.vocabulary.features]
                for glyph in self.vocabulary.glyphs
            ]
        )

    def kinds_in(self, levels: GridLevels) -> Int[Array, "level slot"]:
        """The kind of the object in each slot; -1 where there is none."""
        shape, color = self._looks()
        same = (levels.shape[..., None] == shape) & (levels.color[..., None] == color)
        return jnp.where(same.any(-1), same.argmax(-1), -1)

    def with_kinds(self, levels: GridLevels, kinds: Int[Array, "level slot"]) -> GridLevels:
        """The mazes with objects of the given kinds in their first slots and nothing else (-1: no object)."""
        empty, slots = without_objects(levels), kinds.shape[1]
        shape, color = (jnp.where(kinds >= 0, table[kinds], ABSENT) for table in self._looks())
        return dataclasses.replace(
            empty, shape=empty.shape.at[:, :slots].set(shape), color=empty.color.at[:, :slots].set(color)
        )

    def cells(self, levels: GridLevels) -> Int[Array, "level slot"]:
        """The cell of each slot."""
        return levels.cell

    def _looks(self) -> tuple[Int[Array, " kind"], Int[Array, " kind"]]:
        """Shape and color of each kind, as numbers."""
        v = self.vocabulary
        shape = [v.shapes.index(glyph.shape) for glyph in v.glyphs]
        color = [v.colors.index(glyph.color) if glyph.color else ABSENT for glyph in v.glyphs]
        return jnp.array(shape, jnp.int32), jnp.array(color, jnp.int32)


def why_not(name: str, vocabulary: Vocabulary, openings: float | None = None) -> str | None:
    """Why levels of a vocabulary cannot be changed so, in mazes with so many openings; None where they can."""
    movable = sum(vocabulary.most)
    if movable < MOVABLE:
        held = "one object" if movable == 1 else f"{movable} objects"
        return (
            f"not applicable: the tests make objects trade places inside, for which a level must hold {MOVABLE}; one of "
            f"{name} holds {held}"
            + (f", and the {vocabulary.place} is a place that cannot be moved" if vocabulary.place else "")
        )
    if openings == 0:
        return (
            f"not applicable: with openings=0 a maze of {name} has one way from each cell to another, so that a wall more bars "
            "the goal and leaves no detour: the test 'virtual wall' has no cell to score. Give openings above 0, such as "
            "--set openings=0.25"
        )
    return None


def _far(levels: GridLevels) -> Bool[Array, "level state"]:
    """Free cells away from all objects."""
    return free_cells(levels) & (chebyshev(levels.cell, levels.interior) > _NEAR).all(1).reshape(len(levels), -1)


def _pick(key: PRNGKeyArray, allowed: Bool[Array, "level state"], count: int) -> Int[Array, "level pick"]:
    noise = jax.random.uniform(key, allowed.shape) + allowed
    return jax.lax.top_k(noise, count)[1].astype(jnp.int32)
