"""What a card describes, whether it is a world of levels or an experiment."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import equinox as eqx

from mesascope.core.errors import UsageError
from mesascope.core.objective import Objective

Number = TypeVar("Number", int, float)
Described = TypeVar("Described", bound="AbstractDescribed")
TRAINING = "training"
"""Name of the distribution everything is trained on; every other name is a shift."""


class AbstractDescribed(eqx.Module):
    """Named features, what is wanted of them, what is trained for, and named shifts.

    Its fields are its configuration, each with a default. Numbers of any type (NumPy's, or text that a command line holds)
    become those of the default's type; `UsageError` where they are none. Its docstring holds the prose of its card
    (`worlds/card.py`).
    """

    name: eqx.AbstractClassVar[str]
    features: eqx.AbstractClassVar[tuple[str, ...]]
    intended_goal: eqx.AbstractClassVar[Objective]
    base_objective: eqx.AbstractClassVar[Objective]
    shifts: eqx.AbstractClassVar[dict[str, str]]
    instruments: ClassVar[tuple[Any, ...] | None] = None
    """The instruments of an audit here, for an experiment that brings its own; None for all that are registered."""

    @classmethod
    def variant(cls: type[Described], config: Mapping[str, Any]) -> tuple[type[Described], dict[str, Any]]:
        """The class that a configuration asks for, and the keys that it takes: this one, unless a key chooses among several."""
        return cls, dict(config)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            default: Any = field.default
            if type(default) in (int, float):
                setattr(self, field.name, as_configured(default, field.name, getattr(self, field.name)))


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
    if type(value) is kind and math.isfinite(value) and str(value) != "-0.0":
        return value
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number) or kind(number) != number:
            raise ValueError
    except (ValueError, TypeError):
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{key} '{value}': expected {expected}; write e.g. {key}={default}") from None
    return kind(number + 0)  # no minus zero: it would be another world by name only
