"""Training until a share of the optimal return is reached, or until a number of CPU-seconds is spent."""

from collections.abc import Callable
from typing import Any, NamedTuple

from answering import Clock


class Racer(NamedTuple):
    """A training to be timed. `advance` must wait for its result; `share` is not timed."""

    begin: Callable[[int], Any]
    advance: Callable[[Any], Any]
    share: Callable[[Any], float]
    steps: int | None
    """Environment steps of one `advance`, None where nothing is sampled."""


def race(racer: Racer, seed: int, target: float, cap: float) -> dict[str, float | None]:
    """Seconds, CPU-seconds and steps until the target; these are None where `cap` CPU-seconds did not do.

    `best` is the greatest share seen, `spent` the CPU-seconds spent, `rate` the environment steps a second.
    """
    state, best, spent, wall, advances = racer.begin(seed), 0.0, 0.0, 0.0, 0
    while best < target and spent < cap:
        clock = Clock()
        state = racer.advance(state)
        took = clock.read()
        spent, wall = spent + took["cpu"], wall + took["seconds"]
        best, advances = max(best, racer.share(state)), advances + 1
    steps = None if racer.steps is None else racer.steps * advances
    done = best >= target
    return {
        "seconds": wall if done else None,
        "cpu": spent if done else None,
        "steps": steps if done else None,
        "best": best,
        "spent": spent,
        "rate": None if steps is None else steps / wall,
    }
