"""A test by intervention: the edited subject, the ceiling and every control on one scale."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.figures.scale import Scale
from mesascope.reports.html.parts import Cell, either, figure, legend, marked, note, section, table
from mesascope.reports.markup import Child, Markup, tag
from mesascope.reports.numbers import point
from mesascope.reports.reading import look, part, words

_SHARE = Scale(0.0, 1.0, 340.0)
_CONTROLS = {
    "unedited": "nothing is written",
    "wrong site": "the same content, written elsewhere",
    "equal-norm random": "a random change just as large",
    "irrelevant swap": "a change that should not matter",
    "untrained": "the same network before training",
}
_TREATED = (("edited inside", "edited", "red", "diamond"), ("ceiling", "ceiling", "ink", "tick"))


def arms_legend() -> Markup:
    """What the marks stand for."""
    return legend(*((arm, ink, shape) for arm, _, ink, shape in _TREATED), ("control", "quiet", "ring"))


def arms(found: Mapping[str, Any], counted: str, *, explained: bool, whole: bool = True) -> Markup:
    """One row for each arm. `counted` says what the share counts; without `whole` an arm that was not run is left out."""
    rows: list[list[Cell]] = [
        [arm, marked(found.get(key), ink, shape, _SHARE), found.get(key), ""]
        for arm, key, ink, shape in _TREATED
        if whole or found.get(key) is not None
    ]
    for arm, share in part(found, "controls").items():
        told = tag("small", _CONTROLS[arm]) if explained and arm in _CONTROLS else None
        name = tag("span", arm, told) if explained else arm
        ahead = look(found, "advantages", arm)
        rows.append([name, marked(share, "quiet", "ring", _SHARE), share, ahead])
    return table(["", figure("", _SHARE), counted, "edit minus control"], rows)


def best_control(test: Mapping[str, Any]) -> object:
    """The control arm that did best; None where none was run."""
    run = [share for share in part(test, "controls").values() if point(share) is not None]
    return max(run, key=lambda share: point(share) or 0.0, default=None)


def tested(test: Mapping[str, Any], name: str, *children: Child) -> Markup:
    """The section of a test."""
    return section(4, name, (words(test, "name") or "test").capitalize(), *children)


def passed(test: Mapping[str, Any], tone: str = "open") -> Markup:
    """Whether it passed."""
    return either(look(test, "passed"), "passed", "not passed", tone)


def placed(test: Mapping[str, Any]) -> Markup:
    """Where the edit was made."""
    place = words(test, "place", "text")
    return note(f"Place of the edit: {place}." if place else "No place could be written to.")
