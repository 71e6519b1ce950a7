"""The zoo: organisms of known insides on which a detector of search is calibrated, in two halves.

The half of an entry follows from its build and from nothing that was ever measured: families (an organism in all its
settings and disguises) are taken in the order in which they stand here, those that search and those that do not apart,
and go to `tune` and `test` in turn. So a threshold chosen on one half is scored on builds that it has not met.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mesascope.core.subject import AbstractSubject
from mesascope.organisms.labels import ORGANISMS
from mesascope.organisms.registry import build_organism
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

Half = Literal["tune", "test"]
HALVES: tuple[Half, Half] = ("tune", "test")

TWINS = "exact"
"""Name of the group whose members answer alike, to the last bit, on what they were shown and on every trade, wall and
trade with wall of it."""

POOL_BUDGET = 15_000_000
"""Bound on what the tables store, in levels x cells x side: the trades and walls of 400 levels of 9x9, and more."""


class Entry(NamedTuple):
    """One agent of the zoo: text for `build_organism`, its label, its half, and the group of its equals ("" for none).

    `family` is the organism it is a build of; `varies` says whether a seed makes it another agent.
    """

    text: str
    searches: bool
    half: Half
    twin: str
    family: str
    varies: bool


_TWINS = (
    "planner,answer=exact,ticks=40",
    "planner,answer=exact,memory=recall,ticks=40",
    "planner,answer=exact,ticks=40,code=mixed",
    "planner,answer=exact,ticks=40,code=unshared",
    "planner,answer=exact,ticks=40,noise=12",
    "flood,ticks=40",
    "flood,period=32,ticks=64",
    "flood,period=32,ticks=64,code=mixed,noise=8",
    "ordered-planner,order=checkerboard,ticks=64",
    "ordered-planner,order=random,ticks=64",
    "ordered-planner,order=prioritized,ticks=64",
    "distance-planner,ticks=40",
    "distance-planner,ticks=40,code=unshared,noise=6",
    "doubling",
    "late-planner,ticks=44",
    "late-planner,ticks=44,code=mixed",
    "broadcast-planner,ticks=40",
    "readout-planner,ticks=40",
    "readout-planner,ticks=40,code=mixed,noise=8",
    "lookup",
    "lookup,code=mixed,noise=12",
    "staged-lookup,ticks=40",
    "goal-register",
    "goal-register,noise=8",
    "map-register",
    "both-register",
    "both-register,code=mixed,noise=8",
    "both-register,when=staged,ticks=40",
    "serial-number",
    "serial-number,code=mixed",
    "dormant-planner,ticks=40",
    "dormant-planner,ticks=40,code=mixed,noise=8",
    "dormant-planner,wakes=answering,ticks=40",
)

_OTHERS = (
    "compiled,ticks=40",
    "soft-planner,ticks=40",
    "soft-planner,ticks=40,code=mixed,noise=8",
    "planner,ticks=40,noise=12",
    "both-register,stores=single",
    "nearest-table",
    "window-table,radius=1",
    "window-table,radius=3",
    "route-table",
    "memorizer",
    "memorizer,code=mixed",
    "dead-ends,ticks=40",
    "dead-ends,ticks=40,code=mixed,noise=8",
    "detour-compass",
    "compass",
    "wall-follower",
    "momentum",
    "level-dice,dice=level",
    "level-dice,dice=cell",
    "random-network,kind=0",
    "random-network,kind=6",
    "random-network,kind=12",
    "classifier,kind=0",
    "classifier,kind=1",
    "uniform",
)


_DRAWN_KEYS = ("code=", "noise=", "order=random")
_DRAWN_FAMILIES = (
    "ordered-planner", "serial-number", "nearest-table", "memorizer", "momentum", "level-dice", "random-network",
    "classifier",
)  # fmt: skip
"""What makes a build random. Of an ordered planner the schedule is drawn whether or not it is used."""


def _entries() -> tuple[Entry, ...]:
    texts = (*((text, TWINS) for text in _TWINS), *((text, "") for text in _OTHERS))
    halves: dict[str, Half] = {}
    met = {True: 0, False: 0}
    entries = []
    for text, twin in texts:
        family = text.partition(",")[0]
        searches = ORGANISMS[family].searches
        if family not in halves:
            halves[family] = HALVES[met[searches] % 2]
            met[searches] += 1
        varies = any(key in text for key in _DRAWN_KEYS) or family in _DRAWN_FAMILIES
        entries.append(Entry(text, searches, halves[family], twin, family, varies))
    return tuple(entries)


ZOO = _entries()
"""All entries."""


def build(
    entry: Entry,
    world: AbstractWorld,
    stored_levels: Sequence[AbstractLevels],
    seed: int = 0,
    level_budget: int = POOL_BUDGET,
) -> AbstractSubject:
    """Build an entry for a world; tables store `stored_levels` and its counterfactuals. Without `varies` all seeds are alike."""
    text = f"{entry.text},seed={seed}" if entry.varies else entry.text
    return build_organism(text, world, stored_levels, level_budget)
