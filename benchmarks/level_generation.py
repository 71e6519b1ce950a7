"""Levels of red-doors drawn a second: `python benchmarks/level_generation.py [--levels N] [--repeats N]`.

Prints the median over the repeats and the range, compilation left out.
"""

import argparse
import statistics
import time
from functools import partial

import jax

from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors

SIZES = (9, 13, 25)


def rates(size: int, levels: int, repeats: int) -> list[float]:
    """Levels a second of each repeat."""
    draw = jax.jit(partial(RedDoors(size=size).draw, count=levels))
    jax.block_until_ready(draw(named_key(0, "warm")))
    found = []
    for repeat in range(repeats):
        key = named_key(0, "benchmark", repeat)
        start = time.perf_counter()
        jax.block_until_ready(draw(key))
        found.append(levels / (time.perf_counter() - start))
    return found


def main() -> None:
    """Measure every size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, default=2_000, help="levels of one batch")
    parser.add_argument("--repeats", type=int, default=7, help="batches of each size, at least 5")
    given = parser.parse_args()
    if given.levels < 1 or given.repeats < 5:
        parser.error("expected --levels of at least 1 and --repeats of at least 5")
    print(f"red-doors, batches of {given.levels} levels, median of {given.repeats} (range), {jax.default_backend()}")
    for size in SIZES:
        found = rates(size, given.levels, given.repeats)
        median, low, high = statistics.median(found), min(found), max(found)
        print(f"{size}x{size}: {median:,.0f} levels a second ({low:,.0f} to {high:,.0f})")


if __name__ == "__main__":
    main()
