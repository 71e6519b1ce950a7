"""Colors of pictures in light and dark, chosen to stay apart for color-blind readers; shape and letter say it again.

An SVG takes each color from a CSS variable (`--ms-floor`, ...) that a page may set, and otherwise follows the reader's
light or dark preference.
"""

from typing import NamedTuple


class Theme(NamedTuple):
    """Colors of everything in a picture that is not an object."""

    page: str
    ink: str
    solid: str
    frame: str
    floor: str
    grid: str
    arrow: str
    path: str
    agent: str
    edge: str
    good: str
    bad: str


LIGHT = Theme(
    page="#ffffff",
    ink="#1f2328",
    solid="#434c5a",
    frame="#434c5a",
    floor="#f7f5f0",
    grid="#e4e0d6",
    arrow="#343d49",
    path="#8a4fbf",
    agent="#1f2328",
    edge="#f7f5f0",
    good="#7e57c2",
    bad="#a1683a",
)
DARK = Theme(
    page="#14171c",
    ink="#e8e6e1",
    solid="#191d23",
    frame="#59636f",
    floor="#3d4552",
    grid="#4a5361",
    arrow="#dfe5ec",
    path="#c79bf2",
    agent="#f4f1ea",
    edge="#e8e6e1",
    good="#a98bf0",
    bad="#e09a58",
)
THEMES = {"light": LIGHT, "dark": DARK}

OBJECT_FILL = {"red": "#c7361f", "blue": "#0b6fb3", "green": "#0f7a55", "yellow": "#f2c230"}
"""Fill of each object color, the same in light and dark."""
OBJECT_INK = {"red": "#ffffff", "blue": "#ffffff", "green": "#ffffff", "yellow": "#1f2328"}
"""Color of the letter on each fill; at least 4.5 to 1 against it."""


COLORS = {**OBJECT_FILL, **{f"on-{name}": ink for name, ink in OBJECT_INK.items()}}
"""Colors that no theme changes."""


class Style(NamedTuple):
    """Names of the colors that a mark is filled and stroked with, and how wide its stroke is."""

    fill: str | None = None
    stroke: str | None = None
    width: float = 0


STYLES = {
    "solid": Style("solid", "frame", 1),
    "floor": Style("floor"),
    "grid": Style(None, "grid", 1),
    "good": Style("good"),
    "bad": Style("bad"),
    "arrow": Style(None, "arrow", 2),
    "dot": Style(None, "arrow", 4),
    "path": Style(None, "path", 4),
    "end": Style(None, "path", 4),
    "agent": Style("agent", "floor", 2),
    "eye": Style("floor"),
    **{name: Style(name, "edge", 1.5) for name in OBJECT_FILL},
    **{f"on-{name}": Style(f"on-{name}") for name in OBJECT_INK},
}
"""Style of each class of marks; a mark of several classes has the style of the last."""


def theme_variables(theme: str) -> str:
    """CSS declarations of every picture color of the theme `light` or `dark`, for a page with a theme switch."""
    return "".join(f"--ms-{name}:{value};" for name, value in THEMES[theme]._asdict().items())


def _variables(theme: Theme) -> str:
    """Colors as the picture uses them: the page's variable where it sets one, the theme's color elsewhere."""
    return "".join(f"--p-{name}:var(--ms-{name},{value});" for name, value in theme._asdict().items())


def _value(color: str | None) -> str:
    if color is None:
        return "none"
    return f"var(--ms-{color},{COLORS[color]})" if color in COLORS else f"var(--p-{color})"


def _rule(name: str, style: Style) -> str:
    stroke = f";stroke:{_value(style.stroke)};stroke-width:{style.width:g}" if style.stroke else ""
    return f".ms-{name}{{fill:{_value(style.fill)}{stroke}}}"


_FONT = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
PICTURE_CSS = (
    f".ms-level{{max-width:100%;height:auto;stroke-linecap:round;stroke-linejoin:round;{_variables(LIGHT)}}}"
    f"@media(prefers-color-scheme:dark){{.ms-level{{{_variables(DARK)}}}}}"
    f"{''.join(_rule(name, style) for name, style in STYLES.items())}"
    ".ms-floor,.ms-grid{shape-rendering:crispEdges}"
    f".ms-letter{{font:700 15px/1 {_FONT};text-anchor:middle}}"
    f".ms-caption{{font:13px/1 {_FONT};fill:var(--ms-ink,currentColor)}}"
    ".ms-still{display:none}"
    "@media(prefers-reduced-motion:reduce){.ms-moving{display:none}.ms-still{display:inline}}"
)
"""Rules of every picture. A page that shows many includes them once and asks for pictures with `standalone=False`."""

STANDALONE_CSS = (
    f".ms-level{{color:{LIGHT.ink}}}@media(prefers-color-scheme:dark){{.ms-level{{color:{DARK.ink}}}}}{PICTURE_CSS}"
)
