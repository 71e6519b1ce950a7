"""What an experiment found beyond what every audit has: its parts, each with a text, a figure, a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.reports.figures.curve import Point, curves
from mesascope.reports.figures.grid import grid
from mesascope.reports.figures.scale import Scale, covering
from mesascope.reports.figures.tracks import axis, track
from mesascope.reports.html.parts import Column, barred, fold, legend, paragraph, section, table, value_cell
from mesascope.reports.html.parts import mark as marked
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.reading import Audit, items, look, words
from mesascope.reports.reading import table as part

_LOOKS = ("blue", "red", "green", "gold", "violet", "quiet", "ink")
_SHAPES = ("dot", "diamond", "square", "ring", "tick")


def experiment(audit: Audit, name: str) -> Markup | None:
    """The experiment's own parts; None where the audit is no experiment's."""
    shown = [p for p in items(audit, "laboratory", "parts") if isinstance(p, Mapping)]
    if not shown:
        return None
    parts = (_part(item, f"{name}-experiment-{index}") for index, item in enumerate(shown))
    return section(3, f"{name}-experiment", "What the experiment found", *parts)


def _part(item: Mapping[str, Any], name: str) -> Markup:
    figure, listed = part(item, "figure"), part(item, "table")
    drawn = _FIGURES.get(words(figure, "kind"))
    numbers = _table(listed) if listed else None
    return section(
        4,
        name,
        words(item, "title"),
        paragraph(words(item, "text")) if words(item, "text") else None,
        tag("figure", drawn(figure)) if drawn and figure else None,
        fold("As numbers", numbers) if numbers and drawn else numbers,
    )


def _curves(figure: Mapping[str, Any]) -> Markup:
    lines, keys = [], []
    for index, line in enumerate(items(figure, "lines")):
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
        return paragraph("Nothing to draw.", class_="note")
    drawn = curves(lines, x_label=words(figure, "x_label"), y_label=words(figure, "y_label"), dots=True)
    return join(legend(*keys) if len(keys) > 1 else None, drawn)


def _value(value: object) -> float | None:
    found = real(value)
    return point(value) if found is None else found


def _bars(figure: Mapping[str, Any]) -> Markup:
    rows = [(words(row, "name"), look(row, "estimate")) for row in items(figure, "bars")]
    references = {name: r for name, value in part(figure, "references").items() if (r := real(value)) is not None}
    ends = [end for _, e in rows for end in (point(e), *(bounds(e) or ()))]
    scale = covering([*ends, *references.values()], 340.0, least=(0.0, 0.0))
    columns = [Column("", "text"), Column(join(words(figure, "label"), tag("br"), axis(scale)), "figure")]
    body: list[list[Child]] = [[name, _bar(estimate, scale, tuple(references.values()))] for name, estimate in rows]
    told = "; ".join(f"{name} {number(value)}" for name, value in references.items())
    return join(table(columns, body), paragraph(f"Dashed: {told}.", class_="note") if told else None)


def _bar(estimate: object, scale: Scale, references: Sequence[float]) -> Markup:
    if not references:
        return barred(estimate, "blue", scale)
    return join(track([marked(estimate, "blue", "diamond")], scale, references), tag("div", value_cell(estimate)))


def _grid(figure: Mapping[str, Any]) -> Markup:
    xs, ys = ([_text(v) for v in items(figure, key)] for key in ("xs", "ys"))
    values = [[real(v) for v in row] for row in items(figure, "values") if isinstance(row, list)]
    return grid(
        xs,
        ys,
        values,
        x_label=words(figure, "x_label"),
        y_label=words(figure, "y_label"),
        label=words(figure, "label"),
    )


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_FIGURES = {"curves": _curves, "bars": _bars, "grid": _grid}


def _table(listed: Mapping[str, Any]) -> Markup:
    first, *rest = [str(c) for c in items(listed, "columns")] or [""]
    rows = [row for row in items(listed, "rows") if isinstance(row, list) and len(row) == 1 + len(rest)]
    kinds = ["text" if any(isinstance(row[i + 1], str) for row in rows) else "number" for i in range(len(rest))]
    columns = [Column(first, "text"), *(Column(head, kind) for head, kind in zip(rest, kinds, strict=True))]
    return table(columns, [[_cell(cell) for cell in row] for row in rows])


def _cell(cell: object) -> Child:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Mapping):
        return value_cell(cell, 3)
    return number(cell, 3)
