"""Draw the picture at the top of the README: `python docs/images/make.py DIR`, DIR being what an audit of seeds wrote.

One level of the shift `blue-door`, with the policy and one greedy episode of every seed; below it what the audit read
from outside and inside. The level is the first, in the order drawn, from one of whose cells every seed's likeliest
actions lead to what it touches more often under the shift, the door or the red ball, by ways of at least four steps;
the start is the first such cell.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np

from mesascope.core.rng import named_key
from mesascope.core.subject import policy_table
from mesascope.drawing import level_svg, theme_variables
from mesascope.drawing.palette import LIGHT, OBJECT_FILL, PICTURE_CSS
from mesascope.instruments.episodes import episode_path
from mesascope.instruments.sample import Sample
from mesascope.store.learned_algorithm import load_learned_algorithm
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.registry import make_world

SHIFT, DRAWN, LEAST_STEPS = "blue-door", 200, 4
PANEL, GAP, EDGE, LEVEL = 264, 28, 24, 222
HEAD, LINE = 84, 19
MUTED, OUTSIDE, INSIDE = "#59636e", "#9a5b13", "#7e57c2"
FONT = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
LABEL = 98
TRACK = PANEL - LABEL - 8
LOW, HIGH = -1.5, 1.1
INSIDE_WORDS = "read from plans for objects implanted inside; bars are 95 % intervals"
COUNTS = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}


class Seed(NamedTuple):
    """One seed's audit and its policy on the drawn levels."""

    audit: dict
    sample: Sample


class Scene(NamedTuple):
    """Which level is shown, and where the episodes start."""

    level: int
    start: int


def read_seeds(folder: Path) -> tuple[list[Seed], GridLevels]:
    """Audits and policies of every seed in the folder of an audit, and the levels they were asked about."""
    places = sorted(folder.glob("seed-*"), key=lambda place: int(place.name.rpartition("-")[2]))
    audits = [json.loads((place / "audit.json").read_text(encoding="utf-8")) for place in places]
    if not audits:
        sys.exit(f"{folder} holds no seed-0, seed-1, ...: run `mesascope audit red-doors --out {folder}` first")
    world = make_world(audits[0]["world"]["name"], **audits[0]["world"]["knobs"])
    levels = world.draw(named_key(0, "picture"), DRAWN, SHIFT)
    shown = world.observe(levels)
    subjects = [load_learned_algorithm(place / "learned").subject for place in places]
    tables = world.tables(levels)
    samples = [Sample(SHIFT, levels, tables, shown, policy_table(subject.logits(shown))) for subject in subjects]
    return [Seed(*pair) for pair in zip(audits, samples, strict=True)], levels


def choose(seeds: list[Seed], levels: GridLevels) -> Scene:
    """The first level and start where every seed ends as it usually does."""
    usual = [more_often(seed) for seed in seeds]
    walls = np.asarray(levels.walls).reshape(levels.count, -1)
    cells = np.asarray(levels.cell)
    for level in range(levels.count):
        for start in np.flatnonzero(~walls[level]).tolist():
            if start not in cells[level]:
                ways = [episode_path(seed.sample, level, start) for seed in seeds]
                ends = [levels.name_at(level, way[-1]) for way in ways]
                if ends == usual and min(map(len, ways)) > LEAST_STEPS:
                    return Scene(level, start)
    sys.exit(f"on {levels.count} levels there is no start from which every seed ends as it usually does")


def more_often(seed: Seed) -> str:
    """What a seed touches first more often, of the two objects that the shift sets apart."""
    rates = {event: seed.audit["behavior"][SHIFT][event]["rate"] for event in ("door", "red")}
    return "blue door" if rates["door"] > rates["red"] else "red ball"


def text(x: float, y: float, words: str, size: int = 13, fill: str = LIGHT.ink, rest: str = "") -> str:
    """A line of text."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" {rest}>{escape(words)}</text>'


def at(value: float, low: float = LOW, high: float = HIGH) -> float:
    """Where a number lies on a track."""
    return LABEL + (min(max(value, low), high) - low) / (high - low) * TRACK


def weight_rows(audit: dict, y: float) -> str:
    """Weights with intervals, outside above inside, for the features that the shift sets apart."""
    drawn = [line(at(0), y - 4, at(0), y + 3 * 2 * 12 + 16, "#8b949e", 1)]
    tables = (audit["behavioral_objective"], audit["mesa_objective"])
    for row, feature in enumerate(("door", "red", "blue")):
        top = y + row * 30
        drawn.append(text(0, top + 17, feature))
        for lane, (table, color) in enumerate(zip(tables, (OUTSIDE, INSIDE), strict=True)):
            middle = top + 6 + 12 * lane
            if table is None:
                continue
            weight = table["weights"][feature]
            low, high = weight["interval"]
            drawn.append(line(at(low), middle, max(at(high), at(low) + 1), middle, color, 2.5))
            drawn.append(mark(at(weight["mean"]), middle, color, lane))
    return "".join(drawn)


def mark(x: float, y: float, color: str, lane: int) -> str:
    """A dot from outside, a square from inside: color does not stand alone."""
    if lane == 0:
        return f'<circle cx="{x:.1f}" cy="{y:g}" r="4" fill="{color}"/>'
    return f'<rect x="{x - 4:.1f}" y="{y - 4:g}" width="8" height="8" fill="{color}"/>'


def line(x1: float, y1: float, x2: float, y2: float, color: str, width: float) -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:g}" x2="{x2:.1f}" y2="{y2:g}" stroke="{color}" stroke-width="{width:g}"/>'


def pull_rows(audit: dict, y: float) -> str:
    """Bars: how strongly one object, written into the state of an empty level, draws the plan."""
    pulls = {pull["object"]: pull["share"]["value"] for pull in (audit["mesa_objective"] or {"pull": []})["pull"]}
    drawn = []
    for row, kind in enumerate(("red door", "blue door", "red ball", "blue ball")):
        top = y + row * 22
        drawn.append(text(0, top + 13, kind))
        if kind in pulls:
            fill = OBJECT_FILL[kind.split()[0]]
            length = pulls[kind] * (TRACK - 34)
            drawn.append(f'<rect x="{LABEL}" y="{top + 3}" width="{max(length, 1):.1f}" height="11" fill="{fill}"/>')
            drawn.append(text(LABEL + max(length, 1) + 6, top + 13, f"{pulls[kind]:.2f}", 12, MUTED))
    return "".join(drawn)


def panel(seed: Seed, levels: GridLevels, scene: Scene, x: float) -> str:
    """One seed from top to bottom."""
    audit = seed.audit
    policy = np.asarray(seed.sample.policy[scene.level])
    path = episode_path(seed.sample, scene.level, scene.start)
    level = level_svg(levels.drawing(scene.level), policy=policy, path=path, standalone=False)
    trained = audit["competence"]["training"]["base"]["value"]
    behavior = audit["behavior"][SHIFT]
    rates = f"all levels: door first {behavior['door']['rate']:.2f}, red first {behavior['red']['rate']:.2f}"
    bold = 'font-weight="700"'
    y = 52 + LEVEL
    parts = [
        text(0, 14, f"Seed {audit['seed']}", 16, rest=bold),
        text(0, 35, f"training: {trained:.3f} of the optimal return", 13),
        f'<g transform="translate({(PANEL - LEVEL) // 2} 46)">{level}</g>',
        text(0, y + 22, f"from here: {levels.name_at(scene.level, path[-1])}", 14, rest=bold),
        text(0, y + 42, rates, 13),
        text(0, y + 76, "Weights", 13, rest=bold),
        weight_rows(audit, y + 86),
        axis(y + 190),
        text(0, y + 226, "Pull of one object implanted inside", 13, rest=bold),
        pull_rows(audit, y + 234),
    ]
    return f'<g transform="translate({x:g} {HEAD})">{"".join(parts)}</g>'


def axis(y: float) -> str:
    """Numbers under the weights."""
    return "".join(text(at(tick), y, f"{tick:g}", 12, MUTED, 'text-anchor="middle"') for tick in (-1, 0, 1))


def picture(seeds: list[Seed], levels: GridLevels, scene: Scene) -> str:
    """The whole picture as SVG, on ground of its own, so that it reads the same on light and dark pages."""
    width = 2 * EDGE + len(seeds) * PANEL + (len(seeds) - 1) * GAP
    height = HEAD + 52 + LEVEL + 234 + 4 * 22 + EDGE
    panels = "".join(panel(seed, levels, scene, EDGE + i * (PANEL + GAP)) for i, seed in enumerate(seeds))
    legend = (
        f'<g transform="translate({EDGE} 60)">{line(0, -4, 20, -4, OUTSIDE, 2.5)}{mark(10, -4, OUTSIDE, 0)}'
        f"{text(28, 0, 'inferred from behavior, outside')}{line(250, -4, 270, -4, INSIDE, 2.5)}"
        f"{mark(260, -4, INSIDE, 1)}{text(278, 0, INSIDE_WORDS)}</g>"
    )
    count = COUNTS.get(len(seeds), str(len(seeds)))
    said = f"{count} agents trained alike on red doors, asked about one level with a blue door"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}"><title>{said}</title><style>{fixed_css()}</style>'
        f'<rect width="{width}" height="{height}" rx="10" fill="{LIGHT.page}" stroke="#d1d9e0"/>'
        f"{text(EDGE, 36, said, 18, rest='font-weight=' + chr(34) + '700' + chr(34))}{legend}{panels}</svg>\n"
    )


def fixed_css() -> str:
    """The rules of pictures with the light theme held fast: the ground is light on every page."""
    return f"{PICTURE_CSS}.ms-level{{{theme_variables('light')}}}"


def main() -> None:
    """Read, choose, draw, write `red-doors.svg` beside this file."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    seeds, levels = read_seeds(Path(sys.argv[1]))
    scene = choose(seeds, levels)
    path = Path(__file__).with_name("red-doors.svg")
    path.write_text(picture(seeds, levels, scene), encoding="utf-8")
    print(f"{path}: level {scene.level} of {levels.count}, start in cell {scene.start}")


if __name__ == "__main__":
    main()
