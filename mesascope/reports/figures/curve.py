"""Curves over a running quantity, with their intervals as a band: one alone, or several in one frame."""

from collections.abc import Sequence
from typing import NamedTuple

from mesascope.reports.figures.scale import Scale, covering, tick_text
from mesascope.reports.figures.tracks import svg
from mesascope.reports.markup import Markup, join, tag

WIDTH, HEIGHT = 560.0, 220.0
_LEFT, _BOTTOM, _TOP = 44.0, 42.0, 10.0


class Point(NamedTuple):
    """A place on a curve; the interval of y where it has one."""

    x: float
    y: float
    interval: tuple[float, float] | None = None


def curve(points: Sequence[Point], *, x_label: str, y_label: str, look: str = "blue", dots: bool = False) -> Markup:
    """One curve with axes from zero; `dots` marks each point as well."""
    return curves([(look, points)], x_label=x_label, y_label=y_label, dots=dots)


def curves(lines: Sequence[tuple[str, Sequence[Point]]], *, x_label: str, y_label: str, dots: bool = False) -> Markup:
    """Several curves, each with its look, on the same axes."""
    every = [p for _, points in lines for p in points]
    ends = [end for p in every if p.interval for end in p.interval]
    across = covering([p.x for p in every], WIDTH - _LEFT)
    up = covering([*(p.y for p in every), *ends], HEIGHT - _BOTTOM - _TOP, least=(0.0, 1.0))
    return svg(
        WIDTH,
        HEIGHT,
        tag("title", f"{y_label} against {x_label}"),
        _frame(across, up, x_label, y_label),
        *(_line(points, across, up, look, dots) for look, points in lines),
        role="img",
        class_="curve",
    )


def _line(points: Sequence[Point], across: Scale, up: Scale, look: str, dots: bool) -> Markup:
    spots = [(_LEFT + across.at(p.x), _height(up, p.y)) for p in points]
    band = None
    if any(p.interval for p in points):
        upper = [(_LEFT + across.at(p.x), _height(up, p.interval[1])) for p in points if p.interval]
        lower = [(_LEFT + across.at(p.x), _height(up, p.interval[0])) for p in points if p.interval]
        band = tag("polygon", class_=f"band {look}", points=_spots([*upper, *reversed(lower)]))
    line = tag("polyline", class_=f"line {look}", points=_spots(spots))
    marks = [tag("circle", class_=f"mark {look}", cx=x, cy=y, r=3.5) for x, y in spots] if dots else []
    return join(band, line, *marks)


def _height(scale: Scale, value: float) -> float:
    return _TOP + scale.width - scale.at(value)


def _spots(spots: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)


def _frame(across: Scale, up: Scale, x_label: str, y_label: str) -> Markup:
    drawn = []
    rows, columns = up.ticks(6), across.ticks(7)
    for tick in rows:
        y = _height(up, tick)
        drawn.append(tag("line", class_="grid", x1=_LEFT, x2=WIDTH, y1=y, y2=y))
        drawn.append(
            tag("text", tick_text(tick, rows[1] - rows[0]), class_="tick", x=_LEFT - 6, y=y + 4, text_anchor="end")
        )
    base = HEIGHT - _BOTTOM
    for tick in columns:
        text = tick_text(tick, columns[1] - columns[0])
        x = min(WIDTH - 3.4 * len(text), _LEFT + across.at(tick))
        drawn.append(tag("text", text, class_="tick", x=x, y=base + 14, text_anchor="middle"))
    middle = _LEFT + (WIDTH - _LEFT) / 2
    drawn.append(tag("text", x_label, class_="label", x=middle, y=HEIGHT - 6, text_anchor="middle"))
    turned = f"rotate(-90 10 {base / 2:g})"
    drawn.append(tag("text", y_label, class_="label", x=10.0, y=base / 2, text_anchor="middle", transform=turned))
    return join(*drawn)
