"""What this machine can do at most: `python benchmarks/machine.py`. Rates that other benchmarks hold themselves against.

Matrix product: single precision, 1,536 x 1,536, through the same compiler. Memory: adding one to 64 MB in place, bytes
read and written. Tanh: over 16,384 numbers that stay in cache. The best of the repeats: a floor is what was possible.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
"""Processor seconds add up those of all cores: on a busy machine they say more."""


class Machine(NamedTuple):
    """Measured rates, a second."""

    operations: float
    """Multiplications and additions of a large matrix product."""
    bytes: float
    tanhs: float


def best_seconds(work: Callable[[], object], clock: Callable[[], float], repeats: int = 7) -> float:
    """Least seconds of `repeats` calls after one that compiles."""
    jax.block_until_ready(work())
    found = []
    for _ in range(repeats):
        begun = clock()
        jax.block_until_ready(work())
        found.append(clock() - begun)
    return min(found)


def measure_machine(clock: Callable[[], float] = time.perf_counter) -> Machine:
    """All three rates, by seconds on the wall or, with `time.process_time`, by processor seconds."""
    side, many, few, rounds = 1536, 2**24, 2**14, 200
    square = jnp.full((side, side), 0.5)
    product = jax.jit(lambda a: a @ a)
    held = [jnp.zeros(many)]
    add = jax.jit(lambda x: x + 1, donate_argnums=0)

    def again() -> jax.Array:
        held[0] = add(held[0])
        return held[0]

    bend = jax.jit(lambda x: jax.lax.fori_loop(0, rounds, lambda _, y: jnp.tanh(y), x))
    small = jnp.linspace(-3.0, 3.0, few)
    return Machine(
        2 * side**3 / best_seconds(lambda: product(square), clock),
        8 * many / best_seconds(again, clock),
        few * rounds / best_seconds(lambda: bend(small), clock),
    )


def main() -> None:
    """Print the rates."""
    print(f"{jax.default_backend()}, {len(jax.devices())} device(s)")
    for name, clock in CLOCKS.items():
        found = measure_machine(clock)
        print(f"matrix product {found.operations / 1e9:8.1f} GFLOP/s, {name}")
        print(f"memory         {found.bytes / 1e9:8.1f} GB/s, {name}")
        print(f"tanh           {found.tanhs / 1e9:8.2f} billion/s, {name}")


if __name__ == "__main__":
    main()
