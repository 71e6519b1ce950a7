"""Searches written by hand into the weights of a prefix-LM: attention looks at neighbors, hidden units decide."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from mesascope.organisms.decoded_observation import SHARPNESS
from mesascope.organisms.transformers.assembler import (
    ONE,
    Draft,
    Head,
    Unit,
    from_best_neighbor,
    from_itself,
    from_neighbor,
)

OBSTACLE, GOAL, REACHED, WORTH, CLOCK, ACTIVE, STAMP = (
    "obstacle", "goal", "reached", "worth", "clock", "active", "stamp"
)  # fmt: skip
ACTIONS = range(4)

MOST_STEPS = 24
"""A step of a distance, or of the clock, is one over this."""


def seen(wanted: int, shapes: int) -> dict[str, dict[int, float]]:
    """Obstacle and goal as the observation shows them; `wanted` is the observation's channel of what is pursued."""
    obstacle = {0: 1.0, **{1 + shape: 1.0 for shape in range(shapes)}}
    obstacle[wanted] = obstacle.get(wanted, 0.0) - 1.0
    return {OBSTACLE: obstacle, GOAL: {wanted: 1.0}}


def toward(action: int, logit: float) -> np.ndarray:
    """Logits that prefer one action."""
    return logit * np.eye(4)[action]


def overwrite(channel: str, *units: Unit) -> list[Unit]:
    """Hidden units that leave in a channel, which holds nothing below zero, what they add, and nothing of what was there."""
    return [*units, Unit({channel: 1.0}, {channel: -1.0})]


def _neighbors(sources: Mapping[str, float], prefix: str = "ahead") -> list[Head]:
    """Heads that leave in `ahead 0` to `ahead 3` what the neighbors hold; what stood there is cleared by `clear`."""
    return [
        from_neighbor(action, *((source, f"{prefix} {action}", times) for source, times in sources.items()))
        for action in ACTIONS
    ]


_FARTHEST = 20
"""Steps up to which values are told apart."""


def _clear(prefix: str = "ahead") -> list[Head]:
    names = [f"{prefix} {action}" for action in ACTIONS]
    return [from_itself(*((name, name, -1.0) for name in names[first : first + 2])) for first in (0, 2)]


_BLOCKED = {OBSTACLE: -4.0, GOAL: -4.0, REACHED: -4.0}


def _arrival() -> dict[str, float]:
    """At least 1 where the wave arrives for the first time, at most 0 elsewhere."""
    return {**{f"ahead {action}": 1.0 for action in ACTIONS}, **_BLOCKED}


def _wave(source: str) -> tuple[list[Head], list[Unit]]:
    pointers = [
        Unit({f"ahead {a}": 1.0, OBSTACLE: -1.0, GOAL: -1.0, REACHED: -1.0}, {f"pointer {a}": 1.0}) for a in ACTIONS
    ]
    reached = [Unit(_arrival(), {REACHED: 1.0}), Unit(_arrival(), {REACHED: -1.0}, bias=-1.0)]
    return [*_neighbors({source: 1.0, REACHED: 1.0}), *_clear()], [*pointers, *reached]


def flood(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Breadth-first search in latched pointers (Moore 1959): one block moves the wave by one token."""
    out = {f"pointer {a}": toward(a, SHARPNESS) for a in ACTIONS}
    return Draft(seen(wanted, shapes), [_wave(GOAL)], out, -SHARPNESS)


def late_flood(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """The same, begun only after some blocks: a clock lets the goal out."""
    draft = flood(wanted, shapes, rng)
    begins, sharp = int(rng.integers(2, 5)), 2.0 * MOST_STEPS
    late = -sharp * (begins - 0.5) / MOST_STEPS
    heads, units = _wave(ACTIVE)
    let_out = overwrite(
        ACTIVE,
        Unit({GOAL: 1.0, CLOCK: sharp}, {ACTIVE: 1.0}, bias=late),
        Unit({CLOCK: sharp}, {ACTIVE: -1.0}, bias=late),
    )
    draft.blocks = [(heads, [*units, *let_out])]
    draft.steady = {CLOCK: 1.0 / MOST_STEPS}
    return draft


def stamps(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Breadth-first search in times of arrival: every token keeps when the wave came, and the way is where it came first."""
    arriving = _arrival()
    units = [
        Unit(arriving, {REACHED: 1.0, STAMP: 1.0}),
        Unit(arriving, {REACHED: -1.0}, bias=-1.0),
        Unit({**arriving, ONE: -1.0, CLOCK: 1.0}, {STAMP: -1.0}),
    ]
    # Both are read from a neighbor by one head; the stamps of neighbors are what is read out.
    both = [from_neighbor(a, (REACHED, f"ahead {a}", 1.0), (STAMP, f"stamp {a}", 1.0)) for a in ACTIONS]
    draft = Draft(seen(wanted, shapes), [([*both, *_clear(), *_clear("stamp")], units)])
    draft.embed[REACHED] = {wanted: 1.0}
    draft.embed[STAMP] = {wanted: 2.0}
    draft.steady = {CLOCK: 1.0 / MOST_STEPS}
    draft.out = {f"stamp {a}": toward(a, SHARPNESS * MOST_STEPS) for a in ACTIONS}
    return draft


def _read_neighbors(source: Mapping[str, float], sharp: float) -> list[Head]:
    """The best of the neighbors into `best`, and each into `ahead`."""
    best = from_best_neighbor(
        {name: sharp * weight for name, weight in source.items()}, *((name, "best", w) for name, w in source.items())
    )
    return [best, from_itself(("best", "best", -1.0)), *_neighbors(source), *_clear()]


def relaxation(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Distances relaxed upward (Bellman-Ford): a token is one step farther than the nearest of its neighbors."""
    step = 1.0 / MOST_STEPS
    units = [Unit({"best": 1.0, WORTH: -1.0, OBSTACLE: -4.0}, {WORTH: 1.0}, bias=-step)]
    draft = Draft(seen(wanted, shapes), [(_read_neighbors({WORTH: 1.0}, SHARPNESS * MOST_STEPS), units)])
    draft.embed[WORTH] = {wanted: 1.0}
    draft.out = {f"ahead {a}": toward(a, SHARPNESS * MOST_STEPS) for a in ACTIONS}
    return draft


def values(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Value iteration: every block computes all values anew from those of the neighbors, and nothing is kept."""
    discount = float(rng.uniform(0.88, 0.92))
    sharp = SHARPNESS / (discount**_FARTHEST * (1 - discount))
    units = overwrite(WORTH, Unit({"best": discount, OBSTACLE: -4.0, GOAL: -4.0}, {WORTH: 1.0}))
    draft = Draft(seen(wanted, shapes), [(_read_neighbors({WORTH: 1.0, GOAL: 1.0}, sharp), units)])
    draft.out = {f"ahead {a}": toward(a, sharp) for a in ACTIONS}
    return draft


def sweeps(wanted: int, shapes: int, rng: np.random.Generator) -> Draft:
    """Relaxation in place, up and down in one block and left and right in the next, in either order."""
    draft = relaxation(wanted, shapes, rng)
    heads, units = draft.blocks[0]
    axes = ((0, 1), (2, 3))[:: int(rng.choice((-1, 1)))]
    some = []
    for axis in axes:
        moves = {move: score for a in axis for move, score in from_neighbor(a).biases.items()}
        some.append(([replace(heads[0], biases=moves), *heads[1:]], units))
    draft.blocks = some
    return draft


Write = Callable[[int, int, np.random.Generator], Draft]
"""Writes a draft for what is wanted (its channel in the observation), so many shapes of objects, and a build's random numbers."""

SEARCHES: dict[str, Write] = {
    "flood": flood,
    "late-flood": late_flood,
    "stamps": stamps,
    "relaxation": relaxation,
    "values": values,
    "sweeps": sweeps,
}
"""All searches by name."""
