"""Updates a second of the default training, and PPO steps a second: median and range.

    python benchmarks/training_updates.py [--repeats N]

Compilation is timed apart. The machine should be idle; figures of a busy one say little.
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp

from mesascope.base_optimizers.ppo import PPO
from mesascope.base_optimizers.registry import PRESETS, build_base_optimizer
from mesascope.base_optimizers.training import advance, begin
from mesascope.worlds.grids.red_doors import RedDoors


def rates(optimizer, updates: int, repeats: int) -> tuple[float, list[float]]:
    """Seconds of the first update, compilation included, and updates a second in each repeat."""
    world = RedDoors()
    state = begin(optimizer, world, "glance", seed=0)
    start = time.perf_counter()
    state, _ = jax.block_until_ready(advance(optimizer, world, state, jnp.array(1, jnp.int32)))
    first = time.perf_counter() - start
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        state, _ = jax.block_until_ready(advance(optimizer, world, state, jnp.array(updates, jnp.int32)))
        found.append(updates / (time.perf_counter() - start))
    return first, found


def report(name: str, first: float, found: list[float], unit: str) -> None:
    """One line: median, range, first update."""
    print(
        f"{name:36s} {statistics.median(found):10.1f} {unit} (range {min(found):.1f} to {max(found):.1f}, "
        f"{len(found)} repeats; first update {first:.1f} s)"
    )


def main() -> None:
    """Time everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    for preset, options in PRESETS.items():
        first, found = rates(build_base_optimizer("exact-policy-gradient", options), 50, repeats)
        report(f"exact-policy-gradient, {preset}", first, found, "updates/s")
    ppo = PPO()
    first, found = rates(ppo, 5, repeats)
    report("ppo, default", first, found, "updates/s")
    report("ppo, default", first, [rate * ppo.steps_per_update for rate in found], "steps/s")


if __name__ == "__main__":
    main()
