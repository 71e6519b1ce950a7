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
from mesascope.reports.reading import Audit, in_experiment, items, look, words
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
        _asked(audit),
        (None if in_experiment(audit) else legend(*_KEYS)) if tests else _no_test(audit),
        *(_test(test, f"{name}-{index}") for index, test in enumerate(tests)),
        _capacity(audit, f"{name}-capacity") if tests and not in_experiment(audit) else None,
        _trust(audit) if tests and part(audit, "search", "operating_point") else None,
    )


def _capacity(audit: Audit, name: str) -> Markup:
    """Whether a table of the subject's own states is excluded."""
    bound = part(audit, "search", "capacity")
    if not bound:
        told: list[Child] = ["Not asked: it matters only where all three tests pass."]
    else:
        excluded = bound.get("table_excluded") is True
        precision = look(bound, "bits", "precision")
        size = f"{number(look(bound, 'bits', 'total'), 0)} bits" + (
            f" with its weights rounded to {precision} bits each" if precision is not None else ""
        )
        told = [
            badge("excluded", "good") if excluded else badge("not excluded", "open"),
            f" The subject can be written down in {size}. On fresh levels its answers hold ",
            strong(look(bound, "shown_per_level", "unedited")),
            " bits a level beyond what the surroundings of each cell give away, and under fresh joint edits ",
            strong(look(bound, "shown_per_level", "edited")),
            f". A table of this size could hold fewer levels than the {number(bound.get('levels'))} that were run."
            if excluded
            else f" On {number(bound.get('levels'))} levels that is no more than a table of this size could hold.",
        ]
    return section(4, name, "Could it be a table of its own states?", paragraph(*told))


def _trust(audit: Audit) -> Markup:
    """The error rates that were measured at the threshold."""
    point = part(audit, "search", "operating_point")
    return paragraph(
        f"Threshold {number(point.get('threshold'))}. On organisms that it was not chosen on: sensitivity ",
        strong(point.get("sensitivity")),
        ", false positives ",
        strong(point.get("false_positive_rate")),
        f" of {number(point.get('negatives'))} audits.",
        class_="note",
    )


def _asked(audit: Audit) -> Markup | None:
    """How an experiment asks, where it is one's."""
    explained = words(audit, "search", "explanation")
    return paragraph(explained) if explained else None


def _no_test(audit: Audit) -> Markup | None:
    if in_experiment(audit):
        return None
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
        paragraph(
            verdict, f" {words(test, 'asks') or ASKS.get(title, '')} ", "Score ", strong(score), _null(test), "."
        ),
        tag("figure", _arms(test)),
        *_scored(test, place),
    )


def _scored(test: Mapping[str, Any], place: str) -> list[Markup]:
    if words(test, "asks"):  # an experiment's test says itself how it is made
        return []
    told = f"Place of the edit: {place}." if place else "No place could be written to."
    return [paragraph(told, class_="note"), fold("How this was scored", _details(test))]


def _null(test: Mapping[str, Any]) -> str | None:
    return None if test.get("null") is None else f" (null {number(test['null'])})"


def _arms(test: Mapping[str, Any]) -> Markup:
    edited, ceiling = test.get("edited"), test.get("ceiling")
    rows: list[list[Child]] = [
        [name, track([mark(found, ink, shape)], _SHARE), value_cell(found), ""]
        for name, found, ink, shape in (
            ("edited inside", edited, "red", "diamond"),
            ("ceiling", ceiling, "ink", "tick"),
        )
        if found is not None or not words(test, "asks")
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
        ("share of the site that is no linear function of the input", test.get("nonlinear")),
    ]
    rows = [[fact, value if isinstance(value, str) else number(value, 3)] for fact, value in facts if value is not None]
    return table([Column("", "text"), Column("")], rows)
