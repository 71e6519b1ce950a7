"""The page of a study: conditions side by side, seed by seed, what failed, and whether the conditions differ."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.html.head import page
from mesascope.reports.html.parts import Column, fold, paragraph, section, table, value_cell
from mesascope.reports.markup import Child, Markup, tag
from mesascope.reports.numbers import MISSING, number, real
from mesascope.reports.reading import items, look, words
from mesascope.reports.reading import table as mapping
from mesascope.reports.studied import CONDITION, VERDICTS, conditions_table, failure_lines, said


def render_study(document: Mapping[str, Any]) -> str:
    """One self-contained HTML page for a study's document; the same document gives the same bytes."""
    title = words(document, "title")
    sections = (
        _conditions(document),
        _differences(document),
        _failures(document),
        _seeds(document),
        _settings(document),
    )
    body = tag("main", tag("h1", title), *_opening(document), *sections)
    return page(title, tag("div", body, class_="page alone"))


_DEPTHS = {
    "behavior": "what it touches first was measured",
    "objective": "what it touches first was measured, and an objective inferred from that",
    "quick": "a quick audit was made",
    "full": "a whole audit was made",
}


def _opening(document: Mapping[str, Any]) -> list[Markup]:
    question = words(document, "question")
    return [
        *([paragraph(question, class_="lead")] if question else []),
        paragraph(
            f"Every condition was trained with every seed, and of each agent {_DEPTHS.get(words(document, 'depth'), '')} on "
            f"{number(document.get('levels'))} levels of each distribution. A seed that earns less than "
            f"{number(real(document.get('competent')), 2)} of the optimal training return is a capability failure: it is listed "
            "below and enters no mean. Intervals are Student's, over seeds, 95 %."
        ),
        paragraph("Made by this command, which goes on where it stopped:"),
        tag("pre", tag("code", words(document, "command")), tabindex="0"),
    ]


def _conditions(document: Mapping[str, Any]) -> Markup:
    heads, rows = conditions_table(document, value_cell)
    columns = [Column(head, "text" if head in (CONDITION, *VERDICTS) else "number") for head in heads]
    return section(2, "conditions", "Conditions side by side", table(columns, rows))


def _differences(document: Mapping[str, Any]) -> Markup:
    columns = [Column("readout", "text"), Column("p"), Column("p, adjusted"), Column("conditions"), Column("seeds")]
    rows: list[list[Child]] = [
        [
            said(words(found, "readout")),
            number(real(found.get("p")), 4),
            number(real(found.get("adjusted")), 4),
            number(found.get("conditions")),
            number(found.get("seeds")),
        ]
        for found in items(document, "differences")
    ]
    parts: list[Child] = [
        paragraph(
            "How often seeds dealt out to the conditions at random differ as much between them as these do (permutations of "
            "competent seeds); adjusted for the number of readouts by Holm's method. A large p is no proof that conditions are "
            "alike: with few seeds only large differences are seen."
        ),
        table(columns, rows),
    ]
    against = mapping(document, "against_reference")
    if against:
        names = list(dict.fromkeys(n for by_condition in against.values() for n in mapping(by_condition)))
        heads = [Column("condition", "text"), *(Column(said(name)) for name in against)]
        lines: list[list[Child]] = [
            [name, *(value_cell(look(against, readout, name)) for readout in against)] for name in names
        ]
        parts.append(
            table(
                heads,
                lines,
                caption=f"Less {words(document, 'reference')}: difference of means with Welch's interval; "
                "of seeds pair by pair, with Student's, where both treat the same trained agents",
            )
        )
    return section(2, "differences", "Do the conditions differ?", *parts)


def _failures(document: Mapping[str, Any]) -> Markup:
    lines = failure_lines(document)
    shown = (
        tag("ul", *(tag("li", line) for line in lines))
        if lines
        else paragraph("Every seed of every condition is competent.")
    )
    return section(2, "failures", "Capability failures", shown)


def _seeds(document: Mapping[str, Any]) -> Markup:
    shown = [str(name) for name in items(document, "show")]
    columns = [Column("condition, seed", "text"), *(Column(said(name)) for name in shown)]
    rows: list[list[Child]] = []
    for condition in items(document, "conditions"):
        for at, seed in enumerate(items(condition, "averaged")):
            each = [items(condition, "each", name) for name in shown]
            rows.append(
                [
                    f"{words(condition, 'name')}, {seed}",
                    *(number(real(values[at])) if at < len(values) else MISSING for values in each),
                ]
            )
    return section(2, "seeds", "Seed by seed", fold("Every competent seed", table(columns, rows)))


def _settings(document: Mapping[str, Any]) -> Markup:
    rows: list[list[Child]] = []
    for condition in items(document, "conditions"):
        told = []
        for part in ("architecture", "base_optimizer"):
            name, options = [*items(condition, "training", part), "", {}][:2]
            told.append(f"{name} ({_options(options)})")
        agent = _options({k: v for k, v in mapping(condition, "agent").items() if v})
        if words(condition, "subject"):
            told, agent = ["", ""], words(condition, "subject")
        rows.append([words(condition, "name"), *told, agent or "as trained"])
    columns = [
        Column("condition", "text"),
        Column("architecture", "text"),
        Column("base optimizer", "text"),
        Column("agent", "text"),
    ]
    return section(2, "settings", "Settings", fold("Every option of every condition", table(columns, rows)))


def _options(options: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in options.items()) if isinstance(options, Mapping) else ""
