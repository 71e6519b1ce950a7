"""Worlds by a reference `gymnasium:ID`, with a configuration that may be text as it comes from a command line."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from mesascope.core.errors import UsageError
from mesascope.worlds.card import Value
from mesascope.worlds.config import as_configured
from mesascope.worlds.gymnasium.build import LEVELS, MAX_STATES, STEPS, from_gymnasium
from mesascope.worlds.world import AbstractWorld

_NUMBERS = {"levels": LEVELS, "max_states": MAX_STATES, "outcomes": 1, "discount": 0.97, "limit": STEPS}
"""Options of `from_gymnasium` that are numbers, each with one of its type."""


def from_reference(
    name: str, config: Mapping[str, Value], say: Callable[[str], None] = lambda text: None
) -> AbstractWorld[Any]:
    """The world of an environment that is named by its id.

    Args:
        name: the id, such as `FrozenLake-v1`; `package:ID` imports the package that registers it.
        config: `levels`, `max_states`, `outcomes`, `discount`, `tables` and `limit` as in `from_gymnasium`; everything else is an
            argument of the environment: `true`, `false`, numbers and JSON as such, other text as text.
        say: hears how many states are known meanwhile.

    Raises:
        UsageError: there is no such environment, or it cannot be tabulated.
    """
    if not name:
        raise UsageError("world 'gymnasium:': write gymnasium:ID, e.g. gymnasium:FrozenLake-v1")
    own = {key: as_configured(usual, key, config[key]) for key, usual in _NUMBERS.items() if key in config}
    arguments = {key: _read(value) for key, value in config.items() if key not in (*_NUMBERS, "tables")}
    options: dict[str, Any] = {**own, "arguments": arguments}
    if "tables" in config:
        options["tables"] = _read(config["tables"])
        if not isinstance(options["tables"], bool):
            raise UsageError(f"tables '{config['tables']}': expected true or false; write e.g. tables=false")
    if options.get("tables", True):
        options["progress"] = lambda known, waiting: say(_known(name, known, waiting))
    return from_gymnasium(name, **options)


def _known(name: str, known: int, waiting: int) -> str:
    return f"{name}: {known:,} states known, {waiting:,} of them to be expanded"


def _read(value: Value) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads({"True": "true", "False": "false", "None": "null"}.get(value, value))
    except ValueError:
        return value
