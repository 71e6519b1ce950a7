"""Building a world or an experiment from its configuration, which may be text as it comes from a command line."""

import math
from typing import Any, TypeVar

from mesascope.core.errors import UsageError, unknown
from mesascope.worlds.card import Value, config_defaults
from mesascope.worlds.described import AbstractDescribed

Described = TypeVar("Described", bound=AbstractDescribed)


def with_config(kind: type[Described], /, **config: Any) -> Described:
    """One of `kind` with this configuration; keys that are not given keep their defaults.

    `UsageError` names the nearest config key, or says what it may be.
    """
    kind, config = kind.variant(config)
    defaults = config_defaults(kind)
    for key in config:
        if key not in defaults:
            raise unknown(f"config key of {kind.name}", key, defaults)
    return kind(**{key: _like(defaults[key], key, value) for key, value in config.items()})


def _like(default: Value, key: str, value: Any) -> Value:
    """A value as the type of its default."""
    if isinstance(default, str):
        return str(value)
    kind = type(default)
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number) or kind(number) != number:
            raise ValueError
    except (ValueError, TypeError):
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{key} '{value}': expected {expected}; write e.g. {key}={default}") from None
    return kind(number + 0)  # no minus zero: it would be another world by name only
