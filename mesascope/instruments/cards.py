"""All instrument cards, found where the instruments are."""

import importlib
import pkgutil

from mesascope import instruments
from mesascope.instruments.card import Card


def all_cards() -> dict[str, Card]:
    """Cards by name, in alphabetical order: every `Card` that a module of this package defines."""
    found = {}
    for module in pkgutil.walk_packages(instruments.__path__, instruments.__name__ + "."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Card):
                found[value.name] = value
    return dict(sorted(found.items()))
