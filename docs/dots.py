"""A figure of estimates with their intervals, one line each, as an SVG file that reads the same on light and dark pages."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from mesascope.core.statistics import Estimate
from mesascope.reports.figures.scale import Scale, tick_text

INK, MUTED, GRID, BAND, BLUE = "#1f2328", "#59636e", "#d8dee4", "#ddf4e4", "#0969da"
FONT = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
LABEL, WIDTH, ROW, HEAD, FOOT = 260, 400, 24, 46, 34


class Line(NamedTuple):
    """A label and what stands beside it."""

    label: str
    estimate: Estimate


def draw_dots(
    path: Path, title: str, lines: Sequence[Line], ends: tuple[float, float], band: tuple[float, float] | None = None
) -> None:
    """Write the figure: a dot for each value over the line of its interval, and a band of what is aimed at."""
    scale = Scale(*ends, WIDTH)
    height = HEAD + ROW * len(lines) + FOOT
    bottom = HEAD + ROW * len(lines)
    ticks = scale.ticks(6)
    drawn = []
    if band is not None:
        left, right = (LABEL + scale.at(end) for end in band)
        drawn.append(
            f'<rect x="{left:.1f}" y="{HEAD}" width="{right - left:.1f}" height="{bottom - HEAD}" fill="{BAND}"/>'
        )
    for tick in ticks:
        x = LABEL + scale.at(tick)
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEAD}" y2="{bottom}" stroke="{GRID}"/>')
        drawn.append(_text(x, bottom + 18, tick_text(tick, ticks[1] - ticks[0]), MUTED, "middle"))
    for row, (label, estimate) in enumerate(lines):
        y = HEAD + ROW * (row + 0.5)
        drawn.append(_text(LABEL - 12, y + 4, label, INK, "end"))
        if all(map(math.isfinite, estimate.interval)):
            low, high = (LABEL + scale.at(end) for end in estimate.interval)
            drawn.append(
                f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:g}" y2="{y:g}" stroke="{BLUE}" stroke-width="2.5"/>'
            )
        drawn.append(f'<circle cx="{LABEL + scale.at(estimate.value):.1f}" cy="{y:g}" r="4.5" fill="{BLUE}"/>')
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{LABEL + WIDTH + 20}" height="{height}" '
        f'viewBox="0 0 {LABEL + WIDTH + 20} {height}" font-family="{FONT}" font-size="13"><title>{escape(title)}</title>'
        f'<rect width="100%" height="100%" rx="8" fill="#ffffff" stroke="{GRID}"/>'
        f'<text x="20" y="28" font-size="14" font-weight="700" fill="{INK}">{escape(title)}</text>{"".join(drawn)}</svg>\n',
        encoding="utf-8",
    )


def _text(x: float, y: float, words: str, fill: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}">{escape(words)}</text>'
