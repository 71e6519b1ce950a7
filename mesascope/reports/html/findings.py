"""Findings without a field of their own, of experiments and of installed instruments: texts, figures and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.reports.figures.curve import Point, curves
from mesascope.reports.figures.grid import grid
from mesascope.reports.html.parts import (
    barred,
    figure,
    fold,
    legend,
    marked,
    note,
    paragraph,
    section,
    spanning,
    table,
    text,
    value_cell,
)
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.reading import Audit, items, look, part, words

_LOOKS = ("blue", "red", "green", "gold", "violet", "quiet", "ink")
_SHAPES = ("dot", "diamond", "square", "ring", "tick")


def experiment(audit: Audit, name: str) -> Markup | None:
    """The experiment's own parts; None where the audit is no experiment's."""
    shown = [p for p in items(audit, "laboratory", "parts") if isinstance(p, Mapping)]
    if not shown:
        return None
    return section(3, f"{name}-experiment", "What the experiment found", *_parts(shown, f"{name}-experiment"))


def findings(audit: Audit, name: str) -> Markup | None:
    """What instruments of installed packages found; None where there are none."""
    found = part(audit, "findings")
    if not found:
        return None
    sections = []
    for index, (instrument, finding) in enumerate(found.items()):
        own = f"{name}-finding-{index}"
        summary = paragraph(words(finding, "summary")) if words(finding, "summary") else None
        shown = [p for p in items(finding, "parts") if isinstance(p, Mapping)]
        sections.append(section(4, own, instrument, summary, *_parts(shown, own, 5)))
    return section(3, f"{name}-findings", "Findings of further instruments", *sections)


def not_run(audit: Audit) -> list[Markup]:
    """Instruments and shifts that were not run, each with its reason."""
    instruments = [i for i in items(audit, "instruments") if look(i, "ran") is False]
    left_out = {
        "instrument": {words(i, "name"): words(i, "reason") for i in instruments},
        "shift": {name: str(reason) for name, reason in part(audit, "distributions_left_out").items()},
    }
    return [
        fold(
            f"{what.capitalize()}s that were not run: {len(found)}",
            table([text(what), text("reason")], [[name, reason] for name, reason in found.items()]),
        )
        for what, found in left_out.items()
        if found
    ]


def _parts(shown: Sequence[Mapping[str, Any]], name: str, level: int = 4) -> list[Markup]:
    return [_part(item, f"{name}-{index}", level) for index, item in enumerate(shown)]


def _part(item: Mapping[str, Any], name: str, level: int) -> Markup:
    picture, listed = part(item, "figure"), part(item, "table")
    drawn = _FIGURES.get(words(picture, "kind"))
    numbers = _table(listed) if listed else None
    return section(
        level,
        name,
        words(item, "title"),
        paragraph(words(item, "text")) if words(item, "text") else None,
        tag("figure", drawn(picture)) if drawn and picture else None,
        fold("As numbers", numbers) if numbers and drawn else numbers,
    )


def _curves(drawn: Mapping[str, Any]) -> Markup:
    lines, keys = [], []
    for index, line in enumerate(items(drawn, "lines")):
        look_ = _LOOKS[index % len(_LOOKS)]
        points = [
            Point(x, y, bounds(look(spot, "y")))
            for spot in items(line, "points")
            if (x := real(look(spot, "x"))) is not None and (y := _value(look(spot, "y"))) is not None
        ]
        if points:
            lines.append((look_, points))
            keys.append((words(line, "name"), look_, "dot"))
    if not lines:
        return note("Nothing to draw.")
    shown = curves(lines, x_label=words(drawn, "x_label"), y_label=words(drawn, "y_label"), dots=True)
    return join(legend(*keys) if len(keys) > 1 else None, shown)


def _value(value: object) -> float | None:
    found = real(value)
    return point(value) if found is None else found


def _bars(drawn: Mapping[str, Any]) -> Markup:
    rows = {words(row, "name"): look(row, "estimate") for row in items(drawn, "bars")}
    references = {name: r for name, value in part(drawn, "references").items() if (r := real(value)) is not None}
    at = tuple(references.values())
    scale = spanning(rows.values(), 340.0, others=at)
    body = [
        [
            name,
            join(marked(e, "blue", "diamond", scale, at), tag("div", value_cell(e)))
            if at
            else barred(e, "blue", scale),
        ]
        for name, e in rows.items()
    ]
    told = "; ".join(f"{name} {number(value)}" for name, value in references.items())
    return join(table(["", figure(words(drawn, "label"), scale)], body), note(f"Dashed: {told}.") if told else None)


def _grid(drawn: Mapping[str, Any]) -> Markup:
    xs, ys = ([_text(v) for v in items(drawn, key)] for key in ("xs", "ys"))
    values = [[real(v) for v in row] for row in items(drawn, "values") if isinstance(row, list)]
    labels = {key: words(drawn, key) for key in ("x_label", "y_label", "label")}
    return grid(xs, ys, values, **labels)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_FIGURES = {"curves": _curves, "bars": _bars, "grid": _grid}


def _table(listed: Mapping[str, Any]) -> Markup:
    heads = [str(c) for c in items(listed, "columns")] or [""]
    rows = [row for row in items(listed, "rows") if isinstance(row, list) and len(row) == len(heads)]
    columns = [text(head) if any(isinstance(row[i], str) for row in rows) else head for i, head in enumerate(heads)]
    return table(columns, [[_cell(cell) for cell in row] for row in rows], digits=3)


def _cell(cell: Any) -> Any:
    return cell if isinstance(cell, str | Mapping) else number(cell, 3)
