"""Levels as PNG and episodes as GIF: the marks of the SVG, in pixels."""

import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mesascope.core.errors import unknown
from mesascope.drawing import marks
from mesascope.drawing import scene as scenes
from mesascope.drawing.drawing import Drawing
from mesascope.drawing.marks import MARGIN, Box, Disc, Letter, Lines, Mark, Point
from mesascope.drawing.palette import COLORS, STYLES, THEMES, Theme
from mesascope.drawing.scene import Scene

_PNG_OVERSAMPLING, _GIF_OVERSAMPLING = 3, 2
"""Pixels drawn for each pixel kept, each way: that makes edges smooth; a GIF has too few colors to show more."""
_GIF_SCALE = 2

_Color = str | int | None


def level_png(
    drawing: Drawing,
    *,
    policy: scenes.PolicyTable | None = None,
    path: scenes.Path | None = None,
    values: scenes.CellValues | None = None,
    title: str | None = None,
    theme: str = "light",
    scale: int = 2,
) -> bytes:
    """One level as the bytes of a PNG, `scale` times the size of the SVG; see `level_svg` for the rest."""
    scene = scenes.read_scene(drawing, policy=policy, path=path, values=values)
    data = io.BytesIO()
    canvas = _open(scene, title, theme, scale, _PNG_OVERSAMPLING)
    canvas.with_marks([*marks.episode(scene), *marks.things(scene)]).save(data, "PNG", optimize=True)
    return data.getvalue()


def episode_gif(
    drawing: Drawing,
    path: scenes.Path,
    *,
    policy: scenes.PolicyTable | None = None,
    caption: str | None = None,
    theme: str = "light",
) -> bytes:
    """An episode as the bytes of an animated GIF, one frame a step, endless; the first `MOST_STEPS` steps.

    Every frame uses the colors of the last, so an episode of a 13x13 level stays below 1 MB.
    """
    scene = scenes.read_scene(drawing, policy=policy, path=path[: scenes.MOST_STEPS + 1])
    canvas = _open(scene, caption, theme, _GIF_SCALE, _GIF_OVERSAMPLING)
    last = len(scene.path) - 1
    palette = _palette(canvas.with_marks(_after(scene, last)))
    frames = (
        canvas.with_marks(_after(scene, step)).quantize(palette=palette, dither=Image.Dither.NONE)
        for step in range(len(scene.path))
    )
    times = [round(scenes.STEP_SECONDS * 1000)] * last + [round(scenes.HOLD_SECONDS * 1000)]
    data = io.BytesIO()
    next(frames).save(data, "GIF", save_all=True, append_images=frames, duration=times, loop=0, optimize=False)
    return data.getvalue()


class _Canvas(NamedTuple):
    """An oversampled picture; `unit` is how many of its pixels make one unit of a mark."""

    image: Image.Image
    theme: Theme
    unit: int
    oversampling: int

    def with_marks(self, drawn: Iterable[Mark]) -> Image.Image:
        """A copy with more marks on it, in its final size."""
        copy = self._replace(image=self.image.copy())
        for mark in drawn:
            copy.paint(mark)
        return copy.image.reduce(self.oversampling)

    def paint(self, mark: Mark) -> None:
        """Draw a mark in the colors of its class."""
        style = STYLES[mark.classes.split()[-1]]
        fill, stroke = (name and (COLORS.get(name) or getattr(self.theme, name)) for name in (style.fill, style.stroke))
        if mark.opacity is None:
            _draw(ImageDraw.Draw(self.image), self.unit, mark, fill, stroke, style.width)
            return
        mask, shade = Image.new("L", self.image.size), round(255 * mark.opacity)
        _draw(ImageDraw.Draw(mask), self.unit, mark, fill and shade, stroke and shade, style.width)
        box = mask.getbbox()
        self.image.paste(fill or stroke or "", box, mask.crop(box))


def _open(scene: Scene, caption: str | None, theme: str, scale: int, oversampling: int) -> _Canvas:
    """A picture of the level alone, its caption already written."""
    if theme not in THEMES:
        raise unknown("theme", theme, THEMES)
    width, _ = marks.size(scene)
    lines, height = marks.caption(caption, scene)
    unit = scale * oversampling
    page = Image.new("RGB", (width * unit, height * unit), THEMES[theme].page)
    canvas = _Canvas(page, THEMES[theme], unit, oversampling)
    for mark in marks.ground(scene):
        canvas.paint(mark)
    draw, font = ImageDraw.Draw(canvas.image), ImageFont.load_default(marks.CAPTION_SIZE * unit)
    for y, line in lines:
        draw.text(_pixels(unit, [(0, y)])[0], line, canvas.theme.ink, font, anchor="ls")
    return canvas


def _after(scene: Scene, step: int) -> list[Mark]:
    """What lies on the level after `step` steps."""
    line = [marks.trail(scene.path[: step + 1])] if step else []
    end = [marks.end_mark(scene)] if step == len(scene.path) - 1 else []
    return [*line, *end, *marks.agent(*marks.center(scene.path[step])), *marks.things(scene)]


def _palette(image: Image.Image) -> Image.Image:
    """A palette of the most frequent colors of a picture, far enough apart for Pillow to tell them from each other."""
    colors, counts = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_counts=True)
    colors = colors[np.argsort(-counts, kind="stable")]
    _, first = np.unique(colors // 8, axis=0, return_index=True)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors[np.sort(first)[:256]].ravel().tolist())
    return palette


def _draw(draw: ImageDraw.ImageDraw, unit: int, mark: Mark, fill: _Color, stroke: _Color, width: float) -> None:
    thick, beyond = round(width * unit), width / 2
    match mark:
        case Box(_, x, y, wide, high, corner):
            box = _box(unit, x - beyond, y - beyond, x + wide + beyond, y + high + beyond)
            draw.rounded_rectangle(box, (corner + beyond) * unit if corner else 0, fill, stroke, thick)
        case Disc(_, x, y, radius):
            reach = radius + beyond
            draw.ellipse(_box(unit, x - reach, y - reach, x + reach, y + reach), fill, stroke, thick)
        case Lines(_, paths, closed=closed):
            for path in paths:
                if closed:
                    draw.polygon(_pixels(unit, path), fill)
                if stroke:
                    _line(draw, unit, [*path, path[0]] if closed else path, stroke, width)
        case Letter(_, x, y, text):
            font = ImageFont.load_default(marks.LETTER_SIZE * unit)
            draw.text(_pixels(unit, [(x, y)])[0], text, fill, font, anchor="ms", stroke_width=unit * 0.45)


def _line(draw: ImageDraw.ImageDraw, unit: int, path: Sequence[Point], color: _Color, width: float) -> None:
    """A line with round joints and ends."""
    draw.line(_pixels(unit, path), color, round(width * unit))
    for x, y in path:
        draw.ellipse(_box(unit, x - width / 2, y - width / 2, x + width / 2, y + width / 2), color)


def _pixels(unit: int, path: Iterable[Point]) -> list[Point]:
    """Pixels of points given in units."""
    return [((x + MARGIN) * unit, (y + MARGIN) * unit) for x, y in path]


def _box(unit: int, left: float, top: float, right: float, bottom: float) -> tuple[int, int, int, int]:
    """Pixels of a box given in units, its last row and column left to its neighbors."""
    (x0, y0), (x1, y1) = _pixels(unit, [(left, top), (right, bottom)])
    return round(x0), round(y0), round(x1) - 1, round(y1) - 1
