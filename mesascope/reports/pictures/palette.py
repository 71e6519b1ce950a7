"""Colors of pictures in light and dark, chosen to stay apart for color-blind readers; shape and letter say it again.

An SVG takes each color from a CSS variable (`--ms-floor`, ...) that a page may set, and otherwise follows the reader's
light or dark preference.
"""

from typing import NamedTuple


class Theme(NamedTuple):
    """Colors of everything in a picture that is not an object."""

    page: str
    ink: str
    wall: str
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
    wall="#434c5a",
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
    wall="#191d23",
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


def theme_variables(theme: str) -> str:
    """CSS declarations of every picture color of the theme `light` or `dark`, for a page with a theme switch."""
    return "".join(f"--ms-{name}:{value};" for name, value in THEMES[theme]._asdict().items())


def _variables(theme: Theme) -> str:
    """Colors as the picture uses them: the page's variable where it sets one, the theme's color elsewhere."""
    return "".join(f"--p-{name}:var(--ms-{name},{value});" for name, value in theme._asdict().items())


def _object_rules() -> str:
    return "".join(
        f".ms-{name}{{fill:var(--ms-{name},{fill})}}.ms-on-{name}{{fill:var(--ms-on-{name},{OBJECT_INK[name]})}}"
        for name, fill in OBJECT_FILL.items()
    )


PICTURE_CSS = (
    f".ms-level{{max-width:100%;height:auto;{_variables(LIGHT)}}}"
    f"@media(prefers-color-scheme:dark){{.ms-level{{{_variables(DARK)}}}}}"
    ".ms-wall{fill:var(--p-wall);stroke:var(--p-frame)}.ms-floor{fill:var(--p-floor)}"
    ".ms-grid{stroke:var(--p-grid);stroke-width:1;fill:none}"
    ".ms-good{fill:var(--p-good)}.ms-bad{fill:var(--p-bad)}"
    ".ms-arrow{stroke:var(--p-arrow);stroke-width:2;stroke-linecap:round;stroke-linejoin:round;fill:none}"
    ".ms-dot{stroke-width:4}"
    ".ms-path{stroke:var(--p-path);stroke-width:4;stroke-linecap:round;stroke-linejoin:round;fill:none}"
    ".ms-agent{fill:var(--p-agent);stroke:var(--p-floor);stroke-width:2;stroke-linejoin:round}"
    ".ms-eye{fill:var(--p-floor)}"
    ".ms-edge{stroke:var(--p-edge);stroke-width:1.5;stroke-linejoin:round}"
    ".ms-letter{font:700 15px/1 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
    "text-anchor:middle}"
    ".ms-caption{font:13px/1 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
    "fill:var(--ms-ink,currentColor)}"
    f"{_object_rules()}"
    ".ms-still{display:none}"
    "@media(prefers-reduced-motion:reduce){.ms-moving{display:none}.ms-still{display:inline}}"
)
"""Rules of every picture. A page that shows many includes them once and asks for pictures with `standalone=False`."""

STANDALONE_CSS = (
    f".ms-level{{color:{LIGHT.ink}}}@media(prefers-color-scheme:dark){{.ms-level{{color:{DARK.ink}}}}}{PICTURE_CSS}"
)
