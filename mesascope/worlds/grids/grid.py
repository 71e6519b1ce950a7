"""Grid levels: walls and colored, shaped objects; successor tables, observations and maps shared by the maze worlds.

Arrays hold the *interior* of a level. The border is always wall: it is counted in the size people speak of (9x9 has a
7x7 interior) and drawn in text and pictures, but never stored.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.inline_jit import inline_jit
from mesascope.core.mdp import FiniteMDP
from mesascope.drawing.drawing import Drawing, Place, Thing
from mesascope.worlds.grids.printing import cells_as_text
from mesascope.worlds.grids.vocabulary import ABSENT as ABSENT
from mesascope.worlds.grids.vocabulary import COLORS as COLORS
from mesascope.worlds.grids.vocabulary import DOORS, Glyph, Vocabulary
from mesascope.worlds.grids.vocabulary import SHAPES as SHAPES
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.outcomes import Outcomes

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""Row and column steps of the actions up, down, left, right."""
ACTIONS = ("up", "down", "left", "right")

CHANNELS = DOORS.channels
"""Channels of an observation of doors and balls."""


class GridLevels(AbstractLevels):
    """A batch of grid levels. Objects are slots: cell (row-major index into the interior), shape and color.

    `vocabulary` says what the numbers of shapes and colors mean.

    Example:
        >>> import mesascope as ms
        >>> levels = ms.worlds.red_doors(size=5).draw(0, 3)
        >>> len(levels), levels.interior
        (3, (3, 3))
    """

    walls: Bool[Array, "level height width"]
    cell: Int[Array, "level object"]
    shape: Int[Array, "level object"]
    color: Int[Array, "level object"]
    vocabulary: Vocabulary = eqx.field(static=True, default=DOORS)

    @property
    def interior(self) -> tuple[int, int]:
        """Height and width of the interior."""
        return self.walls.shape[1], self.walls.shape[2]

    @property
    def size(self) -> int:
        """Outer height, border included."""
        return self.walls.shape[1] + 2

    @property
    def present(self) -> Bool[Array, "level object"]:
        """Which object slots are in use."""
        return self.shape != ABSENT

    def text(self, index: int) -> str:
        """Level number `index` as text: one character a cell, border included.

        `LevelFormatError` when an object lies in a wall or on another object: one character a cell cannot say that.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"level {index} of a batch of {len(self)}")
        slots = np.stack([np.asarray(part)[index] for part in (self.cell, self.shape, self.color)], -1)
        return cells_as_text(np.asarray(self.walls)[index], slots, self.vocabulary, index)

    def drawing(self, index: int) -> Drawing:
        """Level number `index` as a board: walls are solid, objects have the looks of the vocabulary."""
        width = self.interior[1]
        things = [
            Thing(Place(cell // width + 1, cell % width + 1), glyph.outline, glyph.fill, glyph.letter, glyph.name)
            for cell, glyph in self._objects(index)
        ]
        return Drawing(np.asarray(self.walls)[index], tuple(things), MOVES, self.vocabulary.legend)

    def name_at(self, index: int, state: int) -> str | None:
        """`red door`, `green ball`, `cheese`, ...: the object in the cell of a state, or None."""
        height, width = self.interior
        found = dict(self._objects(index)).get(int(state) % (height * width))
        return None if found is None else found.name

    def _objects(self, index: int) -> list[tuple[int, Glyph]]:
        """Cell and looks of each object of one level."""
        slots = np.stack([np.asarray(part)[index] for part in (self.cell, self.shape, self.color)], -1).tolist()
        return [(cell, self.vocabulary.glyph(shape, color)) for cell, shape, color in slots if shape != ABSENT]


@inline_jit()
def one_hot_objects(levels: GridLevels) -> Bool[Array, "level object height width"]:
    """Where each present object lies."""
    height, width = levels.interior
    cells = jnp.arange(height * width, dtype=levels.cell.dtype)
    hits = (levels.cell[:, :, None] == cells) & levels.present[:, :, None]
    return hits.reshape(*levels.cell.shape, height, width)


@inline_jit()
def free_cells(levels: GridLevels) -> Bool[Array, "level state"]:
    """Cells without a wall and without an object."""
    return ~(levels.walls | one_hot_objects(levels).any(1)).reshape(len(levels), -1)


@inline_jit()
def object_features(levels: GridLevels) -> Float[Array, "level object feature"]:
    """Features of touching each object: one of the shapes, one of the colors, and the place where it lies there."""
    shape = levels.shape[..., None] == jnp.arange(len(levels.vocabulary.shapes))
    color = levels.color[..., None] == jnp.arange(len(levels.vocabulary.colors))
    where = [in_place(levels)[..., None]] if levels.vocabulary.place else []
    return jnp.concatenate([shape, color, *where], -1).astype(jnp.float32)


PLACES: dict[str, Callable[[Int[Array, "level object"], int], Bool[Array, "level object"]]] = {
    "corner": lambda cell, width: cell == 0,
    "end": lambda cell, width: cell % width == width - 1,
}
"""Whether a cell of a level of some width belongs to a place: the corner at the top left, the last column."""


@inline_jit()
def in_place(levels: GridLevels) -> Bool[Array, "level object"]:
    """Which objects, or marks, lie in the place that counts."""
    return PLACES[levels.vocabulary.place](levels.cell, levels.interior[1]) & levels.present


@inline_jit()
def cell_features(levels: GridLevels) -> Float[Array, "level height width feature"]:
    """Features that fire on entering each cell."""
    at = one_hot_objects(levels).astype(jnp.float32)
    return jnp.einsum("lohw,lof->lhwf", at, object_features(levels))


@inline_jit()
def grid_outcomes(levels: GridLevels) -> Outcomes:
    """The objects of levels in which touching any of them ends the episode."""
    at = one_hot_objects(levels)
    return Outcomes(at.reshape(*levels.cell.shape, -1), object_features(levels))


@inline_jit()
def observe(levels: GridLevels, salience: float | Float[Array, ""] = 1.0) -> Float[Array, "level height width channel"]:
    """What a subject sees: walls, shapes, and colors scaled by `salience`."""
    features = cell_features(levels)
    first, seen = len(levels.vocabulary.shapes), len(levels.vocabulary.visible)
    shapes, colors = features[..., :first], features[..., first:seen]
    return jnp.concatenate([levels.walls[..., None].astype(jnp.float32), shapes, colors * salience], -1)


@inline_jit()
def neighbors(walls: Bool[Array, "level height width"]) -> Int[Array, "level state action"]:
    """Cell reached by each action; a wall, or the border, leaves the agent where it is."""
    height, width = walls.shape[1:]
    row, column = jnp.divmod(jnp.arange(height * width, dtype=jnp.int32), width)
    here = row * width + column
    flat = walls.reshape(walls.shape[0], -1)
    ends = []
    for down, right in MOVES:
        r, c = row + down, column + right
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        target = jnp.where(inside, r * width + c, here)
        ends.append(jnp.where(flat[:, target], here[None], target[None]))
    return jnp.stack(ends, -1)


@inline_jit()
def grid_tables(levels: GridLevels) -> FiniteMDP:
    """The level as a finite MDP over interior cells: touching any object ends the episode.

    Starts are uniform over free cells from which some object can be reached.
    """
    successor = neighbors(levels.walls)
    batch, states, _ = successor.shape
    here = jnp.arange(states, dtype=jnp.int32)[None, :, None]
    terminal = one_hot_objects(levels).any(1).reshape(batch, states)
    walls = levels.walls.reshape(batch, states)
    fires = cell_features(levels).reshape(batch, states, -1)
    entered = jnp.take_along_axis(fires, successor.reshape(batch, -1, 1), axis=1)
    entered = entered.reshape(batch, states, 4, -1) * (successor != here)[..., None]
    can_start = reaches(successor, terminal) & ~terminal & ~walls
    initial = can_start / jnp.maximum(can_start.sum(-1, keepdims=True), 1).astype(jnp.float32)
    return FiniteMDP(
        successor=successor[..., None],
        probability=jnp.ones((batch, states, 4, 1)),
        features=entered[:, :, :, None, :],
        terminal=terminal,
        initial=initial,
        band=levels.interior[1],
        moves=tuple(down * levels.interior[1] + right for down, right in MOVES),
    )


@inline_jit()
def reaches(
    successor: Int[Array, "level state action"], target: Bool[Array, "level state"]
) -> Bool[Array, "level state"]:
    """States from which some target state can be reached (targets included)."""
    offsets = jnp.arange(successor.shape[0], dtype=jnp.int32)[:, None, None] * successor.shape[1]
    flat = successor + offsets

    def unsettled(carry):
        return carry[1]

    def spread(carry):
        reached, _ = carry
        new = reached | reached.reshape(-1)[flat].any(-1)
        return new, (new != reached).any()

    return jax.lax.while_loop(unsettled, spread, (target, jnp.array(True)))[0]
