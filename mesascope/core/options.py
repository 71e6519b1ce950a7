"""Numbers that things are built from: their defaults, their ranges, and messages for what does not fit."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np

from mesascope.core.errors import UsageError, unknown

Number = int | float
Config = dict[str, int | float]
"""Plain numbers by name: what a file may say of an architecture or a base optimizer, and all it may say."""
Given = Mapping[str, int | float | np.integer | np.floating]
"""Numbers by name as a user gives them, those of NumPy included."""


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


_OPTION = "option"


def option(default: Number, least: Number, most: Number, says: str) -> Any:
    """A field of an `equinox.Module` that is an option: a plain number, part of the compiled program.

    Args:
        default: Its default; an integer default admits integers only.
        least: The least value.
        most: The greatest value.
        says: What it is, for help and messages.

    Returns:
        The field.

    Example:
        >>> import equinox as eqx
        >>> class Net(eqx.Module):
        ...     channels: int = option(8, 1, 64, "numbers kept in each cell")
        >>> options_of(Net)["channels"].most
        64
    """
    return eqx.field(static=True, default=default, metadata={_OPTION: Option(default, least, most, says)})


def options_of(module: type) -> dict[str, Option]:
    """The options that a class has as its fields, by name."""
    fields = dataclasses.fields(module)
    return {field.name: field.metadata[_OPTION] for field in fields if _OPTION in field.metadata}


def read_options(kind: str, given: Given, options: Mapping[str, Option]) -> Config:
    """Every option by name: `given` where it is given, the default elsewhere.

    Numbers of NumPy become Python's. Raises `UsageError` for a name that is not an option (naming the nearest that is), for
    what is not a number, and for a number out of range. `kind` says in the message what is being configured.
    """
    for name in given:
        if name not in options:
            raise unknown(f"option of {kind}", name, options)
    return {name: _read(kind, name, given.get(name, option.default), option) for name, option in options.items()}


def written(config: Mapping[str, Number], options: Mapping[str, Option]) -> Config:
    """What is written down of a config: all of it but later options at their defaults."""
    return {n: v for n, v in config.items() if not (options[n].later and v == options[n].default)}


def _read(kind: str, name: str, value: Number | np.integer | np.floating, option: Option) -> Number:
    if isinstance(value, np.integer | np.floating):
        value = value.item()
    whole = isinstance(option.default, int)
    wanted = "an integer" if whole else "a number"
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not option.least <= value <= option.most:
        raise UsageError(
            f"option '{name}' of {kind} is {value!r}: it takes {wanted} from {option.least} to {option.most} "
            f"({option.says})"
        )
    return value if whole else float(value) + 0.0  # no minus zero
