"""The search tests with every control arm."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import track
from mesascope.reports.html.arms import arms, arms_legend, best_control, passed, placed, tested
from mesascope.reports.html.known_world import asked
from mesascope.reports.html.parts import (
    Cell,
    badge,
    either,
    figure,
    fold,
    mark,
    note,
    paragraph,
    section,
    sentence,
    strong,
    table,
)
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import MISSING, estimate_text, number, point
from mesascope.reports.plain import search_tone, search_words
from mesascope.reports.reading import Audit, in_experiment, items, look, part, union, words


def search(audit: Audit, name: str) -> Markup:
    """Verdict and tests of one audit."""
    tests = [t for t in items(audit, "search", "tests") if isinstance(t, Mapping)]
    reason, explained = words(audit, "search", "reason"), words(audit, "search", "explanation")
    return section(
        3,
        f"{name}-search",
        "Does it search inside?",
        paragraph(badge(search_words(audit), search_tone(audit)), f" {sentence(reason)}." if reason else None),
        paragraph(explained) if explained else None,
        join(arms_legend(), tag("figure", tests_table([tests], ["share that follows"]))) if tests else _no_test(audit),
        fold(
            "Every test with all of its controls",
            *(_test(audit, test, f"{name}-{index}") for index, test in enumerate(tests)),
        )
        if tests
        else None,
        _capacity(audit, f"{name}-capacity") if tests and not in_experiment(audit) else None,
        _trust(audit) if tests and part(audit, "search", "operating_point") else None,
    )


def tests_table(of_agents: Sequence[Sequence[Mapping[str, Any]]], heads: Sequence[str]) -> Markup:
    """Every test of each agent: edited, ceiling and the best control on one scale, a column for each agent.

    Args:
        of_agents: The tests of each agent.
        heads: What stands above each column.
    """
    named = [{words(test, "name"): test for test in tests} for tests in of_agents]
    scale = Scale(0.0, 1.0, 340.0 if len(heads) == 1 else 150.0 if len(heads) < 4 else 90.0)
    rows: list[list[Cell]] = [[name, *(_summary(own.get(name), scale) for own in named)] for name in union(named)]
    return table(["", *(figure(head, scale, 3) for head in heads)], rows)


def _summary(test: Mapping[str, Any] | None, scale: Scale) -> Markup:
    if test is None:
        return tag("span", MISSING, class_="missing")
    score = {"value": test.get("statistic"), "interval": test.get("interval")}
    told = f"score {estimate_text(score)}, {'passed' if test.get('passed') is True else 'not passed'}"
    marks = (
        mark(best_control(test), "quiet", "ring"),
        mark(test.get("ceiling"), "ink", "tick"),
        mark(test.get("edited"), "red", "diamond"),
    )
    return join(track(marks, scale), tag("div", told))


def _capacity(audit: Audit, name: str) -> Markup:
    """Whether a table of the subject's own states is excluded."""
    bound = part(audit, "search", "capacity")
    if not bound:
        told: list[Child] = ["Not asked: it matters only where all three tests pass."]
    else:
        excluded = bound.get("table_excluded") is True
        precision = look(bound, "bits", "precision")
        size = f"{number(look(bound, 'bits', 'total'), 0)} bits" + (
            f" with its weights rounded to {number(precision, 1)} bits each" if precision is not None else ""
        )
        told = [
            either(excluded, "excluded", "not excluded"),
            f" The subject can be written down in {size}. On fresh levels its answers hold ",
            strong(look(bound, "shown_per_level", "unedited")),
            " bits a level beyond what surroundings and heuristics give away, and under fresh joint edits ",
            strong(look(bound, "shown_per_level", "edited")),
            f". A table of this size could hold fewer levels than the {number(bound.get('levels'))} that were run."
            if excluded
            else f" On {number(bound.get('levels'))} levels that is no more than a table of this size could hold.",
        ]
    return section(
        4, name, "Could it be a table of its own states, or heuristics?", paragraph(*told), *_heuristics(bound)
    )


def _heuristics(bound: Mapping[str, Any]) -> list[Markup]:
    """How much of the answers each heuristic explains."""
    explained, share = part(bound, "explained_by"), bound.get("beyond_heuristics")
    if not explained:
        return []
    rows = [[name, number(value)] for name, value in explained.items()]
    return [
        paragraph(
            "Beyond a composition of heuristics its answers show at least ",
            f"{number(share)} of the information that perfect answers show.",
        ),
        fold("How often each heuristic would do what it does", table(["heuristic", "share of states"], rows)),
    ]


def _trust(audit: Audit) -> Markup:
    """The error rates that were measured at the threshold."""
    at = part(audit, "search", "operating_point")
    return note(
        f"Threshold {number(at.get('threshold'))}. On organisms that it was not chosen on: sensitivity ",
        strong(at.get("sensitivity")),
        ", false positives ",
        strong(at.get("false_positive_rate")),
        f" of {number(at.get('negatives'))} audits.",
    )


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


def _test(audit: Audit, test: Mapping[str, Any], name: str) -> Markup:
    score = {"value": test.get("statistic"), "interval": test.get("interval")}
    null = None if test.get("null") is None else f" (null {number(test['null'])})"
    own = words(test, "asks")  # an experiment's test says itself how it is made
    return tested(
        test,
        name,
        paragraph(
            passed(test, "bad" if point(score) is not None else "open"),
            f" {own or asked(audit, words(test, 'name'))} ",
            "Score ",
            strong(score),
            null,
            "." if test.get("margin") is None else f", margin {number(test['margin'])} (passed where above 0).",
        ),
        tag("figure", arms(test, "share that follows the edit", explained=True, whole=not own)),
        None if own else placed(test),
        None if own else fold("How this was scored", _details(test)),
    )


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
    return table(["", ""], rows)
