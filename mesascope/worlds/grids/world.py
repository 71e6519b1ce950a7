"""What the maze worlds share: four moves, maps of cells, and objects that end an episode."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from mesascope.core.errors import unknown
from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import Values
from mesascope.worlds.grids.algorithms import library
from mesascope.worlds.grids.changes import GridCounterfactuals, why_not
from mesascope.worlds.grids.fronts import fits, front_values
from mesascope.worlds.grids.grid import ACTIONS, free_cells, grid_outcomes, grid_tables, observe
from mesascope.worlds.grids.habits import HABITS, RULES
from mesascope.worlds.grids.marks import without_marks
from mesascope.worlds.grids.mutations import GridMutations
from mesascope.worlds.grids.painting import paint
from mesascope.worlds.grids.printing import FREE, MARK, WALL
from mesascope.worlds.grids.text import parse_levels
from mesascope.worlds.grids.tiles import rgb_view
from mesascope.worlds.grids.vocabulary import DOORS, Vocabulary
from mesascope.worlds.grids.windows import egocentric_view, full_view, standing
from mesascope.worlds.outcomes import Outcomes
from mesascope.worlds.painting import Painting
from mesascope.worlds.strategies import AlgorithmLibrary, Habit, Rule
from mesascope.worlds.views import EGOCENTRIC_5, EGOCENTRIC_7, FULL, MAP, RGB, States, View
from mesascope.worlds.world import AbstractWorld

GridWorld = TypeVar("GridWorld", bound="AbstractGridWorld")
AnyGridLevels = Any
"""Levels of a maze: `GridLevels`, unless a world has some of its own, such as `sokoban`."""
MOVE, TURN = "move", "turn"
MOVEMENTS = (MOVE, TURN)
"""How agents get about: by four moves, or by turning and going forward."""


class AbstractGridWorld(AbstractWorld[Any]):
    """Mazes of one vocabulary. One state per interior cell and touching any object ends the episode, unless a world says
    otherwise.
    """

    actions: ClassVar[tuple[str, ...]] = ACTIONS
    single_choice: ClassVar[bool] = True
    vocabulary: ClassVar[Vocabulary] = DOORS
    extra_channels: ClassVar[tuple[str, ...]] = ()
    """Channels of the map beyond walls and objects, each of one value in all cells."""
    headings: ClassVar[tuple[str, ...]] = ()
    """Ways in which an agent can look, where it turns and goes forward (`turning.py`)."""

    @classmethod
    def variant(cls: type[GridWorld], config: Mapping[str, Any]) -> tuple[type[GridWorld], dict[str, Any]]:
        """With `movement` `turn`, the world whose agents turn and go forward."""
        if cls.headings or "movement" not in config:
            return cls, dict(config)
        movement = config["movement"]
        if movement not in MOVEMENTS:
            raise unknown(f"movement in {cls.name}", str(movement), MOVEMENTS)
        if movement == MOVE:
            return cls, {key: value for key, value in config.items() if key != "movement"}
        from mesascope.worlds.grids.turning import turning_class

        return turning_class(cls), dict(config)

    @property
    def views_per_level(self) -> int:
        """One map for each set of objects that may be gone: one, where touching an object ends the episode."""
        return 1

    @property
    def legend(self) -> str:
        """What the characters of a level's text mean."""
        listed = [f"`{glyph.letter}` {glyph.name}" for glyph in self.vocabulary.glyphs]
        if self.vocabulary.place:
            listed.append(f"`{MARK}` the {self.vocabulary.place}, where nothing lies there (agents do not see it)")
        return f"`#` wall, `.` free cell, {', '.join(listed)}."

    @classmethod
    def read_levels(cls, text: str) -> AnyGridLevels:
        """Levels from their text, separated by blank lines; `LevelFormatError` says what is wrong in which line."""
        return parse_levels(text, door_required=False, vocabulary=cls.vocabulary)

    def text_in_state(self, levels: AnyGridLevels, index: int, state: int) -> str:
        """Level number `index` as text without what is gone; the agent is `@`, or `^v<>` where it has a heading."""
        height, width = levels.interior
        at = standing(jnp.asarray([[state]]), height * width, len(self.headings) or 1)
        stage, heading, cell = (int(number[0, 0]) for number in at)
        seen = np.asarray(self._stage_maps(levels)[index, stage])
        there = np.asarray(seen[..., 1 : 1 + len(self.vocabulary.shapes)]).max(-1) > 0
        lines = [list(line) for line in levels.text(index).splitlines()]
        for row, column in np.ndindex(height, width):
            if lines[row + 1][column + 1] not in (WALL, FREE, MARK) and not there[row, column]:
                lines[row + 1][column + 1] = FREE
        lines[cell // width + 1][cell % width + 1] = "^v<>"[heading] if self.headings else "@"
        return "\n".join("".join(line) for line in lines)

    def tables(self, levels: AnyGridLevels) -> FiniteMDP:
        """Tables over interior cells; touching any object ends the episode."""
        return grid_tables(levels)

    def solve(self, levels: AnyGridLevels, weights: Float[Array, " feature"]) -> Values:
        """By fronts, where tables are those of four moves and objects that end an episode."""
        if type(self).tables is AbstractGridWorld.tables and self.single_choice and fits(levels):
            return front_values(levels, weights, self.discount)
        return super().solve(levels, weights)

    def outcomes(self, levels: AnyGridLevels) -> Outcomes:
        """The objects of levels in which touching any of them ends the episode."""
        return grid_outcomes(levels) if self.single_choice else super().outcomes(levels)

    def apparent(self, levels: AnyGridLevels) -> AnyGridLevels | None:
        """The levels without the mark of a place that is not seen."""
        return without_marks(levels) if self.single_choice and self.vocabulary.place else None

    def active(self, levels: AnyGridLevels) -> Bool[Array, "level state"]:
        """Free cells without an object, where touching one ends the episode."""
        return free_cells(levels) if self.single_choice else super().active(levels)

    def map_shape(self, levels: AnyGridLevels) -> tuple[int, int]:
        """Height and width of the interior."""
        return levels.interior

    def locate(self, levels: AnyGridLevels) -> Int[Array, "level state"]:
        """The cell of each state."""
        height, width = levels.interior
        if self.single_choice and not self.headings:
            states = height * width
        else:
            states = jax.eval_shape(self.tables, levels).states
        return jnp.broadcast_to(jnp.arange(states, dtype=jnp.int32) % (height * width), (len(levels), states))

    @property
    def no_search_tests(self) -> str | None:
        """Tests need three objects that can trade places, ways around a wall, and one answer to a level."""
        if not self.single_choice:
            return (
                "not applicable: the tests read one answer to a level, and an agent here answers once for every set of "
                "objects that may be gone"
            )
        return why_not(self.name, self.vocabulary, getattr(self, "openings", None))

    @property
    def counterfactuals(self) -> GridCounterfactuals | None:
        """Objects that trade places, and a wall more, where touching an object ends the episode."""
        return GridCounterfactuals(self.vocabulary) if self.single_choice else None

    @property
    def mutations(self) -> GridMutations | None:
        """Walls toggled, objects moved, recolored, put in and taken out, in levels of doors and balls."""
        return None if self.no_mutations else GridMutations()

    @property
    def no_mutations(self) -> str | None:
        """Levels of doors and balls alone are changed."""
        known = self.single_choice and self.vocabulary == DOORS
        return None if known else f"changes levels of doors and balls, and {self.name} has others"

    @property
    def habits(self) -> Mapping[str, Habit]:
        """Following a wall with either hand, and going in fixed directions wherever the way is open."""
        return HABITS

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Wall followers, and what goes straight to the nearest cell of a feature, where touching an object ends the episode."""
        return RULES if self.single_choice else ()

    @property
    def algorithms(self) -> AlgorithmLibrary | None:
        """Value iteration, floods, dead-end filling and simpler ones, where touching an object ends the episode."""
        return library(self.discount) if self.single_choice else None

    @property
    def painting(self) -> Painting | None:
        """Walls, free cells and objects, where touching one ends the episode."""
        simple = self.single_choice and not self.extra_channels
        return paint(self) if simple else None

    def map(self, levels: AnyGridLevels) -> Float[Array, "view height width channel"]:
        """Walls and objects of every interior cell, without the agent."""
        return observe(levels)

    def maps(self, levels: AnyGridLevels) -> Float[Array, "view height width channel"]:
        """What the view `map` shows: `map`, or where agents have headings one for each of them."""
        return self.map(levels)

    @property
    def brightest(self) -> float:
        """The largest number on a map."""
        return 1.0

    @property
    def views(self) -> Mapping[str, View]:
        """The map, the map with the agent in it, windows around the agent or ahead of it, a picture, and the state's number."""
        seen = (*self.vocabulary.channels, *self.extra_channels)
        faces = tuple(f"facing {heading}" for heading in self.headings)
        agents = tuple(f"agent {heading}" for heading in self.headings) or ("agent",)
        where = "ahead of the agent, which looks up from its last row" if self.headings else "around the agent"
        windows = {
            name: View(f"{size} by {size} cells {where}", eqx.Partial(_window, self, size), None, seen, self.brightest)
            for name, size in ((EGOCENTRIC_5, 5), (EGOCENTRIC_7, 7))
        }
        return {
            MAP: View(
                "the whole level, without the agent",
                self._map_of_states,
                self.maps,
                (*seen, *faces),
                self.brightest,
            ),
            FULL: View("the whole level, the agent in it", self._full, None, (*seen, *agents), self.brightest),
            **windows,
            RGB: View("a picture of the level with the agent, 8 by 8 pixels a cell", self._rgb, None, _RGB, 255.0),
            **super().views,
        }

    def _stage_maps(self, levels: AnyGridLevels) -> Float[Array, "level stage height width channel"]:
        maps = self.map(levels)
        return maps.reshape(len(levels), -1, *maps.shape[1:])

    def _map_of_states(self, levels: AnyGridLevels, states: States) -> Float[Array, "level state height width channel"]:
        maps = self.maps(levels)
        of_level = maps.reshape(len(levels), -1, *maps.shape[1:])
        which = jnp.asarray(states) // (maps.shape[1] * maps.shape[2])
        return jax.vmap(lambda shown, number: shown[number])(of_level, which)

    def _full(self, levels: AnyGridLevels, states: States) -> Float[Array, "level state height width channel"]:
        return full_view(self._stage_maps(levels), states, len(self.headings) or 1)

    def _rgb(self, levels: AnyGridLevels, states: States) -> UInt8[Array, "level state height width 3"]:
        carrying = len(self.vocabulary.channels) if self.extra_channels else None
        return rgb_view(self._stage_maps(levels), states, len(self.headings) or 1, levels.vocabulary, carrying)


_RGB = ("red", "green", "blue")


def _window(
    world: AbstractGridWorld, size: int, levels: AnyGridLevels, states: States
) -> Float[Array, "level state row row channel"]:
    maps = world._stage_maps(levels)
    return egocentric_view(maps, states, len(world.headings) or 1, size, len(world.extra_channels))
