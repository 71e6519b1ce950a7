"""How the organisms that do not search are built from their settings."""

from collections.abc import Callable

import jax.numpy as jnp

from mesascope.core.subject import AbstractOpenSubject
from mesascope.organisms.compass import Compass
from mesascope.organisms.goal_register import GoalRegister, build_maze_tables
from mesascope.organisms.lookup import Lookup
from mesascope.organisms.setting import Setting
from mesascope.organisms.staged_lookup import StagedLookup
from mesascope.organisms.table import build_tables
from mesascope.organisms.uniform import Uniform
from mesascope.organisms.wall_follower import WallFollower


def _tables(s: Setting):
    return build_tables(s.shown, s.world, s.objective, s.most_work)


def _goal_register(s: Setting) -> AbstractOpenSubject:
    tables = build_maze_tables(s.shown, s.world, s.objective, s.most_work)
    return GoalRegister(tables, len(s.world.features), s.ticks(16))


NOT_SEARCHING: dict[str, Callable[[Setting], AbstractOpenSubject]] = {
    "lookup": lambda s: Lookup(_tables(s), s.ticks(16)),
    "staged-lookup": lambda s: StagedLookup(_tables(s), s.world.discount, s.ticks()),
    "goal-register": _goal_register,
    "compass": lambda s: Compass(jnp.asarray(s.weights)),
    "wall-follower": lambda s: WallFollower(),
    "uniform": lambda s: Uniform(channels=1 + len(s.world.features)),
}
