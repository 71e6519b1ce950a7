"""Seeds as lanes: `PYTHONPATH=. python benchmarks/lanes.py`.

Times the exact policy gradient of one net by itself and of several seeds side by side in one compiled program (`jax.vmap` over
their states), for a small net in small mazes and for that of the preset `quick`. Prints milliseconds an update of one seed, and
how many times faster than by itself that is.
"""

import time
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import advance, begin
from mesascope.worlds.registry import make_world

UPDATES = 50
SETTINGS = ((5, 8, 4), (9, 24, 8))
"""Size of the maze, channels and ticks of the net."""


def seconds(run: Callable[[], object]) -> float:
    """Wall seconds of the fastest of four calls, compiled beforehand."""
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        jax.block_until_ready(run())
        took.append(time.perf_counter() - begun)
    return min(took[1:])


def measure(size: int, channels: int, ticks: int) -> None:
    """Print one setting."""
    world = make_world("red-doors", size=size)
    optimizer = build_base_optimizer("exact-policy-gradient", {"batch": 16, "learning_rate": 1e-2})
    count = jnp.array(UPDATES, jnp.int32)
    states = [begin(optimizer, world, "glance", {"channels": channels, "ticks": ticks}, seed=n) for n in range(16)]
    static = eqx.partition(states[0], eqx.is_array)[1]

    def one(arrays: object) -> object:
        return eqx.filter(advance(optimizer, world, eqx.combine(arrays, static), count)[0], eqx.is_array)

    alone = seconds(lambda: jax.tree.leaves(one(eqx.filter(states[0], eqx.is_array))))
    print(f"{size}x{size}, {channels} channels, {ticks} ticks: {1e3 * alone / UPDATES:.2f} ms an update by itself")
    together = jax.jit(jax.vmap(one))
    for lanes in (2, 4, 8, 16):
        stacked = jax.tree.map(lambda *x: jnp.stack(x), *(eqx.filter(s, eqx.is_array) for s in states[:lanes]))
        each = seconds(lambda stacked=stacked: jax.tree.leaves(together(stacked))) / lanes
        print(f"  {lanes} lanes: {1e3 * each / UPDATES:.2f} ms an update of each, {alone / each:.2f} times as fast")


if __name__ == "__main__":
    for setting in SETTINGS:
        measure(*setting)
