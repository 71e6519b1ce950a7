"""Figures of one table row each: marks with intervals, bars with whiskers. A column of them shares a scale."""

from collections.abc import Sequence
from typing import NamedTuple

from mesascope.reports.figures.scale import Scale, tick_text
from mesascope.reports.markup import Markup, join, tag

ROW = 22.0
"""Pixels of a row."""


class Mark(NamedTuple):
    """An estimate to be drawn: value, interval if any, and the look it shares with its kind.

    `look` names a CSS color class; `shape` is dot, diamond, square, ring or tick, so that color never stands alone.
    """

    value: float | None
    interval: tuple[float, float] | None
    look: str
    shape: str = "dot"


def svg(width: float, height: float, *children: Markup | None, **attributes: object) -> Markup:
    """An SVG element of fixed size, hidden from readers of the page that read aloud unless it is given a role."""
    if "role" not in attributes:
        attributes["aria-hidden"] = "true"
    return tag(
        "svg",
        *children,
        width=width,
        height=height,
        viewBox=f"0 0 {width:g} {height:g}",
        focusable="false",
        **attributes,
    )


def track(marks: Sequence[Mark], scale: Scale, references: Sequence[float] = ()) -> Markup:
    """Marks with their intervals on one line each, over faint ticks; `references` are drawn as dashed lines."""
    lanes = [m for m in marks if m.value is not None]
    height = max(ROW, 12.0 * len(lanes) + 6)
    drawn = [_grid(scale, height)]
    drawn += [
        tag("line", class_="reference", x1=scale.at(r), x2=scale.at(r), y1=0.0, y2=height)
        for r in references
        if scale.holds(r)
    ]
    for lane, mark in enumerate(lanes):
        drawn.append(_draw(mark, scale, height * (lane + 0.5) / len(lanes)))
    return svg(scale.width, height, *drawn, class_="track")


def bar(mark: Mark, scale: Scale) -> Markup:
    """A bar from zero with the interval as a whisker."""
    middle = ROW / 2
    zero = scale.at(0.0)
    drawn = [tag("line", class_="zero", x1=zero, x2=zero, y1=0.0, y2=ROW)]
    if mark.value is not None:
        end = scale.at(mark.value)
        drawn.append(
            tag("rect", class_=f"bar {mark.look}", x=min(zero, end), y=middle - 5, width=abs(end - zero), height=10.0)
        )
    if mark.value is not None and mark.interval is not None:
        drawn.append(_whisker(mark.interval, scale, middle, "whisker"))
    return svg(scale.width, ROW, *drawn, class_="track")


def axis(scale: Scale, most: int = 5) -> Markup:
    """The labeled ticks that stand over a column of tracks."""
    ticks = scale.ticks(most)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    labels = []
    for tick in ticks:
        text = tick_text(tick, step)
        half = 3.2 * len(text)
        x = min(scale.width - half, max(half, scale.at(tick)))
        labels.append(tag("text", text, class_="tick", x=x, y=11.0, text_anchor="middle"))
    return svg(scale.width, 14.0, *labels, class_="axis")


def key(look: str, shape: str) -> Markup:
    """The mark alone, for a legend."""
    middle = (12.0, 7.0)
    line = tag("line", class_=f"interval {look}", x1=1.0, x2=23.0, y1=middle[1], y2=middle[1])
    return svg(24.0, 14.0, join(line, _shape(shape, look, *middle)), class_="key")


def _grid(scale: Scale, height: float) -> Markup:
    return join(
        *(
            tag(
                "line",
                class_="zero" if abs(tick) < 1e-12 else "grid",
                x1=scale.at(tick),
                x2=scale.at(tick),
                y1=0.0,
                y2=height,
            )
            for tick in scale.ticks()
        )
    )


def _draw(mark: Mark, scale: Scale, y: float) -> Markup:
    assert mark.value is not None
    whisker = None if mark.interval is None else _whisker(mark.interval, scale, y, f"interval {mark.look}")
    return join(whisker, _shape(mark.shape, mark.look, scale.at(mark.value), y))


def _whisker(interval: tuple[float, float], scale: Scale, y: float, look: str) -> Markup:
    left, right = (scale.at(end) for end in interval)
    return tag("line", class_=look, x1=left, x2=max(right, left + 1), y1=y, y2=y)


def _shape(shape: str, look: str, x: float, y: float) -> Markup:
    if shape == "diamond":
        return tag("path", class_=f"mark {look}", d=f"M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z")
    if shape == "square":
        return tag("rect", class_=f"mark {look}", x=x - 4, y=y - 4, width=8.0, height=8.0)
    if shape == "ring":
        return tag("circle", class_=f"mark hollow {look}", cx=x, cy=y, r=4.2)
    if shape == "tick":
        return tag("rect", class_=f"mark {look}", x=x - 1.5, y=y - 6, width=3.0, height=12.0)
    return tag("circle", class_=f"mark {look}", cx=x, cy=y, r=4.5)
