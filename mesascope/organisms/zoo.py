"""The zoo: organisms of known insides on which a detector of search is calibrated, in two halves.

The half of an entry follows from its build and from nothing that was ever measured: families (an organism in all its
settings and disguises) are taken in the order in which they stand here, those that search and those that do not apart,
and go to `tune` and `test` in turn. So a threshold chosen on one half is scored on builds that it has not met.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mesascope.core.subject import AbstractOpenSubject
from mesascope.organisms.labels import ORGANISMS
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grid import GridLevels
from mesascope.worlds.world import AbstractWorld

Half = Literal["tune", "test"]
HALVES: tuple[Half, Half] = ("tune", "test")

TWINS = "exact"
"""Name of the group whose members answer alike, to the last bit, on what they were shown and on every trade, wall and
trade with wall of it."""

POOL_WORK = 15_000_000
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
    "lookup",
    "lookup,code=mixed,noise=12",
    "staged-lookup,ticks=40",
    "goal-register",
    "goal-register,noise=8",
)

_OTHERS = (
    "compiled,ticks=40",
    "soft-planner,ticks=40",
    "soft-planner,ticks=40,code=mixed,noise=8",
    "planner,ticks=40,noise=12",
    "compass",
    "wall-follower",
    "uniform",
)


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
        varies = "code=" in text or "noise=" in text or "order=random" in text or family in _DRAWN
        entries.append(Entry(text, searches, halves[family], twin, family, varies))
    return tuple(entries)


_DRAWN: tuple[str, ...] = ()
"""Families of which every build is drawn at random."""

ZOO = _entries()
"""All entries."""


def build(
    entry: Entry, world: AbstractWorld, shown: Sequence[GridLevels], seed: int = 0, most_work: int = POOL_WORK
) -> AbstractOpenSubject:
    """Build an entry for a world; tables store `shown` and its counterfactuals. Without `varies` all seeds are alike."""
    text = f"{entry.text},seed={seed}" if entry.varies else entry.text
    return build_organism(text, world, shown, most_work)
