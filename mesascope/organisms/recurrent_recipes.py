"""Recipes of random builds with a memory: an organism, what it keeps from step to step, and how it is hidden."""

from collections.abc import Callable

from mesascope.organisms.recipe import ONE, Recipe, code, pick, recipe, streams

_SEARCHERS = (
    "walking-planner,walks=spread,pace=4",
    "walking-planner,walks=follows,ticks=40,answer=exact",
    "walking-horizon-planner,walks=replans,ticks=17",
    "walking-distance-planner,walks=queues,ticks=40",
    "walking-flood,walks=follows,ticks=40",
    "walking-planner,walks=replans,ticks=28",
    "walking-soft-planner,walks=spread,pace=6",
    "walking-policy-planner,walks=follows,ticks=40",
    "walking-late-planner,walks=queues,ticks=44",
    "walking-doubling,walks=replans,ticks=9",
    "walking-planner,walks=spread,pace=4,sees=0",
    "walking-broadcast-planner,walks=spread,pace=4",
    "walking-ordered-planner,walks=follows,ticks=64,order=checkerboard",
    "walking-distance-planner,walks=spread,pace=4",
    "walking-planner,walks=queues,ticks=40",
    "walking-horizon-planner,walks=replans,ticks=25",
    "walking-readout-planner,walks=spread,pace=1,ticks=40",
    "walking-policy-planner,walks=spread,pace=4",
    "walking-flood,walks=replans,ticks=28",
    "walking-planner,walks=follows,ticks=40,pace=10",
    "walking-doubling,walks=follows,ticks=9",
    "walking-soft-planner,walks=replans,ticks=28",
    "walking-late-planner,walks=follows,ticks=44",
)
_NONSEARCHERS = (
    "walking-lookup,walks=spread",
    "walking-compass,walks=spread",
    "walking-ignored-planner,walks=follows,ticks=40,second=compass",
    "walking-both-register,walks=spread",
    "walking-lookup,walks=queues,ticks=8",
    "walking-goal-register,walks=spread",
    "walking-dead-ends,walks=spread",
    "walking-window-table,walks=spread,radius=1",
    "walking-route-table,walks=spread",
    "walking-memorizer,walks=spread",
    "walking-momentum,walks=spread",
    "walking-serial-number,walks=spread",
    "walking-random-network,walks=spread",
    "walking-detour-compass,walks=queues",
    "walking-map-register,walks=spread",
    "walking-dormant-planner,walks=spread",
    "walking-wall-follower,walks=spread",
    "walking-lookup,walks=replans,ticks=8",
    "walking-nearest-table,walks=spread",
    "walking-ignored-planner,walks=queues,ticks=40,second=lookup",
    "walking-level-dice,walks=spread",
    "walking-staged-lookup,walks=follows,ticks=40",
    "walking-compass,walks=replans",
    "walking-both-register,walks=replans,ticks=8",
    "walking-window-table,walks=replans,radius=2,ticks=8",
    "walking-goal-register,walks=replans,ticks=8",
    "walking-dead-ends,walks=replans,ticks=28",
    "walking-both-register,walks=spread,stores=single",
    "walking-route-table,walks=queues,ticks=8",
    "walking-random-network,walks=follows",
    "walking-serial-number,walks=queues,ticks=8",
    "walking-dormant-planner,walks=follows,ticks=40",
    "walking-lookup,walks=follows,ticks=8",
)
_TABLES = ("lookup", "register", "serial", "nearest", "window", "dormant", "memorizer")
_AIMLESS = ("wall-follower", "momentum", "level-dice", "random-network")


def searcher(seed: int) -> Recipe:
    """The recipe of a build with a memory that searches."""
    return _drawn("random-recurrent-searcher", seed, _SEARCHERS)


def nonsearcher(seed: int) -> Recipe:
    """The recipe of a build with a memory that does not search."""
    return _drawn("random-recurrent-nonsearcher", seed, _NONSEARCHERS)


def _drawn(kind: str, seed: int, catalog: tuple[str, ...]) -> Recipe:
    number, shape, rng = streams(kind, seed)
    family = catalog[number % len(catalog)]
    name = family.partition(",")[0]
    # A map of moves or a queue of them tells goals apart by what is best, so that nothing weighs the way against the worth.
    objectives = () if name.endswith(_AIMLESS) else ("door",) if "broadcast" in name else ONE
    parts: list = [
        family,
        *([f"rows={pick(shape, (4_096, 8_192))}"] if any(table in name for table in _TABLES) else []),
    ]
    # One matrix for each tick is for those that count their ticks.
    coded = [part for part in code(shape, name.removeprefix("walking-")) if part != "code=unshared"]
    own = (f"kind={int(rng.integers(20))}",) if "random-network" in name else ()
    return recipe([*parts, *coded], rng, objectives, own)


RECURRENT_RECIPES: dict[str, Callable[[int], Recipe]] = {
    "random-recurrent-searcher": searcher,
    "random-recurrent-nonsearcher": nonsearcher,
}
"""How the recipe of each kind of random build with a memory is drawn from a seed."""
