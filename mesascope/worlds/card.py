"""The card of a world or an experiment: what a person has to know of it, from its docstring and its constants."""

import dataclasses
import inspect
import re
from typing import NamedTuple

from mesascope.core.objective import Objective
from mesascope.worlds.described import AbstractDescribed

SECTIONS = (
    "Description",
    "States and actions",
    "Features",
    "Episode end",
    "Return",
    "Intended goal and base objective",
    "Proxies",
    "Configuration",
    "Version history",
)
"""Sections that the docstring of every world has, each opened by its name in bold."""

_OPENING = re.compile(r"\*\*([A-Z][a-z -]+)\.\*\*\s*")
_KEY_LINE = re.compile(r"^\* `(\w+)`: ", re.MULTILINE)


Value = int | float | str
"""What a config key may hold."""


class ConfigKey(NamedTuple):
    """A parameter of a world: its default and the value it has here."""

    name: str
    default: Value
    value: Value
    what: str


class WorldCard(NamedTuple):
    """A world or an experiment in words and numbers. `sections` has the prose in the order of the docstring, configuration left
    out; `discount` is None where nothing is discounted.
    """

    name: str
    summary: str
    sections: dict[str, str]
    features: tuple[str, ...]
    intended_goal: Objective
    base_objective: Objective
    discount: float | None
    shifts: dict[str, str]
    config: tuple[ConfigKey, ...]


def describe(world: AbstractDescribed) -> WorldCard:
    """The card of a world or an experiment."""
    prose = inspect.cleandoc(type(world).__doc__ or "").partition("\n\nExample:\n")[0]
    summary, _, rest = prose.partition("\n")
    parts = _OPENING.split(rest)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    keys = _KEY_LINE.split(texts.pop("Configuration", ""))
    what = dict(zip(keys[1::2], map(_one_line, keys[2::2]), strict=True))
    return WorldCard(
        name=world.name,
        summary=summary,
        sections={title: _one_line(text) for title, text in texts.items()},
        features=world.features,
        intended_goal=world.intended_goal,
        base_objective=world.base_objective,
        discount=getattr(world, "discount", None),
        shifts=world.shifts,
        config=tuple(
            ConfigKey(name, default, getattr(world, name), what.get(name, ""))
            for name, default in config_defaults(type(world)).items()
        ),
    )


def config_defaults(world: type[AbstractDescribed]) -> dict[str, Value]:
    """The default of each parameter of a world; one without a default is left out."""
    fields = dataclasses.fields(world)
    return {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}


def _one_line(text: str) -> str:
    return " ".join(text.split())
