"""What was tried to make training faster, measured beside what is done: `python benchmarks/training_variants.py [--repeats N]`.

Processor and wall milliseconds of an update of the default training, for each variant, and how far its policy is from
that of the training as it is after as many updates. `docs/design/training-speed.md` has what was expected of each.
"""

import argparse
from collections.abc import Callable
from contextlib import contextmanager

import equinox as eqx
import jax
import jax.numpy as jnp
from machine import CLOCKS, best_seconds

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.training import advance, begin
from mesascope.core.rng import named_key
from mesascope.core.subject import policy_table
from mesascope.learned import channels_first
from mesascope.worlds.grids.red_doors import RedDoors

WORLD, OPTIMIZER, SEEDS = RedDoors(), ExactPolicyGradient(), 3


@contextmanager
def replaced(module, name: str, value: Callable):
    """A name of a module that stands for something else meanwhile; programs compiled before are forgotten."""
    before = getattr(module, name)
    setattr(module, name, value)
    jax.clear_caches()
    try:
        yield
    finally:
        setattr(module, name, before)
        jax.clear_caches()


def in_half_precision(field, weights):
    """The stencil's product of numbers of 16 bits, summed in 32."""
    height, width = field.shape[1:3]
    padded = jnp.pad(field, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = (padded[:, :height, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :width], padded[:, 1:-1, 2:])
    around = jnp.concatenate([field, *shifted]).reshape(weights.shape[0], -1)
    product = jnp.matmul(
        weights.T.astype(jnp.bfloat16), around.astype(jnp.bfloat16), preferred_element_type=jnp.float32
    )
    return product.reshape(-1, *field.shape[1:])


def one(updates: int) -> Callable[[], object]:
    """A default training from seed 0."""
    start = begin(OPTIMIZER, WORLD, "glance", seed=0)
    return lambda: advance(OPTIMIZER, WORLD, start, jnp.array(updates, jnp.int32))[0]


def together(updates: int) -> Callable[[], object]:
    """Several seeds in one program."""
    starts = [begin(OPTIMIZER, WORLD, "glance", seed=seed) for seed in range(SEEDS)]
    arrays = [eqx.filter(start, eqx.is_array) for start in starts]
    static = eqx.filter(starts[0], eqx.is_array, inverse=True)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *arrays)

    @jax.jit
    def work(stacked):
        def each(start):
            after = advance(OPTIMIZER, WORLD, eqx.combine(start, static), jnp.array(updates, jnp.int32))[0]
            return eqx.filter(after, eqx.is_array)

        return jax.vmap(each)(stacked)

    return lambda: work(stacked)


def leaves(state: object) -> list:
    """What has to be waited for."""
    return jax.tree.leaves(eqx.filter(state, eqx.is_array))


def measured(name: str, work: Callable[[], object], updates: int, repeats: int, seeds: int = 1) -> object:
    """Print the line of a variant and give the state it ended in."""
    times = {
        clock: best_seconds(lambda: leaves(work()), read, repeats) / (updates * seeds) for clock, read in CLOCKS.items()
    }
    print(f"{name:44s} {times['processor'] * 1e3:8.2f} {times['wall'] * 1e3:8.2f}", flush=True)
    return work()


def main() -> None:
    """Measure every variant and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--updates", type=int, default=20, help="updates in one measurement")
    given = parser.parse_args()
    print(f"{'milliseconds of an update':44s} processor     wall")
    whole = measured("as it is", one(given.updates), given.updates, given.repeats)
    measured(
        f"{SEEDS} seeds in one program, for each seed", together(given.updates), given.updates, given.repeats, SEEDS
    )
    with replaced(channels_first.jax, "checkpoint", lambda tick: tick):
        measured("every tick kept for the gradient", one(given.updates), given.updates, given.repeats)
    with replaced(channels_first, "_stencil", in_half_precision):
        half = measured("products of 16 bits", one(given.updates), given.updates, given.repeats)
        shown = WORLD.observe(WORLD.draw(named_key(0, "variants"), 256))
        policies = [policy_table(channels_first.answer(state.subject, shown)) for state in (whole, half)]
    print(f"products of 16 bits: probabilities differ by up to {float(jnp.abs(policies[0] - policies[1]).max()):.1e}")


if __name__ == "__main__":
    main()
