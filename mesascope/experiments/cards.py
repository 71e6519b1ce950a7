"""The cards of all instruments, those of experiments included."""

import importlib
import pkgutil

from mesascope import experiments
from mesascope.core.errors import unknown
from mesascope.instruments.card import Card
from mesascope.instruments.cards import all_cards


def every_card() -> dict[str, Card]:
    """Cards by name, in alphabetical order: those of `mesascope.instruments` and those experiments bring."""
    return dict(sorted({**all_cards(), **experiment_cards()}.items()))


def experiment_cards() -> dict[str, Card]:
    """Every `Card` that a module of this package defines."""
    found = {}
    for module in pkgutil.walk_packages(experiments.__path__, experiments.__name__ + "."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Card):
                found[value.name] = value
    return dict(sorted(found.items()))


def find_card(name: str) -> Card:
    """The card of that name; `UsageError` naming the nearest one where there is none."""
    cards = every_card()
    if name not in cards:
        raise unknown("instrument", name, cards)
    return cards[name]
