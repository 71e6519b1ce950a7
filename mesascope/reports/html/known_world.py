"""What the world of an audit says of itself where it is known here: built in, or brought by an installed package."""

from mesascope.core.errors import MesascopeError
from mesascope.reports.reading import Audit, words
from mesascope.worlds.registry import WORLDS
from mesascope.worlds.world import AbstractWorld

JOINT = "Both are changed inside together, in a combination never run. Does the plan follow both?"


def known_world(audit: Audit) -> AbstractWorld | None:
    """The world by its name, with its defaults; None where it is not known here or cannot be made."""
    try:
        kind = WORLDS.get(words(audit, "world", "name"))
        return None if kind is None else kind()
    except (MesascopeError, TypeError):
        return None


def asked(audit: Audit, test: str, *, walking: bool = False) -> str:
    """What a test of search asks: of a plan, or of an agent `walking`; "" where nobody says."""
    world = known_world(audit)
    changes = None if world is None else world.counterfactuals
    for change in () if changes is None else changes.changes:
        if change.name == test:
            return change.asks_walking if walking else change.asks
    return JOINT if test == "joint" else ""
