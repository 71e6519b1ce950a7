"""Worlds: families of levels with named features, a training distribution and named shifts.

    >>> import mesascope as ms
    >>> world = ms.worlds.red_doors(size=7)
    >>> len(world.draw(0, 3))
    3

The constructors of all built-in worlds stand here under the names of the worlds; they are loaded when first used.
`from_gymnasium` makes a world of an environment of Gymnasium, `from_xsb` one of Sokoban levels.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesascope.worlds.grids.cheese_corner import CheeseCorner as cheese_corner  # noqa: N813
    from mesascope.worlds.grids.coin import Coin as coin  # noqa: N813
    from mesascope.worlds.grids.keys_and_chests import KeysAndChests as keys_and_chests  # noqa: N813
    from mesascope.worlds.grids.keys_and_chests_partial import (
        KeysAndChestsPartial as keys_and_chests_partial,  # noqa: N813
    )
    from mesascope.worlds.grids.red_doors import RedDoors as red_doors  # noqa: N813
    from mesascope.worlds.grids.sokoban.collection import from_xsb
    from mesascope.worlds.grids.sokoban.world import Sokoban as sokoban  # noqa: N813
    from mesascope.worlds.gymnasium import from_gymnasium

__all__ = [
    "cheese_corner",
    "coin",
    "from_gymnasium",
    "from_xsb",
    "keys_and_chests",
    "keys_and_chests_partial",
    "red_doors",
    "sokoban",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'mesascope.worlds' has no attribute '{name}'")
    if name == "from_xsb":
        return importlib.import_module("mesascope.worlds.grids.sokoban.collection").from_xsb
    if name == "from_gymnasium":
        return importlib.import_module("mesascope.worlds.gymnasium").from_gymnasium
    return importlib.import_module("mesascope.worlds.registry").constructor(name.replace("_", "-"))


def __dir__() -> list[str]:
    return sorted(__all__)
