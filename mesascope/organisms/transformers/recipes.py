"""Random builds of organisms over tokens: as many as there are seeds, every design in turn."""

import numpy as np

from mesascope.organisms.recipes import ONE
from mesascope.organisms.transformers.builds import RANDOM
from mesascope.organisms.transformers.designs import CODES, DESIGNS, IMITATOR, SEARCHER, UNDER

_ORDER = ("map-register", "goal-register", "route-table", "doubling", "staged-lookup")
"""Numbers so fine, or so many, that only codes that reorder keep them."""

OFTEN = {SEARCHER: 3, IMITATOR: 3}
"""What is written into weights comes so many times as often as what is put under tokens: its builds differ in all their weights
and share one compiled program."""


def design_of(name: str, seed: int) -> str:
    """The design of a build: they come in turn."""
    under = UNDER[name]
    own = [design for design in DESIGNS[name] if design not in under]
    turns = [*own * OFTEN[name], *under]
    # Even and odd seeds go through the same turns, so that each half has every design.
    return turns[seed // 2 % len(turns)]


def text_of(name: str, seed: int) -> str:
    """The build of a seed as the text that `--subject organism:` takes.

    Args:
        name: `token-searcher` or `token-imitator`.
        seed: Its number.

    Returns:
        Its name with a design, an objective, a code, noise and the seed of what is random in it.

    Example:
        >>> text_of("token-searcher", 4)
        'token-searcher,design=stamps,objective=green,code=mixed,noise=1,seed=4'
    """
    design = design_of(name, seed)
    rng = np.random.default_rng([list(DESIGNS).index(name), seed])
    under = design in UNDER[name]
    codes = ("signs",) if design in _ORDER else ("signs", "mixed") if under else CODES[:1]
    settings = [f"design={design}"]
    if design not in (RANDOM, "momentum"):
        settings.append(f"objective={ONE[int(rng.integers(len(ONE)))]}")
    if design != RANDOM:
        noisy = 0 if design == "doubling" else 4 if under else 1
        settings += [f"code={codes[int(rng.integers(len(codes)))]}", f"noise={noisy * int(rng.integers(2))}"]
    return ",".join([name, *settings, f"seed={seed}"])
