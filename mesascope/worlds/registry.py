"""All worlds by name, and how to build one from a name and its configuration."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from mesascope.core.registry import Registry, check_class
from mesascope.worlds.card import Value
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
        "sokoban": f"{_GRIDS}.sokoban.world:Sokoban",
    },
    functools.partial(check_class, AbstractWorld),
)
"""Every world; `mesascope worlds` lists them."""


Say = Callable[[str], None]
"""Hears, in one line, how far the making of a world is."""


def silent(text: str) -> None:
    """Hears, and says nothing."""


WORLD_LOADERS: Registry[Callable[[str, Mapping[str, Value], Say], AbstractWorld]] = Registry(
    "world loader",
    "mesascope.world_loaders",
    {
        "gymnasium": "mesascope.worlds.gymnasium.reference:from_reference",
        "xsb": f"{_GRIDS}.sokoban.collection:from_reference",
    },
)
"""What makes the world of a reference `NAME:...`, by NAME: given what stands behind the colon, the configuration, and
who hears of its progress."""


def make_referenced(reference: str, config: Mapping[str, Value], say: Say = silent) -> AbstractWorld | None:
    """The world of a reference such as `gymnasium:FrozenLake-v1`; None where the text is none.

    Args:
        reference: the text.
        config: as `make_world` takes it.
        say: hears how far it is, where that takes long.

    Raises:
        UsageError: what is referred to does not exist or cannot be a world.
    """
    prefix, colon, rest = reference.partition(":")
    return WORLD_LOADERS[prefix](rest, config, say) if colon and prefix in WORLD_LOADERS else None


def constructor(name: str) -> Callable[..., AbstractWorld]:
    """A function of the fields of the world called `name` that makes it, checked as `make_world` does."""
    kind = WORLDS[name]

    @functools.wraps(kind, updated=())
    def make(**config: Any) -> AbstractWorld:
        return with_config(kind, **config)

    return make


def make_world(name: str, **config: Any) -> AbstractWorld:
    """The world called `name`, or that of a reference such as `gymnasium:FrozenLake-v1`; config keys that are not given keep
    their defaults.

    A value may be text, as it comes from a command line. `UsageError` names the nearest world or config key, or
    what it may be.
    """
    return make_referenced(name, config) or with_config(WORLDS.find(name), **config)
