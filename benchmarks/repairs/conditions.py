"""What is trained, and how much of everything: small mazes and a small net, so that many seeds fit into an hour of two cores."""

import hashlib
from typing import Any, NamedTuple

from mesascope.base_optimizers.registry import PRESETS
from mesascope.worlds.grids.red_doors import RedDoors

SIZE = 7
CHANNELS, TICKS = 16, 12
UPDATES = PRESETS["quick"]["updates"]
QUICK = dict(PRESETS["quick"])
ALPHA, FEW = 0.02, 0.002
"""Shares of training levels that tell the door from what is red, where there are any: some 190 and 19 of 9,600."""

TIMES = (3, 4, 6, 8, TICKS)
"""Ticks that a net is trained to think for."""
PENALTIES = (0.0, 0.003, 0.01, 0.03, 0.1)
"""Return that each tick costs."""

LEVELS = 128
"""Levels of each distribution on which a net is measured."""

MORE_UPDATES, ADDED = 200, 8
"""Updates of going on with a trained net, and how many of the 16 levels of each are of the worst predicate."""

CANDIDATES, LOOKS, SURE = 16, 40, 0.95
"""Diagnostic levels: candidates from each distribution, looks at most, and the probability that counts as knowing."""
OBJECTIVES = ("door", "red", "door:1+red:0.5", "door:0.5+red:1", "blue")


class Condition(NamedTuple):
    """A training: the world's configuration, what it is trained with, and ticks of thinking."""

    name: str
    alpha: float = 0.0
    optimizer: str = "exact-policy-gradient"
    options: tuple[tuple[str, float], ...] = ()
    ticks: int = TICKS

    @property
    def world(self) -> RedDoors:
        """The world trained in."""
        return RedDoors(size=SIZE, alpha=self.alpha)


PLAIN = Condition("plain")
CONDITIONS = (
    PLAIN,
    Condition("mixed", ALPHA),
    Condition("replay", ALPHA, "prioritized-replay"),
    Condition("mixed, few", FEW),
    Condition("replay, few", FEW, "prioritized-replay"),
    *(Condition(f"ticks {ticks}", ticks=ticks) for ticks in TIMES if ticks != TICKS),
    Condition("replay, nothing to find", 0.0, "prioritized-replay"),
    Condition("replay, not robust", ALPHA, "prioritized-replay", (("robust", 0),)),
)


def fingerprint(values: dict[str, Any] | None = None) -> str:
    """Twelve characters that change with any number of this file: a result is of these conditions or of others. What is measured
    of a net (`measured.py`) is not in it.
    """
    values = globals() if values is None else values
    told = sorted((name, repr(value)) for name, value in values.items() if name.isupper() and name != "PRESETS")
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
