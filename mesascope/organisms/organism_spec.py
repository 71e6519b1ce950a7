"""What an organism is built from: text such as `planner,objective=red,memory=recall`, read against what it takes."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mesascope.core.errors import UsageError, unknown
from mesascope.core.objective import Objective
from mesascope.organisms.edits import LEVEL_BUDGET
from mesascope.organisms.labels import DEFAULT_OBJECTIVE, EPISODIC, ORGANISMS
from mesascope.organisms.level_store import LevelStore, level_stores, most_for
from mesascope.worlds.grids.grid import COLORS
from mesascope.worlds.grids.sokoban.base import AbstractSokoban
from mesascope.worlds.grids.vocabulary import DOORS
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

ANYWHERE = ("planner",)
"""Organisms for every world in which one touch ends the episode: they read the level and store none."""

_IN_SOKOBAN = ("objective", "answer")
"""Settings of `planner` in worlds of Sokoban."""

_MOST_TICKS = 1_000
_WHOLE = {
    "ticks": (1, _MOST_TICKS),
    "pace": (1, _MOST_TICKS),
    "sees": (0, _MOST_TICKS),
    "period": (0, _MOST_TICKS),
    "noise": (0, 64),
    "seed": (0, 2**32 - 1),
    "radius": (1, 4),
    "kind": (0, 19),
    "rows": (0, 10_000_000),
    "span": (0, _MOST_TICKS),
    "width": (0, 256),
}


class OrganismSpec:
    """The keys and values given for one organism, and the world and levels it is built for. `inner` is the name of the organism
    that answers all states of which a recurrent one is made.

    Raises `UsageError` naming the nearest valid name, key or value, as soon as the text is read.
    """

    def __init__(
        self,
        text: str,
        world: AbstractWorld,
        stored_levels: Sequence[AbstractLevels] = (),
        level_budget: int = LEVEL_BUDGET,
    ):
        self.name, self.given = _parse(text)
        self.inner = self.name.removeprefix(EPISODIC)
        self.world, self.level_budget = world, level_budget
        self.stored_levels: Sequence[Any] = stored_levels
        if ORGANISMS[self.name].build is None:
            self._check_world()
        for key in _WHOLE:
            self.whole(key, 1)
        if "objective" in ORGANISMS[self.name].keys:
            _ = self.objective  # refuses one that cannot be read

    def _check_world(self) -> None:
        """Built-in organisms are built for mazes, and but for a few for doors and balls."""
        world = self.world
        if not isinstance(world, AbstractGridWorld):
            raise UsageError(f"organism '{self.name}' is built for mazes; {world.name} has none")
        if isinstance(world, AbstractSokoban):
            self._check_sokoban(world)
            return
        if world.vocabulary != DOORS and not (world.single_choice and self.inner in ANYWHERE):
            fit = f"'{', '.join(ANYWHERE)}' alone" if world.single_choice else "none"
            raise UsageError(f"organism '{self.name}' is built for doors and balls; {world.name} takes {fit}")

    def _check_sokoban(self, world: AbstractSokoban) -> None:
        """One organism is built for boxes: it plans in its readout, and has nothing that could be hidden."""
        if self.name not in ANYWHERE or world.headings:
            fit = "none where agents turn" if world.headings else f"'{', '.join(ANYWHERE)}' alone"
            raise UsageError(f"organism '{self.name}' is built for doors and balls; {world.name} takes {fit}")
        for key in self.given:
            if key not in _IN_SOKOBAN:
                raise unknown(f"key of organism {self.name} in {world.name}", key, _IN_SOKOBAN)

    @cached_property
    def objective(self) -> Objective:
        """The objective it is after."""
        own = DEFAULT_OBJECTIVE if DEFAULT_OBJECTIVE in self.world.features else self.world.base_objective.weights[0][0]
        text = self.given.get("objective", own)
        objective = Objective.parse(text, self.world.features)
        colors = [feature for feature, weight in objective.weights if weight and feature in COLORS]
        if colors and getattr(self.world, "salience", 1.0) == 0:
            raise UsageError(f"objective '{text}': this world shows no colors (salience 0), so none can be pursued")
        place = self._place
        if any(feature == place and weight for feature, weight in objective.weights):
            raise UsageError(f"objective '{text}': the {place} is not seen, and an organism pursues what it sees")
        return objective

    @property
    def _place(self) -> str:
        """The feature that is not seen, "" for none."""
        return self.world.vocabulary.place if isinstance(self.world, AbstractGridWorld) else ""

    @property
    def weights(self) -> np.ndarray:
        """Its objective as a vector over the world's features that are seen."""
        seen = len(self.world.features) - bool(self._place)
        return np.asarray(self.objective.vector(self.world.features))[:seen]

    def level_stores(self) -> Iterator[LevelStore]:
        """For each size of level it is shown: the levels that a table stores, with their answers."""
        rows = self.whole("rows", 0)
        budget = min(self.level_budget, most_for(rows, self.stored_levels)) if rows else self.level_budget
        stores = level_stores(self.stored_levels, self.world, self.objective, budget)
        return (store.first(rows) for store in stores) if rows else stores

    def whole(self, key: str, default: int) -> int:
        """A whole number."""
        text, (least, most) = self.given.get(key, str(default)), _WHOLE[key]
        if not text.isdecimal() or not least <= int(text) <= most:
            raise UsageError(f"{key} '{text}': write a whole number from {least} to {most}")
        return int(text)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """One of the choices, the first unless given."""
        value = self.given.get(key, choices[0])
        if value not in choices:
            raise unknown(key, value, choices)
        return value

    def ticks(self, default: int | None = None) -> int:
        """Ticks, enough to cross the largest level unless given."""
        return self.whole("ticks", enough_ticks(self.world, self.stored_levels) if default is None else default)

    @property
    def most_side(self) -> int:
        """Interior side of the largest level it must be ready for: the world's `larger` shift, or what is shown."""
        own = min(getattr(self.world, "size", 9) + 4, 25)
        return max([own, *(levels.size for levels in self.stored_levels)]) - 2

    def rng(self, *stream: int) -> np.random.Generator:
        """The random numbers of its build."""
        return np.random.default_rng([self.whole("seed", 0), *stream])


def enough_ticks(world: AbstractWorld, stored_levels: Sequence[Any] = ()) -> int:
    """Ticks in which a wave crosses the largest maze of the world: five times the size of its `larger` shift.

    In 500 loop-free mazes of each size the farthest cell was 26 steps from the goal at 9x9, 50 at 13x13, 116 at 25x25.
    """
    own = min(getattr(world, "size", 9) + 4, 25)
    return max(64, 5 * max([own, *(levels.size for levels in stored_levels)]))


def _parse(text: str) -> tuple[str, dict[str, str]]:
    """The name and the keys with their values."""
    name, *settings = (part.strip() for part in text.split(","))
    if name not in ORGANISMS:
        raise unknown("organism", name, ORGANISMS)
    given: dict[str, str] = {}
    for setting in settings:
        key, equals, value = (part.strip() for part in setting.partition("="))
        if key not in ORGANISMS[name].keys:
            if not ORGANISMS[name].keys:
                raise UsageError(f"organism '{name}' takes no settings, but was given '{setting}'")
            raise unknown(f"key of organism {name}", key, ORGANISMS[name].keys)
        if not equals or not value:
            raise UsageError(f"organism '{name}': '{setting}' has no value; write {key}=VALUE")
        if key in given:
            raise UsageError(f"organism '{name}': '{key}' is given twice")
        given[key] = value
    return name, given
