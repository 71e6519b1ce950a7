"""Building a world or an experiment from its configuration, which may be text as it comes from a command line."""

import math
from typing import Any, TypeVar

from mesascope.core.errors import UsageError, unknown
from mesascope.worlds.card import Value, config_defaults
from mesascope.worlds.described import AbstractDescribed

Number = TypeVar("Number", int, float)
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
    return str(value) if isinstance(default, str) else as_configured(default, key, value)


def as_configured(default: Number, key: str, value: Any) -> Number:
    """A number of a configuration as the type of its default.

    Args:
        default: an integer where only whole numbers will do.
        key: what it is called, for the message.
        value: a number, or its text.

    Raises:
        UsageError: it is no such number.

    Example:
        >>> as_configured(9, "size", "7"), as_configured(0.25, "openings", 0)
        (7, 0.0)
    """
    kind = type(default)
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number) or kind(number) != number:
            raise ValueError
    except (ValueError, TypeError):
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{key} '{value}': expected {expected}; write e.g. {key}={default}") from None
    return kind(number + 0)  # no minus zero: it would be another world by name only
