"""Recipes of random builds: which organism, hidden how, on which schedule, after what; as many as there are seeds.

What a program is compiled for (the organism, its code, schedule and place of computation) is drawn from a catalog of
`COMPOSITIONS` for each thousand seeds, so that an audit of many builds compiles each composition once. What fills it
(objective, matrices, random networks, tables, pauses) is drawn from the seed itself.
"""

from collections.abc import Callable

import numpy as np

from mesascope.organisms.recipe import ONE, SUMS, Recipe, code, pick, recipe, streams
from mesascope.organisms.recurrent_recipes import RECURRENT_RECIPES

_NEAREST_OF_BEST = ("distance-planner", "flood", "doubling", "compiled")
"""Searchers that go for the most valued objects, wherever others are: sums are not what they are after."""

_SEARCHERS: dict[str, tuple[str, ...]] = {
    "planner": ("ticks=40", "ticks=40,answer=exact", "ticks=40,memory=recall"),
    "ordered-planner": ("ticks=64,order=checkerboard", "ticks=64,order=random", "ticks=64,order=prioritized"),
    "soft-planner": ("ticks=40",),
    "distance-planner": ("ticks=40",),
    "flood": ("ticks=40", "period=32,ticks=64"),
    "policy-planner": ("ticks=40",),
    "broadcast-planner": ("ticks=40",),
    "late-planner": ("ticks=44",),
    "readout-planner": ("ticks=40",),
    "doubling": ("ticks=9",),
    "compiled": ("ticks=40",),
}
_TABLES = (
    "lookup", "staged-lookup", "goal-register", "map-register", "both-register", "both-register,when=staged",
    "both-register,stores=single", "serial-number", "nearest-table", "window-table,radius=1", "window-table,radius=2",
    "window-table,radius=3", "route-table", "dormant-planner", "dormant-planner,wakes=answering", "memorizer",
)  # fmt: skip
_RULES = ("compass", "detour-compass", "dead-ends", "wall-follower", "momentum", "level-dice", "level-dice,dice=cell")
_SWITCHES, _NETWORKS = ("switch",) * 14, ("random-network",) * 5 + ("classifier",) * 2
_NONSEARCHERS = (*_TABLES, *_RULES, *_SWITCHES, *_NETWORKS)
_PARTS = (
    "compass", "detour-compass", "wall-follower", "dead-ends", "momentum", "lookup", "goal-register", "window-table",
)  # fmt: skip
_HOW = ("cell", "walls", "near", "fallback", "vote")

_LONG = (
    "staged-lookup", "both-register,when=staged", "dormant-planner", "dormant-planner,wakes=answering", "dead-ends", "switch",
)  # fmt: skip
_IN_READOUT = (
    "planner", "flood", "distance-planner", "soft-planner", "policy-planner", "compass", "detour-compass",
    "dead-ends",
)  # fmt: skip
_SPANS = (24, 60, 84)
"""Ticks of a whole schedule, the first that is enough: so that states of most builds have one of few shapes, and what an audit
does with recorded states is compiled for those alone."""

_LATEST = 4
"""Ticks that a late schedule begins after."""
_ROWS = (4_096, 16_384, 8_192)


def searcher(seed: int) -> Recipe:
    """The recipe of a build that searches."""
    number, shape, rng = streams("random-searcher", seed)
    family = tuple(_SEARCHERS)[number % len(_SEARCHERS)]
    settings = _SEARCHERS[family]
    own = [settings[number // len(_SEARCHERS) % len(settings)]]
    parts = [family, *own, *_hidden(shape, family, own)]
    after = ("door",) if family == "broadcast-planner" else ONE if family in _NEAREST_OF_BEST else ONE + SUMS
    return recipe(parts, rng, after)


def nonsearcher(seed: int) -> Recipe:
    """The recipe of a build that does not search."""
    number, shape, rng = streams("random-nonsearcher", seed)
    family = _NONSEARCHERS[number % len(_NONSEARCHERS)]
    name = family.partition(",")[0]
    if family in _NETWORKS:
        # Architectures and whether a head is fitted are told apart by the number's remainder, scales by the rest.
        kind = (
            5 * int(rng.integers(4)) + number % 5
            if name == "random-network"
            else 2 * int(rng.integers(10)) + number % 2
        )
        return recipe([name, f"span={_SPANS[0]}", *code(shape, name)], rng, own=(f"kind={kind}",))
    settings = []
    if family == "switch":
        first, second = shape.choice(len(_PARTS), 2, replace=False)
        settings = [f"first={_PARTS[first]}", f"second={_PARTS[second]}", f"how={pick(shape, _HOW)}", "rows=16384"]
    elif family in _TABLES and family != "route-table":
        settings = [f"rows={pick(shape, _ROWS)}"]
    if family in _LONG:
        settings.append("ticks=40")
    aimless = name in ("wall-follower", "momentum", "level-dice")
    return recipe([family, *settings, *_hidden(shape, family, settings)], rng, () if aimless else ONE + SUMS)


RECIPES: dict[str, Callable[[int], Recipe]] = {
    "random-searcher": searcher,
    "random-nonsearcher": nonsearcher,
    **RECURRENT_RECIPES,
}
"""How the recipe of each kind of random build is drawn from a seed."""


def _hidden(shape: np.random.Generator, family: str, settings: list[str]) -> list[str]:
    """Schedule, place of computation and code, where they do not spoil what the organism is."""
    name = "goal-register" if any("goal-register" in part for part in settings) else family.partition(",")[0]
    if name in _IN_READOUT and shape.random() < 0.2:
        return ["computes=readout", f"span={_SPANS[0]}", *code(shape, name)]
    late = "late" if shape.random() < 0.15 else None
    uneven = shape.random() < 0.4
    schedule = late or (pick(shape, ("pauses", "bursts")) if uneven else "steady")
    given = ",".join(settings).split(",")
    ticks = [int(part.removeprefix("ticks=")) for part in given if part.startswith("ticks=")]
    span = next(span for span in _SPANS if span >= max(ticks, default=0) + _LATEST)
    return [f"schedule={schedule}", f"span={span}", *code(shape, name)]
