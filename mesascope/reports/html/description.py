"""What describes a subject and decides nothing: depth, light cone, probes, the algorithm, the shortest program."""

from typing import Any

from mesascope.reports.html.parts import Column, fold, paragraph, section, strong, table, value_cell
from mesascope.reports.markup import Child, Markup
from mesascope.reports.numbers import number, real
from mesascope.reports.reading import Audit, items, look, words
from mesascope.reports.reading import table as part


def description(audit: Audit, name: str) -> Markup | None:
    """The describing instruments of one audit; nothing where they were not run."""
    found = part(audit, "description")
    if not found:
        return None
    return section(
        3,
        f"{name}-description",
        "How it goes about it",
        paragraph(
            "These describe and decide nothing: a table that lets out its answers in the order in which search would find "
            "them looks the same to all of them.",
            class_="note",
        ),
        *(_depth(found), _cone(found), _algorithm(found)),
        _program(found, f"{name}-program"),
        _probes(found),
        _graft(audit),
    )


def _graft(audit: Audit) -> Markup | None:
    found = part(audit, "graft")
    if not found:
        why = words(audit, "no_graft")
        return paragraph(f"No weights were grafted: {why}.", class_="note") if why else None
    share = real(found.get("share"))
    objective = words(found, "objective")
    turned = (
        "No share of its weights turned the subject."
        if share is None
        else f"A share of {number(share, 2)} of its weights, those that moved most, turns the subject."
    )
    told = f"A copy was trained on for {objective}. {turned}"
    columns = [Column("weights grafted"), Column("old objective"), Column(objective), Column("as many at random")]
    rows: list[list[Child]] = [
        [number(s.get("weights")), *(value_cell(s.get(k)) for k in ("old", "new", "random_weights"))]
        for s in items(found, "steps")
    ]
    return fold("Where its objective can be changed from: weights", paragraph(told), table(columns, rows))


def _depth(found: Any) -> tuple[Markup, ...]:
    depth = part(found, "compute_depth")
    if not depth:
        return ()
    return (
        paragraph(
            "Cells settle later the farther they are from the goal: partial correlation ",
            strong(look(depth, "depth", "partial")),
            ", by chance ",
            strong(look(depth, "depth", "null")),
            f"; the better form is {words(depth, 'form')}.",
        ),
    )


def _cone(found: Any) -> tuple[Markup, ...]:
    cone = part(found, "light_cone")
    if not cone:
        return ()
    chosen, bare = look(cone, "chosen", "partial"), look(cone, "untrained", "partial")
    return (
        paragraph(
            "News of a moved goal arrives step by step: partial correlation of its time with the distance ",
            strong(chosen),
            *(("; in the untrained network ", strong(bare)) if bare else ()),
            ".",
        ),
    )


def _algorithm(found: Any) -> tuple[Markup, ...]:
    algorithm = part(found, "algorithm")
    if not algorithm:
        return ()
    columns = [Column("algorithm", "text"), Column("foretold"), Column("pairs shuffled"), Column("beyond its nulls")]
    rows: list[list[Child]] = [
        [words(s, "algorithm"), *(value_cell(s.get(k)) for k in ("foretold", "shuffled", "beyond"))]
        for s in items(algorithm, "scores")
    ]
    rivals = ", ".join(map(str, items(algorithm, "rivals")))
    told = f"By exchanging parts of its state between levels it is foretold best by: {words(algorithm, 'name')}"
    return (
        paragraph(told + (f", not told apart from {rivals}." if rivals else ".")),
        fold("Every algorithm", table(columns, rows)),
    )


def _program(found: Any, name: str) -> Markup | None:
    learned = part(found, "learned_algorithm")
    if not learned:
        return None
    scores = [s for s in items(learned, "scores") if s]
    names = list(dict.fromkeys(d for s in scores for d in part(s, "matches")))
    columns = [Column("program", "text"), Column("bits"), *(Column(f"match, {d}") for d in names)]
    rows: list[list[Child]] = [
        [
            words(s, "program"),
            number(real(s.get("total_bits")), 0),
            *(value_cell(look(s, "matches", d, "share")) for d in names),
        ]
        for s in scores
    ]
    tied = ", ".join(map(str, items(learned, "tied")))
    return section(
        4,
        name,
        "The shortest program that acts like it",
        paragraph(f"{words(learned, 'name')}" + (f", as short and as good: {tied}" if tied else "") + "."),
        fold("Every program", table(columns, rows)),
    )


def _probes(found: Any) -> Markup | None:
    targets = items(found, "probes", "targets")
    if not targets:
        return None
    columns = [
        Column("what is read", "text"),
        Column("where", "text"),
        Column("figure"),
        Column("beyond every control"),
    ]
    rows: list[list[Child]] = [
        [
            words(t, "target"),
            f"{words(t, 'site')}, state {words(t, 'tick')}",
            value_cell(t.get("figure")),
            value_cell(t.get("beyond")),
        ]
        for t in targets
    ]
    return fold("What linear probes read in its state", table(columns, rows))
