"""Episodes that move: an animated SVG for pages, an animated GIF for everything else."""

import io
from itertools import combinations, pairwise

from PIL import Image

from mesascope.reports.pictures.palette import OBJECT_FILL, OBJECT_INK, THEMES, Theme
from mesascope.reports.pictures.raster import (
    Canvas,
    draw_agent,
    draw_end,
    draw_ground,
    draw_path,
    draw_things,
    finish,
    mix,
    open_canvas,
)
from mesascope.reports.pictures.scene import Path, PolicyTable, Scene, read_scene
from mesascope.reports.pictures.shapes import CELL, center
from mesascope.reports.pictures.svg import agent, document, end_mark, ground, points, things
from mesascope.worlds.grids.grid import GridLevels

STEP_SECONDS, HOLD_SECONDS = 0.2, 1.6
"""Time of one step, and how long the end stands before the episode starts over."""
MOST_STEPS = 400
"""Steps of an episode that are shown: a GIF of a 13x13 level then stays below 1 MB."""

_GIF_SCALE = 2


def animated_episode_svg(
    levels: GridLevels,
    index: int,
    path: Path,
    *,
    policy: PolicyTable | None = None,
    caption: str | None = None,
    standalone: bool = True,
) -> str:
    """An episode as an SVG in which the agent moves along `path`, over and over, without any script.

    Where the reader asked for reduced motion the whole path stands still instead. See `level_svg` for the rest; only
    the first `MOST_STEPS` steps are shown.
    """
    scene = read_scene(levels, index, policy=policy, path=path[: MOST_STEPS + 1])
    line = f'<polyline class="ms-path" opacity=".75" points="{points(scene.path)}"'
    still = f'<g class="ms-still">{line}/>{end_mark(scene)}{agent(scene.path[0])}</g>'
    return document(scene, ground(scene) + _moving(scene, line) + still + things(scene), caption, standalone)


def episode_gif(
    levels: GridLevels,
    index: int,
    path: Path,
    *,
    policy: PolicyTable | None = None,
    caption: str | None = None,
    theme: str = "light",
) -> bytes:
    """An episode as the bytes of an animated GIF, one frame a step, endless; the first `MOST_STEPS` steps.

    Every frame uses the same small palette, so an episode of a 13x13 level stays below 1 MB.
    """
    scene = read_scene(levels, index, policy=policy, path=path[: MOST_STEPS + 1])
    canvas = open_canvas(scene, caption, theme, _GIF_SCALE)
    draw_ground(canvas, scene)
    colors = _palette(THEMES[theme])
    frames = [
        _frame(canvas, scene, step).quantize(palette=colors, dither=Image.Dither.NONE)
        for step in range(len(scene.path))
    ]
    step_ms, hold_ms = round(STEP_SECONDS * 1000), round(HOLD_SECONDS * 1000)
    data = io.BytesIO()
    frames[0].save(
        data,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[step_ms] * (len(frames) - 1) + [hold_ms],
        loop=0,
        optimize=False,
    )
    return data.getvalue()


def _moving(scene: Scene, line: str) -> str:
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
        gone += (abs(after.row - before.row) + abs(after.column - before.column)) * CELL
        left.append(gone)
    offsets = ";".join(f"{gone - done}" for done in [*left, gone])
    trail = (
        f'{line} stroke-dasharray="{gone} {gone}"><animate attributeName="stroke-dashoffset" values="{offsets}" '
        f'keyTimes="{key_times}" {clock}/></polyline>'
        if gone
        else ""
    )
    mark = (
        f'<g opacity="0">{end_mark(scene)}<animate attributeName="opacity" calcMode="discrete" values="0;1" '
        f'keyTimes="0;{ends:.4f}" {clock}/></g>'
    )
    glide = f'<animateTransform attributeName="transform" type="translate" values="{stops}" keyTimes="{key_times}"'
    return f'<g class="ms-moving">{trail}{mark}<g>{agent()}{glide} {clock}/></g></g>'


def _frame(canvas: Canvas, scene: Scene, step: int) -> Image.Image:
    """The picture after `step` steps."""
    image = canvas.image.copy()
    now = canvas._replace(image=image, draw=type(canvas.draw)(image))
    if step:
        draw_path(now, scene.path[: step + 1])
    if step == len(scene.path) - 1:
        draw_end(now, scene)
    draw_agent(now, scene.path[step])
    draw_things(now, scene)
    return finish(now)


def _palette(theme: Theme) -> Image.Image:
    """A palette that depends on the theme only: its colors, and the mixtures found along edges."""
    solid = [theme.ink, theme.wall, theme.frame, theme.floor, theme.grid, theme.arrow, theme.path, theme.agent]
    fills = list(OBJECT_FILL.values())
    pairs = [(color, theme.floor) for color in (*solid, theme.edge)]
    pairs += [(fill, theme.edge) for fill in fills]
    pairs += [(OBJECT_INK[name], fill) for name, fill in OBJECT_FILL.items()]
    pairs += [(theme.ink, theme.page), (theme.frame, theme.page), (theme.agent, theme.path)]
    pairs += list(combinations((theme.path, theme.wall, theme.grid), 2))
    colors = dict.fromkeys(mix(color, color, 1.0) for color in (theme.page, *solid, *fills, *OBJECT_INK.values()))
    for over, under in pairs:
        colors.update(dict.fromkeys(mix(over, under, share / 5) for share in range(1, 5)))
    flat = [channel for color in colors for channel in color]
    image = Image.new("P", (1, 1))
    image.putpalette(flat)
    return image
