"""What a card describes, whether it is a world of levels or an experiment."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import equinox as eqx

from mesascope.core.objective import Objective

Described = TypeVar("Described", bound="AbstractDescribed")
TRAINING = "training"
"""Name of the distribution everything is trained on; every other name is a shift."""


class AbstractDescribed(eqx.Module):
    """Named features, what is wanted of them, what is trained for, and named shifts.

    Its fields are its configuration, each with a default. Its docstring holds the prose of its card (`worlds/card.py`).
    """

    name: eqx.AbstractClassVar[str]
    features: eqx.AbstractClassVar[tuple[str, ...]]
    intended_goal: eqx.AbstractClassVar[Objective]
    base_objective: eqx.AbstractClassVar[Objective]
    shifts: eqx.AbstractClassVar[dict[str, str]]
    shifts_left_out: ClassVar[tuple[str, ...]] = ()
    """Names of shifts that the world also has, where it was told to do without (`mesascope.worlds.rewarding.with_shifts`)."""
    tabulated: ClassVar[bool] = True
    """Whether its levels are finite decision problems; False of a world that is only played in (`mesascope.worlds.played`)."""
    instruments: ClassVar[tuple[Any, ...] | None] = None
    """The instruments of an audit here, for an experiment that brings its own; None for all that are registered."""

    @classmethod
    def variant(cls: type[Described], config: Mapping[str, Any]) -> tuple[type[Described], dict[str, Any]]:
        """The class that a configuration asks for, and the keys that it takes: this one, unless a key chooses among several."""
        return cls, dict(config)
