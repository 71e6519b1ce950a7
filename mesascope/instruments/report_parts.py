"""What an experiment shows of its own: parts with a text, a figure, a table, as the report draws them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from mesascope.core.statistics import Estimate

Cell = str | int | float | Estimate | None


class Table(NamedTuple):
    """Heads and rows; the first cell of a row is its heading. Estimates are shown with their intervals."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Spot(NamedTuple):
    """A place on a line: where, and how much."""

    x: float
    y: Estimate | float


class Line(NamedTuple):
    """One named line of a figure of curves."""

    name: str
    points: tuple[Spot, ...]


def line(name: str, spots: Iterable[tuple[Any, Estimate | Any]]) -> Line:
    """A line through places given as pairs of how far along and how much."""
    return Line(name, tuple(Spot(float(x), y if isinstance(y, Estimate) else float(y)) for x, y in spots))


def curves(x_label: str, y_label: str, *lines: Line) -> dict[str, Any]:
    """A figure of one or several lines over one running quantity."""
    return {"kind": "curves", "x_label": x_label, "y_label": y_label, "lines": lines}


def bars(label: str, named: dict[str, Estimate], references: dict[str, float] | None = None) -> dict[str, Any]:
    """A figure of bars with whiskers, one for each name; `references` are values to be marked on the scale."""
    rows = [{"name": name, "estimate": estimate} for name, estimate in named.items()]
    return {"kind": "bars", "label": label, "bars": rows, "references": references or {}}


def grid(
    x_label: str,
    y_label: str,
    label: str,
    xs: tuple[str | int | float, ...],
    ys: tuple[str | int | float, ...],
    values: list[list[float]],
) -> dict[str, Any]:
    """A figure of shaded cells: `values[j][i]` at `xs[i]`, `ys[j]`, with what the shade means as `label`."""
    labels = {"x_label": x_label, "y_label": y_label, "label": label}
    return {"kind": "grid", **labels, "xs": xs, "ys": ys, "values": values}


def table(*columns: str, rows: Iterable[Iterable[Any]]) -> Table:
    """A table from its heads and any rows of cells."""
    return Table(columns, tuple(map(tuple, rows)))


class ReportPart(NamedTuple):
    """One titled part of the experiment's section of the report."""

    title: str
    text: str
    figure: dict[str, Any] | None = None
    table: Table | None = None
