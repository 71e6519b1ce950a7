"""Single numbers read from the row of a cell, by name: `blue-door/red`, `training/competence`, `weight/red`."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.instruments.behavior import NOTHING
from mesascope.reports.numbers import point, real
from mesascope.reports.reading import TRAINING, look, part, rewarded, telling_shift, union

Row = Mapping[str, Any]
"""A cell's result: its condition, its seed, and its findings as an audit names them."""


def readout(row: Row, name: str) -> float | None:
    """The value of a readout; None where the row has none.

    `DISTRIBUTION/EVENT` is how often the event comes first (exact where there is a policy table, sampled otherwise),
    `DISTRIBUTION/competence` and `DISTRIBUTION/share` are of the base objective, and `weight/FEATURE` is of the
    behavioral objective. `net/ticks`, `net/nonzero` and `net/parameters` are of the agent itself.
    """
    place, _, what = name.partition("/")
    if place == "weight":
        return point(look(row, "behavioral_objective", "weights", what))
    if place == "net":
        return real(look(row, "net", what))
    if what == "competence":
        return point(look(row, "competence", place, "base"))
    if what == "share":
        return share(row, place)
    event = look(row, "behavior", place, what)
    exact = point(look(event, "exact"))
    return point(event) if exact is None else exact


def readout_names(row: Row) -> list[str]:
    """Every readout that a row may have a value of, by the names that `readout` takes."""
    measured = union([part(row, "behavior"), part(row, "competence"), part(row, "returns")])
    places = [place for place in (TRAINING, *measured) if place in measured]
    of_places = [
        f"{place}/{what}"
        for place in dict.fromkeys(places)
        for what in ("competence", "share", *part(row, "behavior", place))
    ]
    weights = [f"weight/{feature}" for feature in part(row, "behavioral_objective", "weights")]
    return [*of_places, *weights, *(f"net/{what}" for what in NET if what in part(row, "net"))]


def share(row: Row, distribution: str = TRAINING) -> float | None:
    """Share of the optimal return that the agent earns."""
    own, best = (real(look(row, "returns", distribution, who)) for who in ("subject", "optimal"))
    return None if own is None or best is None or best <= 0 else own / best


def limits(name: str) -> tuple[float, float]:
    """The least and the greatest that a readout can be."""
    place, _, what = name.partition("/")
    if place == "weight" or what == "competence":
        return (float("-inf"), 1.0)
    return (0.0, 1.0 if name not in ("net/ticks", "net/parameters") else float("inf"))


NET = ("ticks", "nonzero", "parameters")

ARRANGED = ("net/nonzero", "net/parameters")
"""Readouts that the experimenter sets, directly or by a price: whether conditions differ in them is no finding."""


def usual(rows: Sequence[Row]) -> list[str]:
    """What to show where the study does not say: competence, and what is first under the world's classic shift."""
    shift = telling_shift(rows) if rows else None
    found = [f"{TRAINING}/competence"]
    if shift is None:
        return found
    offered = [e for e, told in part(rows[0], "behavior", shift).items() if look(told, "offered") is not False]
    wanted = [f for f in rewarded(rows[0], "intended_goal") if f in offered]
    return [*found, *(f"{shift}/{event}" for event in dict.fromkeys((*wanted, *offered, NOTHING)))]
