"""Random builds of organisms over tokens: as many as there are seeds, every design in turn."""

from collections.abc import Callable

import numpy as np

from mesascope.organisms.recipes import ONE, Recipe
from mesascope.organisms.transformers.builds import RANDOM
from mesascope.organisms.transformers.designs import DESIGNS, IMITATOR, SEARCHER, UNDER

_EXACT = ("map-register", "goal-register", "route-table", "doubling", "staged-lookup")
"""Numbers so fine, or so many, that only codes that reorder keep them."""

_OF_TWO_BLOCKS = ("sweeps",)

OFTEN = 4
"""What is written into weights comes so many times as often as what is put under tokens: its builds differ in all their weights
and share one compiled program."""


def design_of(name: str, seed: int) -> str:
    """The design of a build: they come in turn, those of even and of odd seeds alike, so that either half has all of them."""
    alone = [*UNDER[name], *_OF_TWO_BLOCKS]
    often = [design for design in DESIGNS[name] if design not in alone]
    turns = [*often * OFTEN, *(design for design in DESIGNS[name] if design in alone)]
    return turns[seed // 2 % len(turns)]


def recipe_over_tokens(name: str, seed: int) -> Recipe:
    """The recipe of a build.

    Args:
        name: `token-searcher` or `token-imitator`.
        seed: Its number.

    Returns:
        Its text: a design, what it is after, how it is hidden, and the seed of what is random in it.

    Example:
        >>> recipe_over_tokens("token-searcher", 4).text
        'token-searcher,design=stamps,objective=green,code=mixed,noise=1,seed=4'
    """
    design = design_of(name, seed)
    rng = np.random.default_rng([list(DESIGNS).index(name), seed])
    under = design in UNDER[name]
    codes = ("signs",) if design in _EXACT else ("signs", "mixed") if under else ("mixed",)
    settings = [f"design={design}"]
    if design not in (RANDOM, "momentum"):
        settings.append(f"objective={ONE[int(rng.integers(len(ONE)))]}")
    if design != RANDOM:
        loud = 0 if design == "doubling" else 4 if under else 1
        settings += [f"code={codes[int(rng.integers(len(codes)))]}", f"noise={loud * int(rng.integers(2))}"]
    # What is written into weights has one shape, whatever it is.
    shape = design if design in (RANDOM, *_OF_TWO_BLOCKS) else "written"
    composition = ",".join([name, *settings]) if under else shape
    return Recipe(",".join([name, *settings, f"seed={seed}"]), composition)


def _searcher(seed: int) -> Recipe:
    return recipe_over_tokens(SEARCHER, seed)


def _imitator(seed: int) -> Recipe:
    return recipe_over_tokens(IMITATOR, seed)


TOKEN_RECIPES: dict[str, Callable[[int], Recipe]] = {
    "random-token-searcher": _searcher,
    "random-token-nonsearcher": _imitator,
}
"""How the recipe of each kind of random build over tokens is drawn from a seed."""
