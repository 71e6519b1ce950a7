"""All worlds by name, and how to build one from a name and knobs."""

import math

from mesascope.core.errors import UsageError, unknown
from mesascope.worlds.card import knob_defaults
from mesascope.worlds.red_doors import RedDoors
from mesascope.worlds.world import AbstractWorld

WORLDS: dict[str, type[AbstractWorld]] = {world.name: world for world in (RedDoors,)}


def make_world(name: str, **knobs: int | float | str) -> AbstractWorld:
    """The world called `name`; knobs that are not given keep their defaults.

    A knob may be text, as it comes from a command line. `UsageError` names the nearest world or knob, or what a knob
    may be.
    """
    if name not in WORLDS:
        raise unknown("world", name, WORLDS)
    defaults = knob_defaults(WORLDS[name])
    for knob in knobs:
        if knob not in defaults:
            raise unknown(f"knob of {name}", knob, defaults)
    return WORLDS[name](**{knob: _like(defaults[knob], knob, value) for knob, value in knobs.items()})


def _like(default: int | float, knob: str, value: int | float | str) -> int | float:
    """A knob's value as the type of its default."""
    kind = type(default)
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number) or kind(number) != number:
            raise ValueError
    except (ValueError, TypeError):
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{knob} '{value}': expected {expected}; write e.g. {knob}={default}") from None
    return kind(number)
