"""Levels as SVG: standalone, or inline in a page that has the rules once; still, or an episode that moves."""

from collections.abc import Iterable
from itertools import pairwise
from xml.sax.saxutils import escape

from mesascope.drawing import marks
from mesascope.drawing import scene as scenes
from mesascope.drawing.drawing import Drawing
from mesascope.drawing.marks import MARGIN, Box, Disc, Letter, Lines, Mark, center
from mesascope.drawing.palette import STANDALONE_CSS
from mesascope.drawing.scene import HOLD_SECONDS, STEP_SECONDS, Scene


class Picture(str):
    """A picture as the text of an SVG document, which a notebook shows as a picture."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def level_svg(
    drawing: Drawing,
    *,
    policy: scenes.PolicyTable | None = None,
    path: scenes.Path | None = None,
    values: scenes.CellValues | None = None,
    title: str | None = None,
    standalone: bool = True,
) -> Picture:
    """One level as an SVG document.

    `policy` draws the likeliest action of each free cell as an arrow, longer and darker the likelier; `values` shades
    cells by value (a negative one with a smaller square); `path` draws an episode, the agent at its start and a ring
    around the thing that ended it. `title` is plain text, shown below the level and read by screen readers.

    With `standalone` false the picture brings no rules of its own: the page must include `PICTURE_CSS`.
    """
    scene = scenes.read_scene(drawing, policy=policy, path=path, values=values)
    body = _drawn([*marks.ground(scene), *marks.episode(scene), *marks.things(scene)])
    return Picture(_document(scene, body, title, standalone))


def animated_episode_svg(
    drawing: Drawing,
    path: scenes.Path,
    *,
    policy: scenes.PolicyTable | None = None,
    caption: str | None = None,
    standalone: bool = True,
) -> str:
    """An episode as an SVG in which the agent moves along `path`, over and over, without any script.

    Where the reader asked for reduced motion the whole path stands still instead. See `level_svg` for the rest; only
    the first `MOST_STEPS` steps are shown.
    """
    scene = scenes.read_scene(drawing, policy=policy, path=path[: scenes.MOST_STEPS + 1])
    episode = f'{_moving(scene)}<g class="ms-still">{_drawn(marks.episode(scene))}</g>'
    return _document(scene, _drawn(marks.ground(scene)) + episode + _drawn(marks.things(scene)), caption, standalone)


def _document(scene: Scene, body: str, title: str | None, standalone: bool) -> str:
    """The SVG element around a body, with its title, its description and its caption."""
    width, _ = marks.size(scene)
    lines, height = marks.caption(title, scene)
    caption = "".join(f'<text class="ms-caption" x="0" y="{y}">{escape(line)}</text>' for y, line in lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ms-level" role="img" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}">'
        f"<title>{escape(marks.printable(title or 'Level'))}</title><desc>{escape(scene.words)}</desc>"
        f"{f'<style>{STANDALONE_CSS}</style>' if standalone else ''}{body}{caption}</svg>"
    )


def _moving(scene: Scene) -> str:
    """The agent gliding from cell to cell, its path drawn behind it, and the end mark when it gets there."""
    steps = len(scene.path) - 1
    seconds = steps * STEP_SECONDS + HOLD_SECONDS
    ends = steps * STEP_SECONDS / seconds
    times = [*(i * STEP_SECONDS / seconds for i in range(steps + 1)), 1.0]
    key_times = ";".join(f"{time:.4f}".rstrip("0").rstrip(".") or "0" for time in times)
    clock = f'dur="{seconds:.2f}s" repeatCount="indefinite"'
    places = [f"{x:g} {y:g}" for x, y in map(center, scene.path)]
    stops = ";".join([*places, places[-1]])
    gone, left = 0, []
    for before, after in pairwise((scene.path[0], *scene.path)):
        gone += (abs(after.row - before.row) + abs(after.column - before.column)) * marks.CELL
        left.append(gone)
    offsets = ";".join(f"{gone - done}" for done in [*left, gone])
    draw = f'<animate attributeName="stroke-dashoffset" values="{offsets}" keyTimes="{key_times}" {clock}/>'
    trail = _element(marks.trail(scene.path), draw, stroke_dasharray=f"{gone} {gone}") if gone else ""
    appear = f'<animate attributeName="opacity" calcMode="discrete" values="0;1" keyTimes="0;{ends:.4f}" {clock}/>'
    end = f'<g opacity="0">{_element(marks.end_mark(scene))}{appear}</g>'
    glide = f'<animateTransform attributeName="transform" type="translate" values="{stops}" keyTimes="{key_times}"'
    return f'<g class="ms-moving">{trail}{end}<g>{_drawn(marks.agent(0, 0))}{glide} {clock}/></g></g>'


def _drawn(drawn: Iterable[Mark]) -> str:
    return "".join(map(_element, drawn))


def _element(mark: Mark, body: str = "", **extra: str) -> str:
    """A mark as an SVG element."""
    match mark:
        case Box(_, x, y, width, height, corner):
            return _tag("rect", mark, body, x=x, y=y, width=width, height=height, rx=corner or None)
        case Disc(_, x, y, radius):
            return _tag("circle", mark, body, cx=x, cy=y, r=radius)
        case Lines(_, [path], closed=False) if len(path) > 1:
            return _tag("polyline", mark, body, points=" ".join(f"{_n(x)},{_n(y)}" for x, y in path), **extra)
        case Lines(_, paths, closed=closed):
            ends = ["z" if closed else "h.1" if len(path) == 1 else "" for path in paths]
            lines = ["L".join(f"{_n(x)} {_n(y)}" for x, y in path) for path in paths]
            return _tag("path", mark, body, d="".join(f"M{line}{end}" for line, end in zip(lines, ends, strict=True)))
        case Letter(_, x, y, text):
            return _tag("text", mark, text, x=x, y=y)


def _tag(name: str, mark: Mark, body: str, **attributes: str | float | None) -> str:
    classes = " ".join(f"ms-{word}" for word in mark.classes.split())
    opacity = None if mark.opacity is None else f"{mark.opacity:g}"
    given = {"class": classes, "opacity": opacity, **attributes}
    texts = [
        f' {key.replace("_", "-")}="{value if isinstance(value, str) else _n(value)}"'
        for key, value in given.items()
        if value is not None
    ]
    return f"<{name}{''.join(texts)}>{body}</{name}>" if body else f"<{name}{''.join(texts)}/>"


def _n(number: float) -> str:
    """A number in as few characters as a tenth of a unit needs."""
    return f"{number:.1f}".removesuffix(".0")
