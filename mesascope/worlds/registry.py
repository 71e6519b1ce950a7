"""All worlds by name, and how to build one from a name and knobs."""

import functools
from collections.abc import Callable

from mesascope.core.errors import unknown
from mesascope.worlds.grids.cheese_corner import CheeseCorner
from mesascope.worlds.grids.coin import Coin
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.knobs import with_knobs
from mesascope.worlds.world import AbstractWorld

WORLDS: dict[str, type[AbstractWorld]] = {world.name: world for world in (RedDoors, CheeseCorner, Coin, KeysAndChests)}


def constructor(name: str) -> Callable[..., AbstractWorld]:
    """A function of the fields of the world called `name` that makes it, checked as `make_world` does."""
    kind = WORLDS[name]

    @functools.wraps(kind, updated=())
    def make(**config: int | float | str) -> AbstractWorld:
        return with_knobs(kind, **config)

    return make


def make_world(name: str, **knobs: int | float | str) -> AbstractWorld:
    """The world called `name`; knobs that are not given keep their defaults.

    A knob may be text, as it comes from a command line. `UsageError` names the nearest world or knob, or what a knob
    may be.
    """
    if name not in WORLDS:
        raise unknown("world", name, WORLDS)
    return with_knobs(WORLDS[name], **knobs)
