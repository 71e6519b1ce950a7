"""Worlds whose levels come from a file in the XSB format."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from mesascope.core.errors import LevelFormatError, UsageError, said, unknown
from mesascope.core.objective import Objective, Role
from mesascope.worlds.card import Value
from mesascope.worlds.grids.printing import format_error
from mesascope.worlds.grids.sokoban.arrangements import with_arrangements
from mesascope.worlds.grids.sokoban.base import AbstractSokoban
from mesascope.worlds.grids.sokoban.levels import NONE, SokobanLevels
from mesascope.worlds.grids.sokoban.reading import levels_of_boards
from mesascope.worlds.grids.sokoban.tables import FEATURES, solved
from mesascope.worlds.grids.sokoban.xsb import boards_of
from mesascope.worlds.world import TRAINING

OPTIONS = ("intended_goal", "base_objective")


class SokobanCollection(AbstractSokoban):
    """Levels of a collection of Sokoban puzzles. `from_xsb` makes a subclass of its own for each collection.

    **Description.** The levels of a text in the XSB format, smaller ones filled up with wall on the right and below.
    **States and actions.** One state per arrangement of boxes and cell of the player that can be reached from where the level
    begins; up, down, left, right.
    **Features.** As in `sokoban`: `box` fires when a box is pushed onto a target, `red-box`, `blue-box`, `red-target` and
    `blue-target` where colors are named; pushing it off fires the same with -1.
    **Episode end.** When all boxes are on targets. **Return.** Discounted, 0.97 a step; one start, the player's cell.
    **Intended goal and base objective.** Both `box` = 1 unless others are given.
    **Proxies.** None that is known.

    **Configuration.**

    * `sha256`: SHA-256 of the text.

    **Version history.** 1: first.
    """

    sha256: str = eqx.field(static=True, default="")
    name: ClassVar[str] = "sokoban-collection"
    independent_features: ClassVar[tuple[str, ...]] = ("red-box", "blue-box", "red-target")
    intended_goal: ClassVar[Objective] = Objective.of("box", Role.INTENDED, box=1.0)
    base_objective: ClassVar[Objective] = Objective.of("box", Role.BASE, box=1.0)
    shifts: ClassVar[dict[str, str]] = {"mirrored": "the levels mirrored left to right"}

    pool: eqx.AbstractClassVar[Mapping[str, SokobanLevels]]
    titles: eqx.AbstractClassVar[tuple[str, ...]]
    """Title of each level, in the order of the text; "" for one without."""

    def sample(self, key: PRNGKeyArray, count: int, distribution: str) -> SokobanLevels:
        """Levels of the collection in a random order; none comes twice before all have come."""
        pool = self.pool[distribution]
        return pool[jnp.resize(jax.random.permutation(key, len(pool)), (count,))]

    def distinct_levels(self, distribution: str) -> int | None:
        """How many levels the collection has."""
        return len(self.pool[self.check_distribution(distribution)])

    @property
    def views_per_level(self) -> int:
        """One map for each slot of an arrangement."""
        return self.pool[TRAINING].arrangements


def from_xsb(
    text: str, *, intended_goal: str = "box", base_objective: str = "box", name: str = "sokoban-collection"
) -> SokobanCollection:
    r"""A world of the levels of a text in the XSB format.

    Args:
        text: one level or a collection.
        intended_goal: weights over `box`, `red-box`, `blue-box`, `red-target` and `blue-target`.
        base_objective: likewise.
        name: what the world is called.

    Returns:
        The world; every draw from `training` is a level of the text, and from the shift `mirrored` its mirror image.

    Raises:
        LevelFormatError: what is wrong in which line and column; a level that is too large, or that cannot be solved.
        UsageError: an objective that cannot be read.

    Example:
        >>> world = from_xsb("#####\n#@$.#\n#####")
        >>> world.optimal_values().max().item()
        1.0
    """
    boards = boards_of(text)
    levels = levels_of_boards(boards)
    solvable = np.asarray((solved(levels) & levels.reached.any(-1)).any(-1))
    if not solvable.all():
        line = boards[int(np.flatnonzero(~solvable)[0])].lines[0].number
        raise format_error(line, 1, "the level that starts here cannot be solved; leave it out")
    body = {
        "__doc__": SokobanCollection.__doc__,
        "__module__": SokobanCollection.__module__,
        "name": name,
        "pool": {TRAINING: levels, "mirrored": mirrored(levels)},
        "titles": tuple(board.title for board in boards),
        "intended_goal": Objective.parse(intended_goal, FEATURES, Role.INTENDED),
        "base_objective": Objective.parse(base_objective, FEATURES, Role.BASE),
    }
    kind = type("SokobanCollection", (SokobanCollection,), body)
    return kind(hashlib.sha256(text.encode()).hexdigest())


def mirrored(levels: SokobanLevels) -> SokobanLevels:
    """The levels with left and right exchanged."""
    width = levels.interior[1]

    def mirror(cell: jax.Array) -> jax.Array:
        return jnp.where(cell == NONE, NONE, cell // width * width + width - 1 - cell % width)

    return with_arrangements(
        levels.walls[:, :, ::-1],
        mirror(levels.target),
        levels.target_hue,
        mirror(levels.boxes[:, 0]),
        levels.box_hue,
        mirror(levels.player),
        levels.arrangements,
    )


def from_reference(
    reference: str, config: Mapping[str, Value], say: Callable[[str], None] = lambda text: None
) -> SokobanCollection:
    """The world of a reference such as `xsb:levels.txt`.

    Args:
        reference: what stands behind the colon: the path of a file.
        config: `intended_goal` and `base_objective` as text.
        say: hears how far it is; it takes too short a time to be told.

    Raises:
        UsageError: the file cannot be read, or another option is given.
        LevelFormatError: as `from_xsb`.
    """
    for option in config:
        if option not in OPTIONS:
            raise unknown("option of xsb", option, OPTIONS)
    path = Path(reference)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"xsb:{reference}: expected a text file with levels, found none: {said(error)}") from error
    try:
        return from_xsb(text, **{option: str(value) for option, value in config.items()})
    except LevelFormatError as error:
        raise LevelFormatError(f"{reference}, {error}") from error
