"""Transformers that do not search, written by hand into the weights of a prefix-LM."""

import numpy as np

from mesascope.learned.prefix_lm import REACH
from mesascope.organisms.decoded_observation import SHARPNESS
from mesascope.organisms.transformers.assembler import SURE, Draft, Head, Unit, from_itself, from_neighbor
from mesascope.organisms.transformers.searching import ACTIONS, GOAL, OBSTACLE, Write, flood, overwrite, seen, toward
from mesascope.worlds.grids.grid import MOVES

OPEN = "open"
_FAR = range(-REACH, REACH + 1)
_EVERYWHERE = {(down, right): SURE for down in _FAR for right in _FAR}


def _points_to_goal() -> list[Head]:
    """Heads that leave 1 in `goal 0` to `goal 3` where the goal lies in an action's direction, however far."""
    heads = []
    for action, (down, right) in enumerate(MOVES):
        there = {(d, r): -SURE for d in _FAR for r in _FAR if d * down + r * right > 0}
        heads.append(Head(there, ((GOAL, f"goal {action}", 1.0),), {GOAL: 2 * SURE}, elsewhere=-3 * SURE))
    return heads


def _forget(channel: str) -> Unit:
    """Takes away what a channel holds, when the other units have seen it."""
    return Unit({channel: 1.0}, {channel: -1.0})


def _each(*prefixes: str) -> list[str]:
    return [f"{prefix} {a}" for prefix in prefixes for a in ACTIONS]


def _both(first: str, second: str, adds: str) -> list[Unit]:
    """1 in `adds` where both hold."""
    return [Unit({f"{first} {a}": 1.0, f"{second} {a}": 1.0}, {f"{adds} {a}": 1.0}, bias=-1.0) for a in ACTIONS]


def _open(draft: Draft) -> Draft:
    """With a channel that is 1 where a token can be entered, objects apart from the goal left out."""
    draft.begin = {**draft.begin, OPEN: 1.0}
    draft.embed[OPEN] = {channel: -weight for channel, weight in draft.embed[OBSTACLE].items()}
    return draft


def compass(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """One head looks where the goal is; every token moves in its direction, whatever stands there."""
    out = {f"step {a}": toward(a, SHARPNESS) for a in ACTIONS}
    units = [unit for a in ACTIONS for unit in overwrite(f"step {a}", Unit({f"goal {a}": 1.0}, {f"step {a}": 1.0}))]
    return Draft(seen(wanted, shapes), [(_points_to_goal(), [*units, *map(_forget, _each("goal"))])], out)


def careful_compass(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """A compass that prefers nothing where what lies in the direction of the goal is shut."""
    draft = _open(Draft(seen(wanted, shapes)))
    heads = [*_points_to_goal(), *(from_neighbor(a, (OPEN, f"free {a}", 1.0)) for a in ACTIONS)]
    draft.blocks = [(heads, [*_both("goal", "free", "step"), *map(_forget, _each("step", "goal", "free"))])]
    draft.out = {f"step {a}": toward(a, SHARPNESS) for a in ACTIONS}
    return draft


def ignored_plan(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Breadth-first search in its residuals, and answers that are those of a compass."""
    draft = flood(wanted, shapes, rng)
    heads, units = draft.blocks[0]
    wave = [head for head in heads if (0, 0) not in head.biases]
    draft.blocks = [([*wave, *_points_to_goal()], [*units, *map(_forget, _each("ahead"))])]
    # What heads add in every block is never cleared: after the last it is as many times 1, and preferred all the more.
    draft.out = {f"goal {a}": toward(a, 1.0) for a in ACTIONS}
    draft.out_bias = 0.0
    return draft


def dead_ends(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Fills dead ends until none is left; leaves them as it filled them, and takes any way where several are left."""
    draft = _open(Draft(seen(wanted, shapes)))
    heads = [from_neighbor(a, (OPEN, f"exit {a}", 1.0), (GOAL, f"near {a}", 1.0)) for a in ACTIONS]
    # Stays open what is open and has two exits, or is the goal. Cut off on both sides, so that rounding does not grow from
    # block to block.
    stays: dict[str, float] = {**{f"exit {a}": 2.0 for a in ACTIONS}, OPEN: 8.0, GOAL: 8.0}
    keep = overwrite(OPEN, Unit(stays, {OPEN: 1.0}, bias=-10.5), Unit(stays, {OPEN: -1.0}, bias=-11.5))
    way = []
    for a in ACTIONS:
        way.append(Unit({OPEN: 1.0, f"exit {a}": 1.0, f"way {a}": -1.0}, {f"way {a}": 1.0}, bias=-1.0))
        way.append(Unit({OPEN: 1.0, f"exit {a}": -1.0, f"way {a}": 1.0}, {f"way {a}": -1.0}, bias=-1.0))
    draft.blocks = [(heads, [*keep, *way, *map(_forget, _each("exit"))])]
    # That the goal is near is added in every block, and outweighs everything in the end.
    draft.out = {f"way {a}": toward(a, SHARPNESS) for a in ACTIONS} | {f"near {a}": toward(a, 1.0) for a in ACTIONS}
    return draft


def n_gram(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """A table over which neighbors are open, with a preferred open action for each of the sixteen, drawn at random."""
    draft = _open(Draft(seen(wanted, shapes)))
    heads = [from_neighbor(a, (OPEN, f"free {a}", 1.0)) for a in ACTIONS]
    heads += [from_itself(*((f"free {a}", f"free {a}", -1.0) for a in pair)) for pair in ((0, 1), (2, 3))]
    units = []
    for context in range(1, 16):
        free = [a for a in ACTIONS if context >> a & 1]
        action = int(rng.choice(free))
        sums = {f"free {a}": 1.0 if a in free else -1.0 for a in ACTIONS}
        units.append(Unit(sums, {f"next {action}": 1.0}, bias=1.0 - len(free)))
    units += map(_forget, _each("next"))
    draft.blocks = [(heads, units)]
    draft.out = {f"next {a}": toward(a, SHARPNESS) for a in ACTIONS}
    return draft


def bag_of_cells(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """The mean over all tokens of what they hold, and one distribution over actions from it, the same at every token."""
    heads = [Head(_EVERYWHERE, ((OBSTACLE, "mean 0", 1.0), (GOAL, "mean 1", 1.0)))]
    units = [Unit({f"mean {n}": 1.0}, {f"mean {n}": -1.0, f"bag {n}": 1.0}) for n in range(2)]
    units += [_forget(f"bag {n}") for n in range(2)]
    out = {f"bag {n}": rng.normal(size=4) * scale for n, scale in enumerate((30.0, 200.0))}
    return Draft(seen(wanted, shapes), [(heads, units)], out)


def copycat(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Induction: tokens beside the goal step onto it, and every other token copies what those do that have as many exits."""
    draft = _open(Draft(seen(wanted, shapes)))
    alike = 2 * SURE
    same = {"square": -alike, "wrote": 10 * alike}
    heads = [from_neighbor(a, (OPEN, "count", 1.0), (GOAL, f"near {a}", 1.0)) for a in ACTIONS]
    for pair in ((0, 1), (2, 3)):
        copied = tuple((f"near {a}", f"copy {a}", 1.0) for a in pair)
        heads.append(Head(_EVERYWHERE, copied, same, alike=("exits", 2 * alike)))
        heads.append(from_itself(*((f"near {a}", f"near {a}", -1.0) for a in pair)))
    units = [
        *overwrite("exits", Unit({"count": 1.0}, {"exits": 1.0})),
        *overwrite("wrote", Unit({f"near {a}": 1.0 for a in ACTIONS}, {"wrote": 1.0})),
        *overwrite("square", *(Unit({"count": 1.0}, {"square": 1.0 + bool(n)}, bias=-float(n)) for n in range(4))),
        _forget("count"),
    ]
    draft.blocks = [(heads, units)]
    draft.out = {f"copy {a}": toward(a, 1.0) for a in ACTIONS} | {f"near {a}": toward(a, 100.0) for a in ACTIONS}
    return draft


IMITATIONS: dict[str, Write] = {
    "compass": compass,
    "careful-compass": careful_compass,
    "ignored-plan": ignored_plan,
    "dead-ends": dead_ends,
    "n-gram": n_gram,
    "bag-of-cells": bag_of_cells,
    "copycat": copycat,
}
"""All of them by name."""
