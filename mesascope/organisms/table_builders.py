"""How the organisms that do not search are built from their settings."""

from collections.abc import Callable

import jax.numpy as jnp

from mesascope.core.subject import AbstractSubject
from mesascope.organisms.compass import Compass
from mesascope.organisms.dead_ends import DeadEnds
from mesascope.organisms.detour import DetourCompass
from mesascope.organisms.dormant_planner import DormantPlanner
from mesascope.organisms.goal_register import GoalRegister, build_maze_tables
from mesascope.organisms.lookup import Lookup
from mesascope.organisms.memorizer import fit_memorizer
from mesascope.organisms.nearest_table import NearestTable, build_nearest
from mesascope.organisms.organism_spec import OrganismSpec
from mesascope.organisms.planner import Planner
from mesascope.organisms.random_networks import classifiers, random_networks
from mesascope.organisms.reflexes import LevelDice, Momentum
from mesascope.organisms.route_table import RouteTable, build_routes
from mesascope.organisms.serial_number import SerialNumber, build_serial_tables, draw_pads
from mesascope.organisms.staged_lookup import StagedLookup
from mesascope.organisms.state_table import BothRegister, MapRegister, build_numbered_tables, build_state_tables
from mesascope.organisms.switched import HOW, IGNORES, switched
from mesascope.organisms.table import build_tables
from mesascope.organisms.uniform import Uniform
from mesascope.organisms.wall_follower import WallFollower
from mesascope.organisms.window_table import WindowTable, build_window

STORES = ("all", "single")
WHEN = ("at-once", "staged")
WAKES = ("thinking", "answering")
DICE = ("level", "cell")
PARTS = (
    "compass",
    "detour-compass",
    "wall-follower",
    "dead-ends",
    "momentum",
    "lookup",
    "goal-register",
    "window-table",
)
"""What a switch may choose between."""


def _goal_register(s: OrganismSpec) -> AbstractSubject:
    tables = build_maze_tables(s.level_stores(), s.world)
    return GoalRegister(tables, len(s.world.features), ticks=s.ticks(16))


def _both_register(s: OrganismSpec) -> AbstractSubject:
    tables = build_state_tables(s.level_stores(), s.world, s.choice("stores", STORES) == "all")
    staged = s.choice("when", WHEN) == "staged"
    return BothRegister(tables, len(s.world.features), staged, ticks=s.ticks(None if staged else 16))


def _map_register(s: OrganismSpec) -> AbstractSubject:
    return MapRegister(build_numbered_tables(s.level_stores(), s.world), ticks=s.ticks(16))


def _serial_number(s: OrganismSpec) -> AbstractSubject:
    tables = build_serial_tables(s.level_stores(), s.world)
    return SerialNumber(tables, draw_pads(s.rng(1), s.most_side), ticks=s.ticks(16))


def _nearest(s: OrganismSpec) -> AbstractSubject:
    rows, actions = build_nearest(next(s.level_stores()), s.world, s.rng(1))
    return NearestTable(rows, actions, len(s.world.features), ticks=s.ticks(8))


def _dormant(s: OrganismSpec) -> AbstractSubject:
    answering = s.choice("wakes", WAKES) == "answering"
    return DormantPlanner(
        jnp.asarray(s.weights), build_tables(s.level_stores()), s.world.discount, answering, ticks=s.ticks()
    )


def _window(s: OrganismSpec) -> AbstractSubject:
    radius, weights = s.whole("radius", 2), jnp.asarray(s.weights)
    index, actions = build_window(next(s.level_stores()), s.world, weights, radius)
    return WindowTable(weights, index, actions, radius, ticks=s.ticks(8))


def _dice(s: OrganismSpec) -> AbstractSubject:
    dice = jnp.asarray(s.rng(1).random((s.most_side, s.most_side)), jnp.float32)
    return LevelDice(dice, 1 + len(s.world.features), s.choice("dice", DICE) == "cell")


def _momentum(s: OrganismSpec) -> AbstractSubject:
    return Momentum(jnp.asarray(s.rng(1).integers(0, 4, (s.most_side, s.most_side))), ticks=s.ticks(16))


def _switch(s: OrganismSpec) -> AbstractSubject:
    first, second = (NOT_SEARCHING[s.choice(part, PARTS)](s) for part in ("first", "second"))
    return switched(first, second, s.weights, s.choice("how", HOW), s.most_side, s.rng(2))


def _ignored(s: OrganismSpec) -> AbstractSubject:
    plans = Planner(jnp.asarray(s.weights), s.world.discount, exact=True, ticks=s.ticks())
    return switched(plans, NOT_SEARCHING[s.choice("second", PARTS)](s), s.weights, IGNORES, s.most_side, s.rng(2))


NOT_SEARCHING: dict[str, Callable[[OrganismSpec], AbstractSubject]] = {
    "lookup": lambda s: Lookup(build_tables(s.level_stores()), ticks=s.ticks(16)),
    "staged-lookup": lambda s: StagedLookup(build_tables(s.level_stores()), s.world.discount, ticks=s.ticks()),
    "goal-register": _goal_register,
    "map-register": _map_register,
    "both-register": _both_register,
    "serial-number": _serial_number,
    "nearest-table": _nearest,
    "window-table": _window,
    "route-table": lambda s: RouteTable(jnp.asarray(s.weights), *build_routes(s.stored_levels), ticks=s.ticks(8)),
    "dormant-planner": _dormant,
    "memorizer": lambda s: fit_memorizer(next(s.level_stores()), s.world, s.rng(1)),
    "dead-ends": lambda s: DeadEnds(jnp.asarray(s.weights), ticks=s.ticks()),
    "detour-compass": lambda s: DetourCompass(jnp.asarray(s.weights)),
    "compass": lambda s: Compass(jnp.asarray(s.weights)),
    "wall-follower": lambda s: WallFollower(),
    "momentum": _momentum,
    "level-dice": _dice,
    "random-network": lambda s: random_networks(s.whole("kind", 0) + 1, s.whole("seed", 0))[-1],
    "classifier": lambda s: classifiers(s.whole("kind", 0) + 1, s.whole("seed", 0))[-1],
    "switch": _switch,
    "ignored-planner": _ignored,
    "uniform": lambda s: Uniform(channels=1 + len(s.world.features)),
}
