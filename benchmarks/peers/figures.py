"""Bars on a logarithmic scale as a stand-alone SVG file."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from benchmarks.peers.summary import significant

_NAMES, _PLOT, _NUMBERS, _ROW, _TOP = 250, 330, 110, 24, 44


class Bar(NamedTuple):
    """A row of the figure: median and range; `beyond` marks a value that is only known to be greater than this."""

    name: str
    median: float
    low: float
    high: float
    ours: bool
    beyond: bool = False


def bars(rows: Sequence[Bar], title: str, unit: str) -> str:
    """The figure. Ours are dark and striped peers light, so that color does not stand alone: ours are also bold."""
    least = min(min(r.low, r.median) for r in rows)
    most = max(max(r.high, r.median) for r in rows)
    start = math.floor(math.log10(least)) - (0 if least > 10 ** math.floor(math.log10(least)) else 1)
    end = max(start + 1, math.ceil(math.log10(most)))
    height = _TOP + _ROW * len(rows) + 30

    def x(value: float) -> float:
        return _NAMES + _PLOT * (math.log10(value) - start) / (end - start)

    drawn = []
    for power in range(start, end + 1):
        at, text = x(10.0**power), f"{10.0**power:,.0f}" if power >= 0 else f"{10.0**power:g}"
        drawn.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP - 6}" y2="{height - 26}" stroke="#ccc"/>')
        drawn.append(f'<text x="{at:.1f}" y="{height - 12}" text-anchor="middle" fill="#555">{text}</text>')
    for number, row in enumerate(rows):
        y = _TOP + _ROW * number
        weight, fill = (' font-weight="bold"', "#1f5fa8") if row.ours else ("", "#b9b9b9")
        drawn.append(f'<text x="{_NAMES - 8}" y="{y + 13}" text-anchor="end"{weight}>{escape(row.name)}</text>')
        drawn.append(
            f'<rect x="{_NAMES}" y="{y + 3}" width="{max(1.0, x(row.median) - _NAMES):.1f}" height="13" fill="{fill}"/>'
        )
        if row.high > row.low:
            drawn.append(
                f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y + 9.5}" y2="{y + 9.5}" stroke="#222"/>'
            )
        said = ("&gt; " if row.beyond else "") + significant(row.median)
        drawn.append(f'<text x="{x(max(row.high, row.median)) + 6:.1f}" y="{y + 13}">{said}</text>')
    width = _NAMES + _PLOT + _NUMBERS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="8" y="18" font-size="14" font-weight="bold">{escape(title)}</text>'
        f'<text x="8" y="34" fill="#555">{escape(unit)}, logarithmic; bar: median, line: range</text>'
        + "".join(drawn)
        + "</svg>\n"
    )
