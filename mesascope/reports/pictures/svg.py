"""Levels as SVG: standalone, or inline in a page that has the rules once."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

from mesascope.reports.pictures.palette import STANDALONE_CSS
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
    MARGIN,
    RING_RADIUS,
    Number,
    arrow_opacity,
    arrow_stroke,
    center,
    letter_baseline,
    printable,
    wrap_caption,
)
from mesascope.worlds.grids.grid import GridLevels


def level_svg(
    levels: GridLevels,
    index: int,
    *,
    policy: PolicyTable | None = None,
    path: Path | None = None,
    values: StateValues | None = None,
    title: str | None = None,
    standalone: bool = True,
) -> str:
    """One level of a batch as an SVG document.

    `policy` draws the likeliest action of each free cell as an arrow, longer and darker the likelier; `values` shades
    cells by value (a negative one with a smaller square); `path` draws an episode, the agent at its start and a ring
    around the object that ended it. `title` is plain text, shown below the level and read by screen readers.

    With `standalone` false the picture brings no rules of its own: the page must include `PICTURE_CSS`.
    """
    scene = read_scene(levels, index, policy=policy, path=path, values=values)
    track = ""
    if scene.path:
        track = f'<polyline class="ms-path" opacity=".75" points="{points(scene.path)}"/>'
        track += end_mark(scene) + agent(scene.path[0])
    return document(scene, ground(scene) + track + things(scene), title, standalone)


def document(scene: Scene, body: str, title: str | None, standalone: bool) -> str:
    """The SVG element around a body, with its title, its description and its caption."""
    height, width = scene.walls.shape
    lines = wrap_caption(title or "", width * CELL)
    wide, high = width * CELL + 2 * MARGIN, height * CELL + 2 * MARGIN
    full = high + (len(lines) * CAPTION_LINE + 4 if lines else 0)
    first = high - MARGIN + 2 + CAPTION_SIZE
    caption = "".join(
        f'<text class="ms-caption" x="0" y="{first + CAPTION_LINE * i}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ms-level" role="img" width="{wide}" height="{full}" '
        f'viewBox="{-MARGIN} {-MARGIN} {wide} {full}">'
        f"<title>{escape(printable(title or 'Level'))}</title><desc>{escape(scene.words)}</desc>"
        f"{f'<style>{STANDALONE_CSS}</style>' if standalone else ''}{body}{caption}</svg>"
    )


def ground(scene: Scene) -> str:
    """Walls, floor, values and policy."""
    height, width = scene.walls.shape
    frame = (
        f'<rect class="ms-wall" x="{-MARGIN}" y="{-MARGIN}" width="{width * CELL + 2 * MARGIN}" '
        f'height="{height * CELL + 2 * MARGIN}" rx="{2 * MARGIN}"/>'
    )
    floor = "".join(_runs(~scene.walls))
    return (
        f'{frame}<path class="ms-floor" shape-rendering="crispEdges" d="{floor}"/>'
        f'<path class="ms-grid" shape-rendering="crispEdges" d="{_grid_lines(~scene.walls)}"/>'
        f"{_heat(scene.heat)}{_arrows(scene.arrows)}"
    )


def things(scene: Scene) -> str:
    """Doors and balls with their letters."""
    return "".join(map(_thing, scene.things))


def agent(place: Place | None = None) -> str:
    """The agent in a cell, or around the origin for a mover to place."""
    x, y = center(place) if place else (0, 0)
    r = _n(AGENT_RADIUS)
    eyes = "".join(
        f'<circle class="ms-eye" cx="{_n(x + side * EYE_OFFSET)}" cy="{_n(y - 0.5)}" r="{EYE_RADIUS}"/>'
        for side in (-1, 1)
    )
    return f'<path class="ms-agent" d="M{_n(x)} {_n(y - AGENT_RADIUS)}l{r} {r}-{r} {r}-{r}-{r}z"/>{eyes}'


def end_mark(scene: Scene) -> str:
    """A ring around the object where the path ends, or a small ring on the floor where it just stops."""
    x, y = center(scene.path[-1])
    touched = any(thing.place == scene.path[-1] for thing in scene.things)
    radius = RING_RADIUS if touched else RING_RADIUS / 3
    return f'<circle class="ms-path ms-end" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'


def points(path: Sequence[Place]) -> str:
    """Corners of a path as the points of a polyline; cells passed straight through are left out."""
    kept = [place for i, place in enumerate(path) if i in (0, len(path) - 1) or _turns(path[i - 1], place, path[i + 1])]
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in map(center, kept))


def _turns(before: Place, here: Place, after: Place) -> bool:
    return (here.row - before.row, here.column - before.column) != (after.row - here.row, after.column - here.column)


def _n(number: Number) -> str:
    """A number in as few characters as a tenth of a unit needs."""
    text = f"{number:.1f}"
    return text.removesuffix(".0")


def _runs(floor: np.ndarray) -> list[str]:
    """Free cells of each row as rectangles, neighbors joined."""
    edges = np.diff(np.pad(floor, ((0, 0), (1, 1))).astype(int), axis=1)
    first, beyond = np.argwhere(edges == 1), np.argwhere(edges == -1)[:, 1]
    return [
        f"M{start * CELL} {row * CELL}h{(end - start) * CELL}v{CELL}h-{(end - start) * CELL}z"
        for (row, start), end in zip(first, beyond, strict=True)
    ]


def _grid_lines(floor: np.ndarray) -> str:
    """Lines between free cells that touch."""
    beside, below = np.argwhere(floor[:, 1:] & floor[:, :-1]), np.argwhere(floor[1:] & floor[:-1])
    down = [f"M{(column + 1) * CELL} {row * CELL}v{CELL}" for row, column in beside]
    across = [f"M{column * CELL} {(row + 1) * CELL}h{CELL}" for row, column in below]
    return "".join(down + across)


def _heat(cells: tuple[Heat, ...]) -> str:
    """Cells shaded by value: whole ones above zero, smaller squares below."""
    rects = []
    for heat in cells:
        sign = "good" if heat.share >= 0 else "bad"
        inset = HEAT_INSET[sign]
        x, y = heat.place.column * CELL + inset, heat.place.row * CELL + inset
        side, opacity = CELL - 2 * inset, f"{abs(heat.share) * HEAT_OPACITY:.2f}"
        rects.append(f'<rect class="ms-{sign}" x="{x}" y="{y}" width="{side}" height="{side}" opacity="{opacity}"/>')
    return "".join(rects)


def _arrows(arrows: tuple[Arrow, ...]) -> str:
    """All arrows of one opacity as one path; a dot where the policy is undecided."""
    groups: dict[tuple[str, float], list[str]] = {}
    for arrow in arrows:
        if arrow.down == arrow.right == 0:
            x, y = center(arrow.place)
            groups.setdefault(("ms-arrow ms-dot", 0.4), []).append(f"M{_n(x)} {_n(y)}h.1")
        else:
            tail, tip, left, right = (f"{_n(x)} {_n(y)}" for x, y in arrow_stroke(arrow))
            drawn = f"M{tail}L{tip}M{left}L{tip}L{right}"
            groups.setdefault(("ms-arrow", arrow_opacity(arrow)), []).append(drawn)
    return "".join(
        f'<path class="{name}" opacity="{opacity:g}" d="{"".join(drawn)}"/>'
        for (name, opacity), drawn in sorted(groups.items())
    )


def _thing(thing: Thing) -> str:
    x, y = center(thing.place)
    left, top = thing.place.column * CELL, thing.place.row * CELL
    if thing.shape == "door":
        half = _n(DOOR_HALF)
        sides = DOOR_BOTTOM - DOOR_TOP - DOOR_HALF
        outline = (
            f'd="M{_n(x - DOOR_HALF)} {_n(top + DOOR_BOTTOM)}v-{_n(sides)}a{half} {half} 0 0 1 {_n(2 * DOOR_HALF)} 0'
            f'v{_n(sides)}z"'
        )
        body = f'<path class="ms-{thing.color} ms-edge" {outline}/>'
    else:
        body = f'<circle class="ms-{thing.color} ms-edge" cx="{_n(x)}" cy="{_n(y)}" r="{BALL_RADIUS}"/>'
    baseline = _n(top + letter_baseline(thing.letter))
    return (
        f'{body}<text class="ms-letter ms-on-{thing.color}" x="{_n(left + CELL / 2)}" y="{baseline}">'
        f"{thing.letter}</text>"
    )
