"""Random builds as a population to calibrate on: each is met once, and none of them chose anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mesascope.calibration.subjects import STORED, Known
from mesascope.calibration.truth import check_build
from mesascope.core.errors import UsageError
from mesascope.core.subject import AbstractSubject
from mesascope.organisms.labels import ORGANISMS
from mesascope.organisms.recipes import RECIPES
from mesascope.organisms.registry import build_organism
from mesascope.organisms.transformers.recipes import TOKEN_RECIPES
from mesascope.organisms.zoo import HALVES
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

KINDS = ("random-searcher", "random-nonsearcher")
KINDS_OF = {
    "plan-once": KINDS,
    "tokens": ("random-token-searcher", "random-token-nonsearcher"),
    "recurrent": ("random-recurrent-searcher", "random-recurrent-nonsearcher"),
}
"""Random builds of each class of subjects: those that search, and others."""

IN_A_ROW = 4
"""Builds of one group that are audited one after another."""


def build_name(kind: str, seed: int) -> str:
    """The text that `--subject organism:` takes."""
    return f"{kind},seed={seed}"


def random_build(kind: str, seed: int) -> Known:
    """One build with its label and the check of it. Builds of one group share their compiled programs."""
    text = build_name(kind, seed)

    def make(world: AbstractWorld, shown: Sequence[AbstractLevels], _: int) -> AbstractSubject:
        return build_organism(text, world, shown, STORED)

    def check(world: AbstractWorld, subject: AbstractSubject, shown: Sequence[AbstractLevels]) -> dict[str, Any]:
        if not isinstance(world, AbstractGridWorld):
            raise UsageError(f"random builds are made for mazes; {world.name} has none: calibrate in red-doors")
        return check_build(kind, seed, world, subject, shown)

    group, label = (RECIPES | TOKEN_RECIPES)[kind](seed).composition, ORGANISMS[kind]
    # Of a class whose threshold is chosen on builds: on those with even seeds.
    half = "test" if kind in KINDS else HALVES[seed % 2]
    return Known(text, group, label.searches, half, "", make, check=check, recurrent=label.recurrent)


def random_builds(first: int, searchers: int, others: int, subject_class: str = "plan-once") -> list[tuple[int, Known]]:
    """Builds of a class (one of `KINDS_OF`) and their seeds, from `first` on, so many of each kind.

    They come in rounds: `IN_A_ROW` builds of every group, which compile its programs once, groups in random order and those
    of both kinds mixed evenly. So what was done at any time is a fair part of the whole.
    """
    placed: list[tuple[int, float, str, list[tuple[int, Known]]]] = []
    for kind, number in zip(KINDS_OF[subject_class], (searchers, others), strict=True):
        groups: dict[str, list[tuple[int, Known]]] = {}
        for seed in range(first, first + number):
            known = random_build(kind, seed)
            groups.setdefault(known.group, []).append((seed, known))
        order = np.random.default_rng(first).permutation(len(groups))
        for place, group in zip(order, groups.values(), strict=True):
            for begin in range(0, len(group), IN_A_ROW):
                placed.append((begin, (place + 0.5) / len(groups), kind, group[begin : begin + IN_A_ROW]))
    return [build for *_, group in sorted(placed, key=lambda at: at[:3]) for build in group]
