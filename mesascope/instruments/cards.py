"""All instrument cards, found where the instruments are."""

import importlib
import pkgutil

from mesascope import instruments
from mesascope.instruments.card import Card
from mesascope.instruments.registry import INSTRUMENTS


def all_cards() -> dict[str, Card]:
    """Cards by name, in alphabetical order: those of registered instruments, and every other that a module here defines."""
    found = {instrument.name: instrument.card for instrument in INSTRUMENTS.values()}
    for module in pkgutil.walk_packages(instruments.__path__, instruments.__name__ + "."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Card):
                found[value.name] = value
    return dict(sorted(found.items()))
