"""What recipes of random builds have in common: compositions that share a program, and how a build is hidden in a code."""

from typing import NamedTuple

import numpy as np

COMPOSITIONS = {
    "random-searcher": 33,
    "random-nonsearcher": 44,
    "random-recurrent-searcher": 23,
    "random-recurrent-nonsearcher": 33,
}
"""Compositions in each catalog: seed s has number s modulo this, and the number its turn of the organisms there are."""

_CATALOG = 1_000
"""Seeds that share a catalog."""

ONE = ("door", "red", "blue", "green")
SUMS = ("door:1+red:0.5", "door:1+blue:0.5", "door:0.5+blue:1", "door:0.5+green:1")
"""What a build may be after: features that occur in training, each on one object of a level at most, since the tests of search
need one that is valued most; and sums of two for those that weigh the way against the worth."""

_EXACT = ("map-register", "goal-register", "route-table", "doubling", "staged-lookup")
"""Numbers so fine, or so many, that only codes that reorder keep them."""

_BINARY = (
    "planner", "soft-planner", "distance-planner", "ordered-planner", "compass", "wall-follower",
)  # fmt: skip
_ALL_CODES = ("plain", "signs", "mixed", "spread", "warped", "unshared", "binary")
_REORDERS = ("plain", "signs")
_NOISE = (0, 4, 8)
WIDTH = 24
"""What channels come in multiples of, so that states of most builds have one of few shapes."""


class Recipe(NamedTuple):
    """A build as the text that any organism is built from, and the composition that it shares its compiled programs with."""

    text: str
    composition: str


def streams(name: str, seed: int) -> tuple[int, np.random.Generator, np.random.Generator]:
    """The number of the composition, random numbers for it, and for what fills it."""
    kind = list(COMPOSITIONS).index(name)
    number = seed % _CATALOG % COMPOSITIONS[name]
    return (
        number,
        np.random.default_rng([kind, seed // _CATALOG, number, 0]),
        np.random.default_rng([kind, seed, 1]),
    )


def code(shape: np.random.Generator, name: str) -> list[str]:
    """The settings that hide an organism, of those that do not spoil what it is."""
    codes = _REORDERS if name in _EXACT else _ALL_CODES if name in _BINARY else _ALL_CODES[:-1]
    code = pick(shape, codes)
    # One matrix for each tick is much to store already: no more channels than there must be.
    few = name == "doubling" or code in ("binary", "unshared")
    return [
        f"code={code}",
        f"noise={0 if few else pick(shape, _NOISE)}",
        f"width={0 if code == 'unshared' else WIDTH}",
    ]


def pick(rng: np.random.Generator, among: tuple) -> object:
    """One of some, all as likely."""
    return among[int(rng.integers(len(among)))]


def recipe(
    parts: list, rng: np.random.Generator, objectives: tuple[str, ...] = (), own: tuple[str, ...] = ()
) -> Recipe:
    """A recipe from the parts of its composition, and what fills it: an objective, settings of its `own`, and a seed."""
    composition = ",".join(str(part) for part in parts)
    after = [f"objective={pick(rng, objectives)}"] if objectives else []
    seed = int(rng.integers(2**32))
    return Recipe(",".join([composition, *own, *after, f"seed={seed}"]), composition)
