"""What all worlds of Sokoban share: moves that push, arrangements of boxes as stages, levels in the XSB format."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import DISCOUNT
from mesascope.worlds.grids.sokoban.levels import VOCABULARY, SokobanLevels, cells_of
from mesascope.worlds.grids.sokoban.picture import pictures
from mesascope.worlds.grids.sokoban.reading import read_xsb
from mesascope.worlds.grids.sokoban.tables import FEATURES, observe_arrangements, sokoban_tables
from mesascope.worlds.grids.sokoban.xsb import level_text
from mesascope.worlds.grids.vocabulary import Vocabulary
from mesascope.worlds.grids.windows import standing
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.views import States


class AbstractSokoban(AbstractGridWorld):
    """Boxes that are pushed and never pulled. A state is an arrangement of boxes and the player's cell."""

    vocabulary: ClassVar[Vocabulary] = VOCABULARY
    single_choice: ClassVar[bool] = False
    features: ClassVar[tuple[str, ...]] = FEATURES
    discount: ClassVar[float] = DISCOUNT

    @property
    def legend(self) -> str:
        """What the characters of a level's text mean."""
        return (
            "`#` wall, `@` player, `+` player on a target, `$` box, `*` box on a target, `.` target, a space floor. "
            "`Boxes:` and `Targets:` name colors in the order of the board."
        )

    @classmethod
    def read_levels(cls, text: str) -> SokobanLevels:
        """Levels from text in the XSB format; `LevelFormatError` says what is wrong in which line and column."""
        return read_xsb(text)

    def tables(self, levels: SokobanLevels) -> FiniteMDP:
        """Tables over arrangements of boxes and the player's cell."""
        return sokoban_tables(levels)

    def active(self, levels: SokobanLevels) -> Bool[Array, "level state"]:
        """States that can be reached and do not end the episode."""
        return ~self.tables(levels).terminal

    def map(self, levels: SokobanLevels) -> Float[Array, "view height width channel"]:
        """Walls, boxes and targets; one view for each arrangement of boxes."""
        return observe_arrangements(levels)

    def locate(self, levels: SokobanLevels) -> Int[Array, "level state"]:
        """The player's cell in each state."""
        states = levels.arrangements * cells_of(levels) * (len(self.headings) or 1)
        return jnp.broadcast_to(jnp.arange(states, dtype=jnp.int32) % cells_of(levels), (len(levels), states))

    def text_in_state(self, levels: SokobanLevels, index: int, state: int) -> str:
        """Level number `index` in the XSB format as it is in a state; a player with a heading is `^v<>`, on a target too."""
        cells, width = cells_of(levels), levels.interior[1]
        at = standing(jnp.asarray([[state]]), cells, len(self.headings) or 1)
        arrangement, heading, cell = (int(number[0, 0]) for number in at)
        board = level_text(levels, index, arrangement, cell)
        if not self.headings:
            return board
        lines = [list(line) for line in board.splitlines()]
        lines[cell // width + 1][cell % width + 1] = "^v<>"[heading]
        return "\n".join("".join(line) for line in lines)

    @property
    def no_search_tests(self) -> str | None:
        """The tests read one map of answers for each level."""
        return (
            "not applicable: the tests read one answer to a level, and an agent here answers once for every arrangement of "
            "boxes"
        )

    @property
    def no_mutations(self) -> str | None:
        """A change of a level changes which arrangements there are."""
        return f"changes levels of doors and balls, and {self.name} has boxes"

    def _rgb(self, levels: SokobanLevels, states: States) -> UInt8[Array, "level state height width 3"]:
        return pictures(self._stage_maps(levels), states, len(self.headings) or 1)
