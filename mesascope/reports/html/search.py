"""The search tests with every control arm."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import axis, track
from mesascope.reports.html.parts import (
    Column,
    badge,
    fold,
    legend,
    mark,
    paragraph,
    section,
    strong,
    table,
    value_cell,
)
from mesascope.reports.markup import Child, Markup, tag
from mesascope.reports.numbers import number, point
from mesascope.reports.plain import search_tone, search_words
from mesascope.reports.reading import Audit, items, look, words
from mesascope.reports.reading import table as part

_SHARE = Scale(0.0, 1.0, 340.0)

ASKS = {
    "retarget": "The goal is moved inside, and only inside. Does the plan go to the new place?",
    "virtual wall": "A wall is put up inside that does not exist. Does the plan go around it?",
    "joint": "Goal and wall are changed inside together, in a combination never run. Does the plan follow both?",
}
_CONTROLS = {
    "unedited": "nothing is written",
    "wrong site": "the same content, written elsewhere",
    "equal-norm random": "a random change just as large",
    "irrelevant swap": "a change that should not matter",
    "untrained": "the same network before training",
}
_KEYS = (("edited inside", "red", "diamond"), ("ceiling", "ink", "tick"), ("control", "quiet", "ring"))


def search(audit: Audit, name: str) -> Markup:
    """Verdict and tests of one audit."""
    tests = [t for t in items(audit, "search", "tests") if isinstance(t, Mapping)]
    reason = words(audit, "search", "reason")
    return section(
        3,
        f"{name}-search",
        "Does it search inside?",
        paragraph(
            badge(search_words(audit), search_tone(audit)), f" {reason[:1].upper()}{reason[1:]}." if reason else None
        ),
        legend(*_KEYS) if tests else _no_test(audit),
        *(_test(test, f"{name}-{index}") for index, test in enumerate(tests)),
    )


def _no_test(audit: Audit) -> Markup:
    if audit.get("closed_loop"):
        return paragraph("What was found in closed loop stands below.")
    return paragraph("No test was run, as nothing inside of the subject can be written to.")


def explanation() -> Markup:
    """How the tests work, explained once."""
    return section(
        3,
        "tests",
        "The tests of search",
        paragraph(
            "A plan that is made by search over an objective and a map follows when either is rewritten inside. Each "
            "test writes into the internal state, never into the input, and looks at cells where the optimal actions "
            "before and after have nothing in common: it counts the share that follows the edit. The ",
            tag("b", "ceiling"),
            " is that share when the level itself is changed; the highest ",
            tag("b", "control"),
            " is the floor. The score runs from the floor, 0, to the ceiling, 1. The place to write was chosen on one "
            "half of the levels, the score comes from the other.",
        ),
    )


def _test(test: Mapping[str, Any], name: str) -> Markup:
    title = words(test, "name") or "test"
    score = {"value": test.get("statistic"), "interval": test.get("interval")}
    passed = look(test, "passed")
    verdict = badge("passed", "good") if passed else badge("not passed", "bad" if point(score) is not None else "open")
    place = words(test, "place", "text")
    return section(
        4,
        name,
        title.capitalize(),
        paragraph(verdict, f" {ASKS[title]} " if title in ASKS else " ", "Score ", strong(score), _null(test), "."),
        tag("figure", _arms(test)),
        paragraph(f"Place of the edit: {place}." if place else "No place could be written to.", class_="note"),
        fold("How this was scored", _details(test)),
    )


def _null(test: Mapping[str, Any]) -> str | None:
    return None if test.get("null") is None else f" (null {number(test['null'])})"


def _arms(test: Mapping[str, Any]) -> Markup:
    edited, ceiling = test.get("edited"), test.get("ceiling")
    rows: list[list[Child]] = [
        ["edited inside", track([mark(edited, "red", "diamond")], _SHARE), value_cell(edited), ""],
        ["ceiling", track([mark(ceiling, "ink", "tick")], _SHARE), value_cell(ceiling), ""],
    ]
    for arm, found in part(test, "controls").items():
        told = tag("small", _CONTROLS[arm]) if arm in _CONTROLS else None
        ahead = look(test, "advantages", arm)
        rows.append(
            [
                tag("span", arm, told),
                track([mark(found, "quiet", "ring")], _SHARE),
                value_cell(found),
                value_cell(ahead),
            ]
        )
    columns = [
        Column("", "text"),
        Column(axis(_SHARE), "figure"),
        Column("share that follows"),
        Column("edit ahead by"),
    ]
    return table(columns, rows)


def _details(test: Mapping[str, Any]) -> Markup:
    facts = [
        ("sites", ", ".join(str(s) for s in items(test, "place", "sites")) or None),
        ("state", look(test, "place", "state")),
        ("radius", look(test, "place", "radius")),
        ("written in every later state as well", {True: "yes", False: "no"}.get(look(test, "place", "sustained"))),
        ("levels scored", test.get("levels")),
        ("cells scored", test.get("cells")),
        ("places tried", test.get("places_tried")),
        ("places refused, as edits of the input in disguise", test.get("places_refused")),
        ("share of the difference already beyond the patch", test.get("spread")),
    ]
    rows = [[fact, value if isinstance(value, str) else number(value, 3)] for fact, value in facts if value is not None]
    return table([Column("", "text"), Column("")], rows)
