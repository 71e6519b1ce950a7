"""Numbers that things are built from: their defaults, their ranges, and messages for what does not fit."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from mesascope.core.errors import UsageError, unknown

Number = int | float
Config = dict[str, int | float]
"""Plain numbers by name: what a file may say of an architecture or a base optimizer, and all it may say."""


class Option(NamedTuple):
    """One number: its default (an integer default admits integers only), its least and its greatest value."""

    default: Number
    least: Number
    most: Number
    says: str
    later: bool = False
    """It came after others had been written down without it: where it is at its default it is not written down, so that
    what was made before it came still has the name it had.
    """


def read_options(kind: str, given: Mapping[str, Number], options: Mapping[str, Option]) -> Config:
    """Every option by name: `given` where it is given, the default elsewhere.

    Raises `UsageError` for a name that is not an option (naming the nearest that is), for what is not a number, and
    for a number out of range. `kind` says in the message what is being configured.
    """
    for name in given:
        if name not in options:
            raise unknown(f"option of {kind}", name, options)
    return {name: _read(kind, name, given.get(name, option.default), option) for name, option in options.items()}


def written(config: Mapping[str, Number], options: Mapping[str, Option]) -> Config:
    """What is written down of a config: all of it but later options at their defaults."""
    return {n: v for n, v in config.items() if not (options[n].later and v == options[n].default)}


def _read(kind: str, name: str, value: Number, option: Option) -> Number:
    whole = isinstance(option.default, int)
    wanted = "an integer" if whole else "a number"
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not option.least <= value <= option.most:
        raise UsageError(
            f"option '{name}' of {kind} is {value!r}: it takes {wanted} from {option.least} to {option.most} "
            f"({option.says})"
        )
    return value if whole else float(value) + 0.0  # no minus zero
