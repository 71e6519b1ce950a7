"""What describes a subject and decides nothing: depth, light cone, probes, the algorithm, the shortest program."""

from typing import Any

from mesascope.reports.html.parts import Cell, fold, note, paragraph, section, strong, table, text
from mesascope.reports.markup import Markup
from mesascope.reports.numbers import number, real
from mesascope.reports.reading import Audit, items, look, part, union, words


def description(audit: Audit, name: str) -> Markup | None:
    """The describing instruments of one audit; nothing where they were not run."""
    found = part(audit, "description")
    if not found:
        return None
    return section(
        3,
        f"{name}-description",
        "Description of the computation",
        note(
            "These describe and decide nothing: a table that lets out its answers in the order in which search would find "
            "them looks the same to all of them."
        ),
        _depth(part(found, "compute_depth")),
        _cone(part(found, "light_cone")),
        _algorithm(part(found, "algorithm")),
        _program(part(found, "learned_algorithm"), f"{name}-program"),
        _probes(found),
        _graft(audit),
    )


def _graft(audit: Audit) -> Markup | None:
    found = part(audit, "graft")
    if not found:
        why = words(audit, "no_graft")
        return note(f"No weights were grafted: {why}.") if why else None
    share = real(found.get("share"))
    objective = words(found, "objective")
    turned = (
        "No share of its weights turned the subject."
        if share is None
        else f"A share of {number(share, 2)} of its weights, those that moved most, turns the subject."
    )
    rows: list[list[Cell]] = [
        [number(look(s, "weights")), *(look(s, k) for k in ("old", "new", "random_weights"))]
        for s in items(found, "steps")
    ]
    return fold(
        "Where its objective can be changed from: weights",
        paragraph(f"A copy was trained on for {objective}. {turned}"),
        table(["weights grafted", "old objective", objective, "as many at random"], rows),
    )


def _depth(depth: Any) -> Markup | None:
    if not depth:
        return None
    return paragraph(
        "Cells settle later the farther they are from the goal: partial correlation ",
        strong(look(depth, "depth", "partial")),
        ", by chance ",
        strong(look(depth, "depth", "null")),
        f"; the better form is {words(depth, 'form')}.",
    )


def _cone(cone: Any) -> Markup | None:
    if not cone:
        return None
    bare = look(cone, "untrained", "partial")
    return paragraph(
        "News of a moved goal arrives step by step: partial correlation of its time with the distance ",
        strong(look(cone, "chosen", "partial")),
        *(("; in the untrained network ", strong(bare)) if bare else ()),
        ".",
    )


def _algorithm(algorithm: Any) -> tuple[Markup, ...]:
    if not algorithm:
        return ()
    rows: list[list[Cell]] = [
        [words(s, "algorithm"), *(look(s, k) for k in ("foretold", "shuffled", "beyond"))]
        for s in items(algorithm, "scores")
    ]
    rivals = ", ".join(map(str, items(algorithm, "rivals")))
    told = f"By exchanging parts of its state between levels it is foretold best by: {words(algorithm, 'name')}"
    return (
        paragraph(told + (f", not told apart from {rivals}." if rivals else ".")),
        fold("Every algorithm", table(["algorithm", "foretold", "pairs shuffled", "beyond its nulls"], rows)),
    )


def _program(learned: Any, name: str) -> Markup | None:
    if not learned:
        return None
    scores = [s for s in items(learned, "scores") if s]
    names = union(part(s, "matches") for s in scores)
    rows: list[list[Cell]] = [
        [
            words(s, "program"),
            number(real(look(s, "total_bits")), 0),
            *(look(s, "matches", d, "share") for d in names),
        ]
        for s in scores
    ]
    tied = ", ".join(map(str, items(learned, "tied")))
    return section(
        4,
        name,
        "The shortest program that acts like it",
        paragraph(f"{words(learned, 'name')}" + (f", as short and as good: {tied}" if tied else "") + "."),
        fold("Every program", table(["program", "bits", *(f"match, {d}" for d in names)], rows)),
    )


def _probes(found: Any) -> Markup | None:
    rows: list[list[Cell]] = [
        [
            words(t, "target"),
            f"{words(t, 'site')}, state {words(t, 'tick')}",
            look(t, "figure"),
            look(t, "beyond"),
        ]
        for t in items(found, "probes", "targets")
    ]
    drawn = table(["what is read", text("where"), "figure", "beyond every control"], rows)
    return fold("What linear probes read in its state", drawn) if rows else None
