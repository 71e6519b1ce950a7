"""What an editor of levels needs to know of a world: what can be painted into a cell, and what follows from it.

Plain numbers, so that a document can carry them to where no Python runs.
"""

from typing import NamedTuple

SOLID, FREE = "solid", "free"
"""Shapes of brushes that are no things: what nobody can enter, and an empty cell."""


class Brush(NamedTuple):
    """One kind of cell.

    Attributes:
        letter: Its character in a level's text.
        name: What it is called.
        shape: `solid`, `free`, or how a thing is drawn (`mesascope.drawing.drawing`).
        color: What a thing is filled with; "" for others.
        shows: The channels of the view `map` in such a cell.
        worth: What entering the cell earns by the intended goal.
        group: The kinds of which a level holds at most `most` together; "" where there is no such bound.
        most: See `group`.
    """

    letter: str
    name: str
    shape: str
    color: str
    shows: tuple[float, ...]
    worth: float = 0.0
    group: str = ""
    most: int | None = None


class Painting(NamedTuple):
    """The rules of a world whose levels are boards of brushes with one state in each free cell, or one for each heading there.

    Entering a thing ends an episode; an action into what is solid leaves the agent in place. The first brush is solid, the
    second free.

    Attributes:
        brushes: Everything that a cell can hold.
        actions: Names of the actions.
        moves: Rows and columns by which each action leads on; where there are headings, by which going forward does with each.
        discount: Of returns, for each step.
        legend: What the things are, in a sentence.
        headings: Names of the ways in which an agent can look, in the order of its states; none where it does not turn.

    Example:
        >>> import mesascope as ms
        >>> [brush.letter for brush in ms.worlds.red_doors().painting.brushes]
        ['#', '.', 'R', 'B', 'G', 'Y', 'r', 'b', 'g', 'y']
    """

    brushes: tuple[Brush, ...]
    actions: tuple[str, ...]
    moves: tuple[tuple[int, int], ...]
    discount: float
    legend: str = ""
    headings: tuple[str, ...] = ()
