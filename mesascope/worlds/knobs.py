"""Building a world or an experiment from knobs, which may be text as it comes from a command line."""

import math
from typing import TypeVar

from mesascope.core.errors import UsageError, unknown
from mesascope.worlds.card import Value, knob_defaults
from mesascope.worlds.described import AbstractDescribed

Described = TypeVar("Described", bound=AbstractDescribed)


def with_knobs(kind: type[Described], /, **knobs: Value) -> Described:
    """One of `kind` with these knobs; those that are not given keep their defaults.

    `UsageError` names the nearest knob, or says what a knob may be.
    """
    defaults = knob_defaults(kind)
    for knob in knobs:
        if knob not in defaults:
            raise unknown(f"knob of {kind.name}", knob, defaults)
    return kind(**{knob: _like(defaults[knob], knob, value) for knob, value in knobs.items()})


def _like(default: Value, knob: str, value: Value) -> Value:
    """A knob's value as the type of its default."""
    if isinstance(default, str):
        return str(value)
    kind = type(default)
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number) or kind(number) != number:
            raise ValueError
    except (ValueError, TypeError):
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{knob} '{value}': expected {expected}; write e.g. {knob}={default}") from None
    return kind(number + 0)  # no minus zero: it would be another world by name only
