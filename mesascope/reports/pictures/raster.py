"""Levels as PNG: the same drawing as the SVG, in pixels."""

import io
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from mesascope.core.errors import unknown
from mesascope.reports.pictures.palette import OBJECT_FILL, OBJECT_INK, THEMES, Theme
from mesascope.reports.pictures.scene import (
    Arrow,
    Heat,
    Path,
    Place,
    PolicyTable,
    Scene,
    StateValues,
    Thing,
    read_scene,
)
from mesascope.reports.pictures.shapes import (
    AGENT_RADIUS,
    BALL_RADIUS,
    CAPTION_LINE,
    CAPTION_SIZE,
    CELL,
    DOOR_BOTTOM,
    DOOR_HALF,
    DOOR_TOP,
    EYE_OFFSET,
    EYE_RADIUS,
    HEAT_INSET,
    HEAT_OPACITY,
    LETTER_SIZE,
    MARGIN,
    RING_RADIUS,
    Number,
    arrow_opacity,
    arrow_stroke,
    center,
    letter_baseline,
    wrap_caption,
)
from mesascope.worlds.grids.grid import GridLevels

OVERSAMPLING = 3
"""Pixels drawn for each pixel kept, each way: that makes edges smooth."""

Color = tuple[int, int, int]
Box = tuple[Number, Number, Number, Number]


def level_png(
    levels: GridLevels,
    index: int,
    *,
    policy: PolicyTable | None = None,
    path: Path | None = None,
    values: StateValues | None = None,
    title: str | None = None,
    theme: str = "light",
    scale: int = 2,
) -> bytes:
    """One level of a batch as the bytes of a PNG, `scale` times the size of the SVG; see `level_svg` for the rest."""
    scene = read_scene(levels, index, policy=policy, path=path, values=values)
    canvas = open_canvas(scene, title, theme, scale)
    draw_ground(canvas, scene)
    if scene.path:
        draw_path(canvas, scene.path)
        draw_end(canvas, scene)
        draw_agent(canvas, scene.path[0])
    draw_things(canvas, scene)
    data = io.BytesIO()
    finish(canvas).save(data, "PNG", optimize=True)
    return data.getvalue()


class Canvas(NamedTuple):
    """An oversampled picture under way; `unit` is how many of its pixels make one unit of `shapes`."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    theme: Theme
    unit: int

    def point(self, x: Number, y: Number) -> tuple[Number, Number]:
        """Pixels of a point given in units."""
        return (x + MARGIN) * self.unit, (y + MARGIN) * self.unit

    def box(self, left: Number, top: Number, right: Number, bottom: Number) -> Box:
        """Pixels of a box given in units, its last row and column left to its neighbors."""
        (x0, y0), (x1, y1) = self.point(left, top), self.point(right, bottom)
        return round(x0), round(y0), round(x1) - 1, round(y1) - 1

    def disc(self, x: Number, y: Number, radius: Number) -> Box:
        """Pixels of the box around a circle given in units."""
        return self.box(x - radius, y - radius, x + radius, y + radius)

    def width(self, units: Number) -> int:
        """Pixels of a line width."""
        return max(1, round(units * self.unit))


def open_canvas(scene: Scene, caption: str | None, theme: str, scale: int) -> Canvas:
    """An empty page with room for the scene, and its caption already written."""
    if theme not in THEMES:
        raise unknown("theme", theme, THEMES)
    rows, columns = scene.walls.shape
    lines = wrap_caption(caption or "", columns * CELL)
    unit = scale * OVERSAMPLING
    width, height = columns * CELL + 2 * MARGIN, rows * CELL + 2 * MARGIN
    full = height + (len(lines) * CAPTION_LINE + 4 if lines else 0)
    image = Image.new("RGB", (width * unit, full * unit), THEMES[theme].page)
    canvas = Canvas(image, ImageDraw.Draw(image), THEMES[theme], unit)
    font = ImageFont.load_default(CAPTION_SIZE * unit)
    for i, line in enumerate(lines):
        at = canvas.point(0, height - MARGIN + 2 + CAPTION_SIZE + CAPTION_LINE * i)
        canvas.draw.text(at, line, THEMES[theme].ink, font, anchor="ls")
    return canvas


def finish(canvas: Canvas) -> Image.Image:
    """The picture in its final size."""
    return canvas.image.reduce(OVERSAMPLING)


def mix(color: str, under: str, opacity: float) -> Color:
    """A color laid over another."""
    over_rgb, under_rgb = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (color, under))
    red, green, blue = (round(u + (o - u) * opacity) for o, u in zip(over_rgb, under_rgb, strict=True))
    return red, green, blue


def draw_ground(canvas: Canvas, scene: Scene) -> None:
    """Walls, floor, values and policy."""
    theme, draw = canvas.theme, canvas.draw
    rows, columns = scene.walls.shape
    frame = canvas.box(-MARGIN, -MARGIN, columns * CELL + MARGIN, rows * CELL + MARGIN)
    draw.rounded_rectangle(frame, 2 * MARGIN * canvas.unit, theme.wall, theme.frame, canvas.width(0.5))
    for row in range(rows):
        for column in range(columns):
            if not scene.walls[row, column]:
                x, y = column * CELL, row * CELL
                draw.rectangle(canvas.box(x, y, x + CELL, y + CELL), theme.floor)
    for row, column in zip(*(~scene.walls).nonzero(), strict=True):
        x, y = int(column) * CELL, int(row) * CELL
        if not scene.walls[row, column + 1]:
            draw.rectangle(canvas.box(x + CELL - 0.5, y, x + CELL + 0.5, y + CELL), theme.grid)
        if not scene.walls[row + 1, column]:
            draw.rectangle(canvas.box(x, y + CELL - 0.5, x + CELL, y + CELL + 0.5), theme.grid)
    under = dict.fromkeys((heat.place for heat in scene.heat), theme.floor)
    for heat in scene.heat:
        under[heat.place] = _draw_heat(canvas, heat)
    for arrow in scene.arrows:
        _draw_arrow(canvas, arrow, under.get(arrow.place, theme.floor))


def draw_things(canvas: Canvas, scene: Scene) -> None:
    """Doors and balls with their letters."""
    for thing in scene.things:
        _draw_thing(canvas, thing)


def draw_path(canvas: Canvas, path: tuple[Place, ...]) -> None:
    """A line through the cells of a path."""
    color = mix(canvas.theme.path, canvas.theme.floor, 0.75)
    _draw_line(canvas, [center(place) for place in path], color, 4)


def draw_end(canvas: Canvas, scene: Scene) -> None:
    """A ring around the object where the path ends, or a small ring on the floor where it just stops."""
    touched = any(thing.place == scene.path[-1] for thing in scene.things)
    radius = RING_RADIUS + 2 if touched else RING_RADIUS / 3 + 2
    canvas.draw.ellipse(canvas.disc(*center(scene.path[-1]), radius), None, canvas.theme.path, canvas.width(4))


def draw_agent(canvas: Canvas, place: Place) -> None:
    """The agent: a diamond with two eyes."""
    x, y = center(place)
    for radius, color in ((AGENT_RADIUS + 1.4, canvas.theme.floor), (AGENT_RADIUS - 1, canvas.theme.agent)):
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        canvas.draw.polygon([canvas.point(*corner) for corner in corners], color)
    for side in (-1, 1):
        canvas.draw.ellipse(canvas.disc(x + side * EYE_OFFSET, y - 0.5, EYE_RADIUS), canvas.theme.floor)


def _draw_line(canvas: Canvas, corners: list[tuple[float, float]], color: Color, width: Number) -> None:
    """A line with round joints and ends."""
    canvas.draw.line([canvas.point(*corner) for corner in corners], color, canvas.width(width))
    for corner in corners:
        canvas.draw.ellipse(canvas.disc(*corner, width / 2), color)


def _draw_heat(canvas: Canvas, heat: Heat) -> str:
    """Shade a cell and say which color it has now."""
    sign = "good" if heat.share >= 0 else "bad"
    inset = HEAT_INSET[sign]
    color = mix(getattr(canvas.theme, sign), canvas.theme.floor, abs(heat.share) * HEAT_OPACITY)
    x, y = heat.place.column * CELL, heat.place.row * CELL
    canvas.draw.rectangle(canvas.box(x + inset, y + inset, x + CELL - inset, y + CELL - inset), color)
    return "#{:02x}{:02x}{:02x}".format(*color)


def _draw_arrow(canvas: Canvas, arrow: Arrow, under: str) -> None:
    if arrow.down == arrow.right == 0:
        canvas.draw.ellipse(canvas.disc(*center(arrow.place), 2), mix(canvas.theme.arrow, under, 0.4))
        return
    color = mix(canvas.theme.arrow, under, arrow_opacity(arrow))
    stroke = arrow_stroke(arrow)
    _draw_line(canvas, [stroke.tail, stroke.tip], color, 2)
    _draw_line(canvas, [stroke.left, stroke.tip, stroke.right], color, 2)


def _draw_thing(canvas: Canvas, thing: Thing) -> None:
    x, y = center(thing.place)
    top = thing.place.row * CELL
    for grow, color in ((0.75, canvas.theme.edge), (-0.75, OBJECT_FILL[thing.color])):
        if thing.shape == "door":
            half, upper, lower = DOOR_HALF + grow, top + DOOR_TOP - grow, top + DOOR_BOTTOM + grow
            canvas.draw.ellipse(canvas.disc(x, upper + half, half), color)
            canvas.draw.rectangle(canvas.box(x - half, upper + half, x + half, lower), color)
        else:
            canvas.draw.ellipse(canvas.disc(x, y, BALL_RADIUS + grow), color)
    at = canvas.point(x, top + letter_baseline(thing.letter))
    font = ImageFont.load_default(LETTER_SIZE * canvas.unit)
    bold = canvas.unit * 0.45
    canvas.draw.text(at, thing.letter, OBJECT_INK[thing.color], font, anchor="ms", stroke_width=bold)
