"""Figures of the laboratory `regression`. Run: `PYTHONPATH=. python benchmarks/in_context.py cosine` or `... diversity`.

`cosine` trains one-layer linear attention from several seeds and prints the cosine of its input sensitivities with those of
one gradient step. `diversity` trains networks on few to many tasks and prints which algorithm they answer like.
"""

import argparse

from mesascope.core.jsonable import to_json
from mesascope.core.statistics import Estimate
from mesascope.laboratories.regression.contexts import halves
from mesascope.laboratories.regression.diversity import diversity
from mesascope.laboratories.regression.instruments.family import family
from mesascope.laboratories.regression.instruments.match import match
from mesascope.laboratories.regression.laboratory import Regression
from mesascope.laboratories.regression.training import trained
from mesascope.reports.numbers import estimate_text


def shown(estimate: Estimate | None) -> str:
    """Value and interval."""
    return estimate_text(to_json(estimate), 4)


def cosine(seeds: int, updates: int) -> None:
    """One line for each seed."""
    laboratory = Regression(layers=1, updates=updates)
    for seed in range(seeds):
        net, _ = trained(laboratory.recipe, seed, None)
        fit, scored = halves(laboratory.draw(seed, "match", 4_096))
        (found,) = match(net, family(None, 1)[:1], fit, scored)
        print(f"seed {seed}: cosine {shown(found.cosine)}, distance {shown(found.distance)} to {found.algorithm.name}")


def tasks(laboratory: Regression, seeds: range, counts: list[int]) -> None:
    """One line for each seed and number of tasks."""
    for seed in seeds:
        for row in diversity(laboratory, seed, counts):
            print(
                f"seed {seed}, {row.tasks:>5} tasks: distance to remembered tasks {shown(row.remembered)}, to {row.algorithm} "
                f"{shown(row.searching)}; query loss {shown(row.home)}, on fresh tasks {shown(row.fresh)}",
                flush=True,
            )


def main() -> None:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("cosine", "diversity"))
    parser.add_argument("--seeds", type=int, default=0, help="how many; 5 for cosine, 1 for diversity")
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--updates", type=int, default=2_000)
    parser.add_argument("--attention", default="softmax")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=Regression.batch)
    parser.add_argument("--counts", type=int, nargs="+", default=[2**k for k in range(11)], help="divisors of 1024")
    asked = parser.parse_args()
    if asked.what == "cosine":
        cosine(asked.seeds or 5, asked.updates)
    else:
        laboratory = Regression(
            attention=asked.attention, layers=asked.layers, updates=asked.updates, batch=asked.batch
        )
        tasks(laboratory, range(asked.seed, asked.seed + (asked.seeds or 1)), asked.counts)


if __name__ == "__main__":
    main()
