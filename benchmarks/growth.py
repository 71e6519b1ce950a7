"""Seconds and memory against size, levels, ticks, channels and seeds: `python benchmarks/growth.py [AXIS ...]`.

Axes: `solve-cells`, `policy-cells`, `solve-levels`, `train-cells`, `train-levels`, `train-ticks`, `train-channels`,
`train-seeds`; all of them without a name. One line for each point and a fitted exponent for each axis: cost is as its
power, by least squares on logarithms; the range leaves out each point in turn. Memory is what the compiled program asks
for beside its arguments, and does not depend on what else the machine does; seconds are the least of the repeats.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.training import begin
from mesascope.core.mdp import rewards
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values, solve_policy, uniform_policy
from mesascope.worlds.red_doors import RedDoors

Job = tuple[Callable[..., Any], tuple]


class Axis(NamedTuple):
    """What grows, over which values, and the job at each; `amount` is what the exponent is of."""

    values: tuple[int, ...]
    job: Callable[[int], Job]
    amount: Callable[[int], int] = lambda value: value


def _cells(size: int) -> int:
    return (size - 2) ** 2


def _solve(size: int = 9, levels: int = 128) -> Job:
    world = RedDoors(size=size)
    mdp = world.to_mdp(world.draw(named_key(0, "growth"), levels))
    return optimal_values, (mdp, jnp.asarray(world.base_objective.vector(world.features)))


def _policy(size: int = 9, levels: int = 128) -> Job:
    mdp, weights = _solve(size, levels)[1]
    return solve_policy, (mdp, uniform_policy(mdp), rewards(mdp, weights))


def _train(size: int = 9, levels: int = 32, ticks: int = 16, channels: int = 24, seeds: int = 1) -> Job:
    world, optimizer = RedDoors(size=size), ExactPolicyGradient(batch=levels)
    config = {"ticks": ticks, "channels": channels}
    states = [begin(optimizer, world, "glance", config, seed=seed) for seed in range(seeds)]
    arrays, static = zip(*(eqx.partition(state, eqx.is_array) for state in states), strict=True)

    def update(arrays):
        return eqx.filter(optimizer.update(eqx.combine(arrays, static[0]), world)[0], eqx.is_array)

    if seeds == 1:
        return update, (arrays[0],)
    return jax.vmap(update), (jax.tree.map(lambda *parts: jnp.stack(parts), *arrays),)


AXES = {
    "solve-cells": Axis((7, 9, 13, 17, 25), lambda v: _solve(size=v), _cells),
    "policy-cells": Axis((7, 9, 13, 17, 25), lambda v: _policy(size=v), _cells),
    "solve-levels": Axis((64, 256, 1024, 4096), lambda v: _solve(levels=v)),
    "train-cells": Axis((7, 9, 13, 17), lambda v: _train(size=v), _cells),
    "train-levels": Axis((16, 32, 64, 128), lambda v: _train(levels=v)),
    "train-ticks": Axis((8, 16, 32, 64), lambda v: _train(ticks=v)),
    "train-channels": Axis((12, 24, 48, 96), lambda v: _train(channels=v)),
    "train-seeds": Axis((1, 2, 4), lambda v: _train(seeds=v)),
}


def cost(job: Job, repeats: int) -> tuple[float, float]:
    """Least seconds of a call, and megabytes (1,048,576 bytes) of the program beside its arguments."""
    work, arguments = job
    program = jax.jit(work).lower(*arguments).compile()
    needs = program.memory_analysis()
    megabytes = (needs.temp_size_in_bytes + needs.output_size_in_bytes) / 2**20 if needs else float("nan")
    seconds = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        jax.block_until_ready(program(*arguments))
        seconds.append(time.perf_counter() - begun)
    return min(seconds[1:]), megabytes


def exponent(amounts: list[int], costs: list[float]) -> str:
    """The fitted power, and its range when each point is left out in turn."""

    def slope(keep: np.ndarray) -> float:
        return float(np.polyfit(np.log(np.array(amounts)[keep]), np.log(np.array(costs)[keep]), 1)[0])

    every = np.arange(len(amounts))
    others = [slope(every[every != out]) for out in every]
    return f"{slope(every):.2f} ({min(others):.2f} to {max(others):.2f})"


def main() -> None:
    """Measure the axes asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("axes", nargs="*", choices=[[], *AXES], default=[], metavar="AXIS")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    for name in given.axes or AXES:
        axis = AXES[name]
        amounts, seconds, memory = [axis.amount(value) for value in axis.values], [], []
        for value, amount in zip(axis.values, amounts, strict=True):
            spent, megabytes = cost(axis.job(value), given.repeats)
            seconds.append(spent)
            memory.append(megabytes)
            print(f"{name:16s} {value:5d} ({amount:5d})  {spent * 1e3:10.2f} ms  {megabytes:9.2f} MB", flush=True)
        print(f"{name:16s} seconds grow as power {exponent(amounts, seconds)}, memory {exponent(amounts, memory)}")


if __name__ == "__main__":
    main()
