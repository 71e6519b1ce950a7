"""How the organisms that search are built from their settings."""

from collections.abc import Callable

import jax.numpy as jnp

from mesascope.core.subject import AbstractSubject
from mesascope.organisms.broadcast_planner import BroadcastPlanner
from mesascope.organisms.compiled import compile_search
from mesascope.organisms.distance_planner import DistancePlanner
from mesascope.organisms.doubling import Doubling
from mesascope.organisms.flood import Flood
from mesascope.organisms.horizon_planner import HorizonPlanner
from mesascope.organisms.labels import MEMORIES
from mesascope.organisms.late_planner import LatePlanner, ReadoutPlanner
from mesascope.organisms.ordered_planner import ORDERS, OrderedPlanner, random_schedule
from mesascope.organisms.organism_spec import OrganismSpec, enough_ticks
from mesascope.organisms.planner import Planner
from mesascope.organisms.policy_planner import PolicyPlanner
from mesascope.organisms.soft_planner import SoftPlanner
from mesascope.organisms.sokoban_planner import SokobanPlanner, shapes_of
from mesascope.worlds.grids.sokoban.base import AbstractSokoban

ANSWERS = ("soft", "exact")


def _planner(s: OrganismSpec) -> AbstractSubject:
    exact = s.choice("answer", ANSWERS) == "exact"
    if isinstance(s.world, AbstractSokoban):
        return SokobanPlanner(jnp.asarray(s.weights), s.world.discount, shapes_of(s.world), exact)
    ticks = s.ticks()
    reads_until = 1 if s.choice("memory", MEMORIES) == "glance" else ticks
    return Planner(jnp.asarray(s.weights), s.world.discount, exact, ticks=ticks, reads_until=reads_until)


def _ordered(s: OrganismSpec) -> AbstractSubject:
    schedule = random_schedule(s.rng(1), s.most_side)
    order = s.choice("order", ORDERS)
    ticks = s.ticks(2 * enough_ticks(s.world, s.stored_levels))
    return OrderedPlanner(jnp.asarray(s.weights), s.world.discount, schedule, order, ticks=ticks)


def _flood(s: OrganismSpec) -> AbstractSubject:
    ticks, period = s.ticks(), s.whole("period", 0)
    return Flood(jnp.asarray(s.weights), period or ticks + 1, ticks=ticks)


def _compiled(s: OrganismSpec) -> AbstractSubject:
    return compile_search(s.weights, s.ticks(), seed=s.whole("seed", 0))


SEARCHING: dict[str, Callable[[OrganismSpec], AbstractSubject]] = {
    "planner": _planner,
    "ordered-planner": _ordered,
    "soft-planner": lambda s: SoftPlanner(
        jnp.asarray(s.weights), s.world.discount, jnp.asarray(250.0), ticks=s.ticks()
    ),
    "distance-planner": lambda s: DistancePlanner(jnp.asarray(s.weights), ticks=s.ticks()),
    "flood": _flood,
    "doubling": lambda s: Doubling(jnp.asarray(s.weights), s.most_side**2, ticks=s.ticks(9)),
    "broadcast-planner": lambda s: BroadcastPlanner(jnp.asarray(s.weights), s.world.discount, ticks=s.ticks()),
    "late-planner": lambda s: LatePlanner(jnp.asarray(s.weights), s.world.discount, ticks=s.ticks()),
    "readout-planner": lambda s: ReadoutPlanner(jnp.asarray(s.weights), s.world.discount, sweeps=s.ticks()),
    "horizon-planner": lambda s: HorizonPlanner(jnp.asarray(s.weights), s.world.discount, ticks=s.ticks(14)),
    "policy-planner": lambda s: PolicyPlanner(jnp.asarray(s.weights), s.world.discount, ticks=s.ticks()),
    "compiled": _compiled,
}
