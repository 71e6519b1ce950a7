"""A grid of shaded cells, each with its number: two running quantities against a third."""

from collections.abc import Sequence

from mesascope.reports.figures.tracks import svg
from mesascope.reports.markup import Markup, tag
from mesascope.reports.numbers import number

CELL_WIDTH, CELL_HEIGHT = 46.0, 26.0
_LEFT, _BOTTOM, _TOP = 96.0, 44.0, 4.0


def grid(
    xs: Sequence[str],
    ys: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    x_label: str,
    y_label: str,
    label: str,
    look: str = "blue",
) -> Markup:
    """`values[j][i]` at `xs[i]`, `ys[j]`; the first row of `ys` stands at the bottom. Shades run from the least value to
    the greatest; what does not exist stays empty.
    """
    known = [v for row in values for v in row if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    width, height = _LEFT + CELL_WIDTH * len(xs) + 8, _TOP + CELL_HEIGHT * len(ys) + _BOTTOM
    drawn = []
    for j, row in enumerate(values):
        y = _TOP + CELL_HEIGHT * (len(ys) - 1 - j)
        drawn.append(_text(ys[j], _LEFT - 6, y + CELL_HEIGHT / 2 + 4, "tick", "end"))
        for i, value in enumerate(row):
            x = _LEFT + CELL_WIDTH * i
            shade = 0.0 if value is None else 0.04 + 0.66 * (value - low) / max(high - low, 1e-9)
            box = {"x": x, "y": y, "width": CELL_WIDTH - 1, "height": CELL_HEIGHT - 1}
            drawn.append(tag("rect", class_=f"shade {look}", fill_opacity=f"{shade:.3f}", **box))
            drawn.append(_text(number(value), x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2 + 4, "cell", "middle"))
    base = height - _BOTTOM
    drawn += [_text(name, _LEFT + CELL_WIDTH * (i + 0.5), base + 14, "tick", "middle") for i, name in enumerate(xs)]
    drawn.append(_text(x_label, _LEFT + CELL_WIDTH * len(xs) / 2, height - 6, "label", "middle"))
    middle = _TOP + CELL_HEIGHT * len(ys) / 2
    turned = f"rotate(-90 10 {middle:g})"
    drawn.append(tag("text", y_label, class_="label", x=10.0, y=middle, text_anchor="middle", transform=turned))
    title = tag("title", f"{label} against {x_label} and {y_label}")
    return svg(width, height, title, *drawn, role="img", class_="grid-figure")


def _text(text: str, x: float, y: float, kind: str, anchor: str) -> Markup:
    return tag("text", text, class_=kind, x=x, y=y, text_anchor=anchor)
