"""Building a world or an experiment from its configuration, which may be text as it comes from a command line."""

from typing import TypeVar

from mesascope.core.errors import unknown
from mesascope.worlds.card import Value, config_defaults
from mesascope.worlds.described import AbstractDescribed, as_configured

Described = TypeVar("Described", bound=AbstractDescribed)


def with_config(kind: type[Described], /, **config: Value) -> Described:
    """One of `kind` with this configuration; keys that are not given keep their defaults.

    `UsageError` names the nearest config key, or says what it may be.
    """
    kind, config = kind.variant(config)
    defaults = config_defaults(kind)
    for key in config:
        if key not in defaults:
            raise unknown(f"config key of {kind.name}", key, defaults)
    return kind(**{key: _like(defaults[key], key, value) for key, value in config.items()})


def _like(default: Value, key: str, value: Value) -> Value:
    """A value as the type of its default."""
    return str(value) if isinstance(default, str) else as_configured(default, key, value)
