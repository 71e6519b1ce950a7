"""How near training is to what the machine can do: `python benchmarks/training_floor.py [--repeats N] [--updates N]`.

For the glance net by exact policy gradient: seconds of an update; the operations of its matrix products, three times
those of the forward pass (products for the answer, for the gradient of the state and for that of the weights; what is
computed a second time to save memory is not counted); the tanh and sigmoid of the forward pass; the bytes of keeping
the state of every tick and reading it again. Each is divided by what `machine.py` measures right before it. The target
is that the matrix products alone account for half of the time.
"""

import argparse

import jax
import jax.numpy as jnp
from machine import CLOCKS, best_seconds, measure_machine

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.training import advance, begin
from mesascope.worlds.grids.red_doors import RedDoors

CASES = ((9, 24, 32), (9, 16, 32), (9, 24, 16), (13, 24, 32), (25, 24, 32))
"""Size, channels, levels of an update; the first is the default, the third `--quick`."""
TICKS = 16


def main() -> None:
    """Measure every case and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--updates", type=int, default=20, help="updates in one measurement")
    parser.add_argument("--cases", type=int, default=len(CASES), help="how many of the cases, from the first")
    given = parser.parse_args()
    print("size channels levels   ms/update   products: floor ms, share   tanh ms   memory ms")
    for size, channels, levels in CASES[: given.cases]:
        world, optimizer = RedDoors(size=size), ExactPolicyGradient(batch=levels)
        state = begin(optimizer, world, "glance", {"channels": channels, "ticks": TICKS}, seed=0)
        count = jnp.array(given.updates, jnp.int32)

        def train(optimizer=optimizer, world=world, state=state, count=count):
            return jax.tree.leaves(advance(optimizer, world, state, count)[1])

        visits = (size - 2) ** 2 * levels * TICKS
        for name, clock in CLOCKS.items():
            machine = measure_machine(clock)
            seconds = best_seconds(train, clock, given.repeats) / given.updates
            products = 3 * visits * 2 * 5 * channels * 3 * channels / machine.operations
            bent = visits * 3 * channels / machine.tanhs
            moved = visits * 2 * 4 * channels / machine.bytes
            print(
                f"{size:2d}x{size:<2d} {channels:6d} {levels:6d} {seconds * 1e3:11.2f} {products * 1e3:16.2f}, "
                f"{products / seconds:5.0%} {bent * 1e3:11.2f} {moved * 1e3:11.2f}   {name}",
                flush=True,
            )


if __name__ == "__main__":
    main()
