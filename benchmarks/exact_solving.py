"""Levels a second of the exact solver. Run: `python benchmarks/exact_solving.py [--levels N] [--repeats N]`.

Prints one line for each size and quantity: the median over the repeats and their range, compiled beforehand.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp

from mesascope.core.ledger import returns_by_intended
from mesascope.core.mdp import rewards
from mesascope.core.solver import feature_returns, optimal_values, solve_policy, uniform_policy
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.red_doors import RedDoors


def seconds(work: Callable[[], object], repeats: int) -> tuple[float, list[float]]:
    """Seconds of the first call, which compiles, and of `repeats` calls after it."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        jax.block_until_ready(work())
        times.append(time.perf_counter() - start)
    return times[0], times[1:]


def main() -> None:
    """Time optimal values, policy evaluation, feature returns and the ledger's returns on mazes of three sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    print(f"{asked.levels} levels; median of {asked.repeats} runs [slowest, fastest]; levels a second")
    for size in (9, 13, 25):
        world = RedDoors(size=size)
        tables = jax.jit(lambda key, world=world: world.tables(world.draw(key, asked.levels)))
        mdp = jax.block_until_ready(tables(jax.random.key(0)))
        levels = jax.block_until_ready(world.draw(jax.random.key(0), asked.levels))
        door = jnp.asarray(world.intended_goal.vector(world.features))
        red = jnp.zeros_like(door).at[world.features.index("red")].set(1.0)
        solve = jax.jit(lambda levels, world=world, door=door: world.solve(levels, door))
        uniform, reward = uniform_policy(mdp), rewards(mdp, door)
        states = (size - 2) ** 2
        # The floor of solving a level: nothing is computed, and as many numbers are written as it has values.
        fill = jax.jit(lambda x, n=states: (jnp.full((asked.levels, n), x), jnp.full((asked.levels, n, len(MOVES)), x)))
        jobs = {
            "as many numbers, filled in": lambda f=fill: f(1.0),
            "draw and tables": lambda t=tables: t(jax.random.key(1)),
            "optimal values, of levels": lambda s=solve, n=levels: s(n),
            "optimal values, of tables": lambda m=mdp, w=door: optimal_values(m, w),
            "values and visits of a policy": lambda m=mdp, p=uniform, r=reward: solve_policy(m, p, r),
            "feature returns of a policy": lambda m=mdp, p=uniform: feature_returns(m, p),
            "all returns of the ledger": lambda m=mdp, p=uniform, d=door, r=red: returns_by_intended(m, p, d, d, r),
        }
        for name, work in jobs.items():
            first, times = seconds(work, asked.repeats)
            rates = [asked.levels / t for t in times]
            print(
                f"{size:>2}x{size:<2}  {name:<30}{statistics.median(rates):>11,.0f}  "
                f"[{min(rates):,.0f}, {max(rates):,.0f}]   first call {first:.2f} s"
            )


if __name__ == "__main__":
    main()
