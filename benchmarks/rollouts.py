"""Steps a second of a uniform policy: `python benchmarks/rollouts.py [--walkers N] [--repeats N]`.

One line for each size and kind of observation: median over the repeats and range, compilation left out. Every step is
stored: reward, termination, cut, and what was seen. `none` is what a plan-once agent needs. `bytes` writes the full grid
at each step, walker included, one byte for each cell with a bit for each of eight channels; `booleans` writes a byte for
each channel, as most libraries do. The last line is the floor of writing: how fast this machine fills memory.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp

from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import CHANNELS
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.stepping import as_channels, begin, make_stepper, walk_at_random

LEVELS, STEPS, LIMIT = 256, 32, 200


def rates(work: Callable[[], object], amount: float, repeats: int) -> list[float]:
    """Amounts a second, and none of the compilation."""
    jax.block_until_ready(work())
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        jax.block_until_ready(work())
        found.append(amount / (time.perf_counter() - begun))
    return found


def report(name: str, found: list[float], unit: str, scale: float = 1e6) -> None:
    """One line: median and range."""
    median, low, high = (x / scale for x in (statistics.median(found), min(found), max(found)))
    print(f"{name:24s} {median:8.2f} {unit} ({low:.2f} to {high:.2f})", flush=True)


def main() -> None:
    """Measure every size with and without observations, then the rate of writing alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walkers", type=int, default=2048)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    if given.walkers < 1 or given.repeats < 5:
        parser.error("expected --walkers of at least 1 and --repeats of at least 5")
    steps = given.walkers * STEPS
    for size in (9, 13, 25):
        world = RedDoors(size=size)
        stepper = make_stepper(world, world.draw(named_key(0, "levels"), LEVELS), named_key(0), LIMIT)
        walkers, key = begin(stepper, named_key(1), given.walkers), named_key(2)

        def expanded(stepper=stepper, walkers=walkers, key=key):
            walk = walk_at_random(stepper, walkers, key, STEPS, looking=True)[1]
            return as_channels(walk.seen, len(CHANNELS))

        jobs = {
            "none": lambda s=stepper, w=walkers, k=key: walk_at_random(s, w, k, STEPS, looking=False),
            "bytes": lambda s=stepper, w=walkers, k=key: walk_at_random(s, w, k, STEPS, looking=True),
            "booleans": jax.jit(expanded),
        }
        for name, work in jobs.items():
            report(f"{size}x{size} {name}", rates(work, steps, given.repeats), "million steps/s")
    size = 2**26
    fill = jax.jit(lambda value: jnp.full(size, value, jnp.uint8))
    report("filling memory", rates(lambda: fill(jnp.uint8(1)), size, given.repeats), "GB/s", 1e9)


if __name__ == "__main__":
    main()
