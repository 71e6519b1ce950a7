"""Levels of Sokoban: walls, targets, where boxes and player begin, and every arrangement of boxes that can be reached."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from mesascope.drawing.drawing import ARCH, DISC, Drawing, Place, Thing
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.vocabulary import Glyph, Vocabulary
from mesascope.worlds.levels import AbstractLevels

PLAIN, RED, BLUE, ABSENT = range(4)
HUES = ("plain", "red", "blue")
"""Colors of boxes and targets; a plain one has none. `ABSENT` is the color of a slot that is not in use."""
NONE = -1
"""Cell of a slot that is not in use."""

_KINDS = ("box", "red-box", "blue-box", "target", "red-target", "blue-target")
VOCABULARY = Vocabulary(
    _KINDS, (), tuple(Glyph(kind[0].upper(), kind.replace("-", " "), fill=kind.split("-")[0]) for kind in _KINDS), ()
)
"""What a map of Sokoban shows beside walls: a channel for each color of boxes, and for each color of targets."""


class SokobanLevels(AbstractLevels):
    """A batch of levels. Cells are row-major numbers of the interior; the border, which is wall, is not stored.

    An arrangement is where the boxes are. Slot 0 holds the one that the level begins with; those that are not in use hold
    `NONE`. Boxes of one color are alike: in an arrangement they stand in the order of their cells.

    Attributes:
        walls: cells that nothing can enter.
        target: cell of each target, `NONE` for a slot that is not in use.
        target_hue: color of each target, a number of `HUES`.
        box_hue: color of each box.
        boxes: cell of each box in each arrangement.
        reached: cells in which the player can come to stand in each arrangement.
        player: cell in which the player begins.
        complete: whether all arrangements that can be reached are there.

    Example:
        >>> import mesascope as ms
        >>> levels = ms.worlds.sokoban(size=7).draw(0, 3)
        >>> len(levels), levels.interior
        (3, (5, 5))
    """

    walls: Bool[Array, "level height width"]
    target: Int[Array, "level target"]
    target_hue: Int[Array, "level target"]
    box_hue: Int[Array, "level box"]
    boxes: Int[Array, "level arrangement box"]
    reached: Bool[Array, "level arrangement cell"]
    player: Int[Array, " level"]
    complete: Bool[Array, " level"]
    vocabulary: Vocabulary = eqx.field(static=True, default=VOCABULARY)

    @property
    def interior(self) -> tuple[int, int]:
        """Height and width of the interior."""
        return self.walls.shape[1], self.walls.shape[2]

    @property
    def size(self) -> int:
        """Outer height, border included."""
        return self.walls.shape[1] + 2

    @property
    def arrangements(self) -> int:
        """Slots for arrangements of boxes, in use or not."""
        return self.boxes.shape[1]

    @property
    def state_counts(self) -> Int[Array | np.ndarray, " level"]:
        """How many states of each level can be reached."""
        return self.reached.sum((1, 2))

    def text(self, index: int) -> str:
        """Level number `index` in the XSB format, border included, without a line end after the last line."""
        from mesascope.worlds.grids.sokoban.xsb import level_text

        return level_text(self, index)

    def drawing(self, index: int) -> Drawing:
        """Level number `index` as a board, with the boxes where they begin: arches are targets, discs are boxes."""
        width = self.interior[1]
        colors = ("yellow", "red", "blue")
        placed = [
            (cells, hues, shape, letter, name)
            for cells, hues, shape, letter, name in (
                (self.target[index], self.target_hue[index], ARCH, ".", "target"),
                (self.boxes[index, 0], self.box_hue[index], DISC, "$", "box"),
            )
        ]
        things = tuple(
            Thing(Place(cell // width + 1, cell % width + 1), shape, colors[hue], letter, _named(hue, name))
            for cells, hues, shape, letter, name in placed
            for cell, hue in zip(np.asarray(cells).tolist(), np.asarray(hues).tolist(), strict=True)
            if cell != NONE
        )
        legend = "Targets are arches, boxes are discs; yellow ones have no color."
        return Drawing(np.asarray(self.walls)[index], things, MOVES, legend, "before any box is pushed")

    def name_at(self, index: int, state: int) -> str | None:
        """What lies where the player stands in a state: `red target`, or None."""
        height, width = self.interior
        cell = int(state) % (height * width)
        targets = zip(np.asarray(self.target)[index].tolist(), np.asarray(self.target_hue)[index].tolist(), strict=True)
        return next((_named(hue, "target") for at, hue in targets if at == cell), None)


def _named(hue: int, name: str) -> str:
    return name if hue == PLAIN else f"{HUES[hue]} {name}"


def cells_of(levels: SokobanLevels) -> int:
    """Cells of the interior."""
    height, width = levels.interior
    return height * width


def in_cells(where: Int[Array, "*slots slot"], cells: int) -> Bool[Array, "*slots slot cell"]:
    """Each slot as a map over cells; nowhere for a slot that is not in use."""
    return where[..., None] == jnp.arange(cells, dtype=where.dtype)
