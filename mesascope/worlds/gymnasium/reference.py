"""Worlds by a reference `gymnasium:ID`, with a configuration that may be text as it comes from a command line."""

import json
from collections.abc import Mapping
from typing import Any

from mesascope.core.errors import UsageError
from mesascope.worlds.card import Value
from mesascope.worlds.config import as_configured
from mesascope.worlds.gymnasium.build import LEVELS, MAX_STATES, from_gymnasium
from mesascope.worlds.gymnasium.world import GymnasiumWorld

_NUMBERS = {"levels": LEVELS, "max_states": MAX_STATES, "outcomes": 1, "discount": 0.97}
"""Options of `from_gymnasium` that are numbers, each with one of its type."""


def from_reference(name: str, config: Mapping[str, Value]) -> GymnasiumWorld:
    """The world of an environment that is named by its id.

    Args:
        name: the id, such as `FrozenLake-v1`; `package:ID` imports the package that registers it.
        config: `levels`, `max_states`, `outcomes` and `discount` as in `from_gymnasium`; everything else is an argument of the
            environment: `true`, `false`, numbers and JSON as such, other text as text.

    Raises:
        UsageError: there is no such environment, or it cannot be tabulated.
    """
    if not name:
        raise UsageError("world 'gymnasium:': write gymnasium:ID, e.g. gymnasium:FrozenLake-v1")
    own = {key: as_configured(usual, key, config[key]) for key, usual in _NUMBERS.items() if key in config}
    arguments = {key: _read(value) for key, value in config.items() if key not in _NUMBERS}
    options: dict[str, Any] = {**own, "arguments": arguments}
    return from_gymnasium(name, **options)


def _read(value: Value) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads({"True": "true", "False": "false", "None": "null"}.get(value, value))
    except ValueError:
        return value
