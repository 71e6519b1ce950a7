"""All worlds by name."""

from mesascope.core.errors import unknown
from mesascope.worlds.red_doors import RedDoors
from mesascope.worlds.world import AbstractWorld

WORLDS: dict[str, type[AbstractWorld]] = {world.name: world for world in (RedDoors,)}


def find_world(name: str) -> type[AbstractWorld]:
    """The world of that name; `UsageError` naming the nearest one where there is none."""
    if name not in WORLDS:
        raise unknown("world", name, WORLDS)
    return WORLDS[name]
