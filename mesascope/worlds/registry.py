"""All worlds by name, and how to build one from a name and its configuration."""

import functools
from collections.abc import Callable
from typing import Any

from mesascope.core.registry import Registry, check_class
from mesascope.worlds.config import with_config
from mesascope.worlds.world import AbstractWorld

_GRIDS = "mesascope.worlds.grids"

WORLDS: Registry[type[AbstractWorld]] = Registry(
    "world",
    "mesascope.worlds",
    {
        "red-doors": f"{_GRIDS}.red_doors:RedDoors",
        "cheese-corner": f"{_GRIDS}.cheese_corner:CheeseCorner",
        "coin": f"{_GRIDS}.coin:Coin",
        "keys-and-chests": f"{_GRIDS}.keys_and_chests:KeysAndChests",
        "keys-and-chests-partial": f"{_GRIDS}.keys_and_chests_partial:KeysAndChestsPartial",
    },
    functools.partial(check_class, AbstractWorld),
)
"""Every world; `mesascope worlds` lists them."""


def constructor(name: str) -> Callable[..., AbstractWorld]:
    """A function of the fields of the world called `name` that makes it, checked as `make_world` does."""
    kind = WORLDS[name]

    @functools.wraps(kind, updated=())
    def make(**config: Any) -> AbstractWorld:
        return with_config(kind, **config)

    return make


def make_world(name: str, **config: Any) -> AbstractWorld:
    """The world called `name`; config keys that are not given keep their defaults.

    A value may be text, as it comes from a command line. `UsageError` names the nearest world or config key, or
    what it may be.
    """
    return with_config(WORLDS.find(name), **config)
