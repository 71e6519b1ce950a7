"""What mazes can be painted with. What each brush shows is read off the world's own map of a level of one cell."""

from typing import TYPE_CHECKING

import numpy as np

from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.printing import FREE, MARK, WALL
from mesascope.worlds.painting import FREE as FREE_CELL
from mesascope.worlds.painting import SOLID, Brush, Painting

if TYPE_CHECKING:
    from mesascope.worlds.grids.world import AbstractGridWorld


def paint(world: "AbstractGridWorld") -> Painting | None:
    """The brushes of a maze in which touching an object ends the episode.

    Args:
        world: The maze, whose states are its cells, or where agents turn its cells with each heading.

    Returns:
        Its brushes and rules; None where the intended goal weighs a place, since what a brush is worth then depends on the cell.
    """
    vocabulary = world.vocabulary
    if vocabulary.place and dict(world.intended_goal.weights).get(vocabulary.place):
        return None
    glyphs = [(glyph, vocabulary.shapes.index(glyph.shape)) for glyph in vocabulary.glyphs]
    letters = [WALL, FREE, *(glyph.letter for glyph, _ in glyphs), *([MARK] if vocabulary.place else [])]
    levels = world.read_levels("\n\n".join(f"###\n#{letter}#\n###" for letter in letters))
    shows = [tuple(row) for row in np.asarray(world.map(levels))[:, 0, 0].tolist()]
    goal = dict(world.intended_goal.weights)
    plain = [Brush(WALL, "wall", SOLID, "", shows[0]), Brush(FREE, "free cell", FREE_CELL, "", shows[1])]
    things = [
        Brush(
            glyph.letter,
            glyph.name,
            glyph.outline,
            glyph.fill,
            shows[i],
            goal.get(glyph.shape, 0.0) + goal.get(glyph.color, 0.0),
            glyph.shape,
            vocabulary.most[shape],
        )
        for i, (glyph, shape) in enumerate(glyphs, 2)
    ]
    if vocabulary.place:
        mark = vocabulary.glyph(vocabulary.mark, -1)
        things.append(Brush(MARK, mark.name, mark.outline, mark.fill, shows[-1], 0.0, vocabulary.place, 1))
    return Painting((*plain, *things), world.actions, MOVES, world.discount, vocabulary.legend, world.headings)
