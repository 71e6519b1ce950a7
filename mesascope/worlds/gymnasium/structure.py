"""The attributes of an environment as plain values: equal for equal states, whatever objects hold them."""

import enum
import functools
import hashlib
import random
import types
from collections.abc import Callable, Hashable, Mapping
from typing import Any, no_type_check

import numpy as np

from mesascope.worlds.gymnasium.environment import load_gymnasium

CONSTANT = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    type,
    functools.partial,
)
"""Types of which a copy is the thing itself, or that hold nothing that a step changes."""

RANDOM = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)

UNRELATED = frozenset(
    {
        "spec",
        "_cached_spec",
        "metadata",
        "_metadata",
        "render_mode",
        "window",
        "window_surface",
        "screen",
        "clock",
        "render_size",
        "lastaction",
        "_np_random_seed",
        "_elapsed_steps",
        "_has_reset",
        "checked_reset",
        "checked_step",
        "checked_render",
        "step_count",
    }
)
"""Attributes of environments and wrappers that draw, count steps or describe, and have no part in what a step does but for a time
limit."""


LARGE = 16_384
"""Bytes of an array from which on a digest stands for its numbers: every state keeps what it is told apart by."""


class UnreadableError(Exception):
    """Something in an environment that has no plain form."""


Short = Callable[[Any], Hashable | None]
"""A shorter form of an object or array; None where it has none."""


@no_type_check  # called millions of times: no checks of types in tests either
def structure(value: Any, short: Short | None = None, found: dict[int, int] | None = None) -> Hashable:
    """A value as nested tuples: containers by what they hold, arrays by their numbers, objects by their attributes.

    Objects that are met again stand as the number of the first meeting, so that it is told apart whether two attributes hold
    one object or two that are alike. Sources of random numbers and spaces count for nothing: that a step does not depend on
    the former is checked apart.

    Args:
        value: anything.
        short: tried first on every object and array.
        found: objects met so far.

    Raises:
        UnreadableError: it holds something of another kind, such as the handle of a simulator.
    """
    if value is None or isinstance(value, bool | int | str | bytes):
        return int(value) if isinstance(value, enum.IntEnum) else value
    if isinstance(value, float | np.generic):
        return ("nan",) if value != value else value.item() if isinstance(value, np.generic) else value
    found = {} if found is None else found
    if isinstance(value, np.ndarray) and value.dtype != object:
        if value.ndim == 1 and value.size < 8:
            return tuple(value.tolist())
        known = None if short is None else short(value)
        if known is not None:
            return known
        held = value.tobytes()
        return (value.dtype.str, value.shape, held if len(held) < LARGE else hashlib.sha256(held).digest())
    if isinstance(value, enum.Enum):
        return ("enum", value.name)
    if isinstance(value, (*CONSTANT, *RANDOM, load_gymnasium().spaces.Space)):
        return None
    shorter = None if short is None else short(value)
    if shorter is not None:
        return shorter
    if id(value) in found:
        return ("again", found[id(value)])
    found[id(value)] = len(found)
    if isinstance(value, Mapping):
        return ("map", *((structure(k, short, found), structure(v, short, found)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return tuple(structure(part, short, found) for part in value)
    if isinstance(value, set | frozenset):
        return ("set", *sorted((structure(part, short, found) for part in value), key=repr))
    if isinstance(value, np.ndarray):
        return ("objects", value.shape, *(structure(part, short, found) for part in value.ravel()))
    if type(value).__module__ == "collections" and hasattr(value, "__iter__"):
        return tuple(structure(part, short, found) for part in value)
    attributes = attributes_of(value)
    if attributes is None:
        raise UnreadableError(f"it holds a {type(value).__module__}.{type(value).__name__}")
    named = ((name, structure(part, short, found)) for name, part in attributes.items() if name not in UNRELATED)
    return (type(value).__name__, *named)


@no_type_check
def attributes_of(value: Any) -> Mapping[str, Any] | None:
    """The attributes of an object, in `__dict__` or in slots; None where it keeps them elsewhere."""
    if hasattr(value, "__dict__"):
        return vars(value)
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return {name: getattr(value, name) for name in names if hasattr(value, name)} if names else None


@no_type_check
def parts_of(value: Any, found: dict[int, Any] | None = None) -> dict[int, Any]:
    """Every object that can be come to from `value` through containers and attributes, by `id`."""
    found = {} if found is None else found
    if (
        value is None
        or isinstance(value, bool | int | float | str | bytes | np.generic | enum.Enum)
        or id(value) in found
    ):
        return found
    found[id(value)] = value
    if isinstance(value, (*CONSTANT, *RANDOM, load_gymnasium().spaces.Space)):
        return found
    if isinstance(value, np.ndarray) and value.dtype != object:
        return found
    if isinstance(value, Mapping):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = list(value)
    elif isinstance(value, np.ndarray):
        inside = list(value.ravel())
    else:
        inside = list((attributes_of(value) or {}).values())
    for part in inside:
        parts_of(part, found)
    return found
