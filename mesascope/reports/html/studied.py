"""The page of a study: conditions side by side, seed by seed, what failed, and whether the conditions differ."""

from collections.abc import Mapping
from typing import Any

from mesascope.core.machine import OTHERWISE, STATISTICAL
from mesascope.reports.html.head import page_alone
from mesascope.reports.html.parts import Cell, fold, paragraph, section, table, text, value_cell
from mesascope.reports.markup import Child, Markup, tag
from mesascope.reports.numbers import MISSING, number, real
from mesascope.reports.reading import items, look, part, union, words
from mesascope.reports.studied import VERDICTS, conditions_table, failure_lines, said


def render_study(document: Mapping[str, Any]) -> str:
    """One self-contained HTML page for a study's document; the same document gives the same bytes."""
    parts = (_conditions, _differences, _failures, _seeds, _settings)
    return page_alone(words(document, "title"), *_opening(document), *(made(document) for made in parts))


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
        *([paragraph(OTHERWISE)] if words(document, "comparison") == STATISTICAL else []),
        paragraph("Made by this command, which goes on where it stopped:"),
        tag("pre", tag("code", words(document, "command")), tabindex="0"),
    ]


def _conditions(document: Mapping[str, Any]) -> Markup:
    heads, rows = conditions_table(document, value_cell)
    columns = [text(head) if head in VERDICTS else head for head in heads]
    return section(2, "conditions", "Conditions side by side", table(columns, rows))


def _differences(document: Mapping[str, Any]) -> Markup:
    rows = [
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
        table(["readout", "p", "p, adjusted", "conditions", "seeds"], rows),
    ]
    against = part(document, "against_reference")
    if against:
        names = union(map(part, against.values()))
        parts.append(
            table(
                ["condition", *map(said, against)],
                [[name, *(look(against, readout, name) for readout in against)] for name in names],
                caption=f"Less {words(document, 'reference')}: difference of means with Welch's interval; "
                "of seeds pair by pair, with Student's, where both treat the same trained agents",
            )
        )
    robust = part(document, "robust")
    if robust:
        names = union(map(part, robust.values()))
        kinds = [("interquartile_mean", "interquartile mean"), ("improvement", "chance of more than the reference")]
        told = [(kind, said_as) for kind, said_as in kinds if kind != "improvement" or against]
        drawn = table(
            ["condition", *(f"{said(readout)}, {said_as}" for readout in robust for _, said_as in told)],
            [[name, *(look(robust, readout, name, kind) for readout in robust for kind, _ in told)] for name in names],
            caption="The mean of the middle half of the seeds, and how often a seed comes to more than one of the reference, a "
            "tie counting as one half",
        )
        parts.append(fold("Statistics that one strange seed does not decide", drawn))
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
    rows: list[list[Cell]] = []
    for condition in items(document, "conditions"):
        each = [items(condition, "each", name) for name in shown]
        for at, seed in enumerate(items(condition, "averaged")):
            values = (number(real(column[at])) if at < len(column) else MISSING for column in each)
            rows.append([f"{words(condition, 'name')}, {seed}", *values])
    drawn = table(["condition, seed", *map(said, shown)], rows)
    return section(2, "seeds", "Seed by seed", fold("Every competent seed", drawn))


def _settings(document: Mapping[str, Any]) -> Markup:
    rows: list[list[Cell]] = []
    for condition in items(document, "conditions"):
        agent = words(condition, "subject")
        told = ["", ""]
        if not agent:
            trained = ([*items(condition, "training", key), "", {}] for key in ("architecture", "base_optimizer"))
            told = [f"{name} ({_options(options)})" for name, options, *_ in trained]
            agent = _options({k: v for k, v in part(condition, "agent").items() if v})
        rows.append([words(condition, "name"), *told, agent or "as trained"])
    drawn = table(["condition", text("architecture"), text("base optimizer"), text("agent")], rows)
    return section(2, "settings", "Settings", fold("Every option of every condition", drawn))


def _options(options: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in options.items()) if isinstance(options, Mapping) else ""
