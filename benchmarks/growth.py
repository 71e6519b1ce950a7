"""Seconds and memory against size, levels, ticks, channels, seeds and workers: `python benchmarks/growth.py [AXIS ...]`.

Axes: `solve-cells`, `policy-cells`, `solve-levels`, `train-cells`, `train-levels`, `train-ticks`, `train-channels`,
`train-seeds`, `workers`; all of them without a name. One line for each point and a fitted exponent for each axis: cost is as
its power, by least squares on logarithms; the range leaves out each point in turn. Memory is what the compiled program asks
for beside its arguments, and does not depend on what else the machine does; seconds are the least of the repeats. `workers`
divides a fixed number of updates among processes that begin together, each with its program compiled; it has no memory of
one program. `python docs/growth.py` runs all and writes the page.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
from mesascope.worlds.grids.red_doors import RedDoors

Job = tuple[Callable[..., Any], tuple]


class Axis(NamedTuple):
    """What grows, over which values, and the job at each; `amount` is what the exponent is of."""

    values: tuple[int, ...]
    job: Callable[[int], Job]
    amount: Callable[[int], int] = lambda value: value


class Point(NamedTuple):
    """One value of an axis, the amount the exponent is of, least seconds, and megabytes (None where there is no one program)."""

    value: int
    amount: int
    seconds: float
    megabytes: float | None


def _cells(size: int) -> int:
    return (size - 2) ** 2


def _solve(size: int = 9, levels: int = 128) -> Job:
    world = RedDoors(size=size)
    mdp = world.tables(world.draw(named_key(0, "growth"), levels))
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


WORKERS, SHARED = (1, 2, 4), 96
"""Processes, and the updates of the default training that they share."""


def work(updates: int) -> None:
    """As one of several workers: compile, wait to be told, do the updates, and say that they are done."""
    update, arguments = _train()
    program = jax.jit(update).lower(*arguments).compile()
    jax.block_until_ready(program(*arguments))
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(updates):
        jax.block_until_ready(program(*arguments))
    print("done", flush=True)


def shared(workers: int) -> float:
    """Seconds in which so many processes do `SHARED` updates together."""
    command = [sys.executable, __file__, "--work", str(SHARED // workers)]
    pipes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    said = [pipe.stdout for pipe in pipes if pipe.stdout is not None]
    for lines in said:
        lines.readline()
    begun = time.perf_counter()
    for pipe in pipes:
        assert pipe.stdin is not None
        pipe.stdin.write("\n")
        pipe.stdin.flush()
    for lines in said:
        lines.readline()
    spent = time.perf_counter() - begun
    if any(pipe.wait() for pipe in pipes):
        sys.exit("a worker failed (see above)")
    return spent


def points(name: str, repeats: int) -> Iterator[Point]:
    """Every point of an axis as it is measured."""
    if name == "workers":
        for workers in WORKERS:
            yield Point(workers, workers, min(shared(workers) for _ in range(repeats)), None)
        return
    axis = AXES[name]
    for value in axis.values:
        yield Point(value, axis.amount(value), *cost(axis.job(value), repeats))


def fits(found: list[Point]) -> dict[str, str]:
    """Exponents of seconds, and of megabytes where they were measured."""
    amounts = [point.amount for point in found]
    costs = {"seconds": [point.seconds for point in found]}
    megabytes = [point.megabytes for point in found if point.megabytes is not None]
    if len(megabytes) == len(found):
        costs["megabytes"] = megabytes
    return {what: exponent(amounts, each) for what, each in costs.items()}


def exponent(amounts: list[int], costs: list[float]) -> str:
    """The fitted power, and its range when each point is left out in turn."""

    def slope(keep: np.ndarray) -> float:
        return float(np.polyfit(np.log(np.array(amounts)[keep]), np.log(np.array(costs)[keep]), 1)[0])

    every = np.arange(len(amounts))
    others = [slope(every[every != out]) for out in every]
    return f"{slope(every):.2f} ({min(others):.2f} to {max(others):.2f})"


EVERY = (*AXES, "workers")


def main() -> None:
    """Measure the axes asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("axes", nargs="*", choices=[[], *EVERY], default=[], metavar="AXIS")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work is not None:
        work(given.work)
        return
    for name in given.axes or EVERY:
        found = []
        for point in points(name, given.repeats):
            found.append(point)
            size = "" if point.megabytes is None else f"  {point.megabytes:9.2f} MB"
            print(f"{name:16s} {point.value:5d} ({point.amount:5d})  {point.seconds * 1e3:10.2f} ms{size}", flush=True)
        for what, fitted in fits(found).items():
            print(f"{name:16s} {what} grow as power {fitted}")


if __name__ == "__main__":
    main()
