"""Figures of the experiment `regression`. Run: `PYTHONPATH=. python benchmarks/in_context.py`.

Trains one-layer linear attention from several seeds and prints the cosine of its input sensitivities with those of one
gradient step.
"""

import argparse

from mesascope.core.jsonable import to_json
from mesascope.core.statistics import Estimate
from mesascope.experiments.regression.contexts import halves
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.regression.instruments.family import family
from mesascope.experiments.regression.instruments.match import match
from mesascope.experiments.regression.training import trained
from mesascope.reports.numbers import estimate_text


def shown(estimate: Estimate | None) -> str:
    """Value and interval."""
    return estimate_text(to_json(estimate), 4)


def cosine(seeds: int, updates: int) -> None:
    """One line for each seed."""
    experiment = Regression(layers=1, updates=updates)
    for seed in range(seeds):
        net, _ = trained(experiment.recipe, seed, None)
        fit, scored = halves(experiment.draw(seed, "match", 4_096))
        (found,) = match(net, family(None, 1)[:1], fit, scored)
        print(f"seed {seed}: cosine {shown(found.cosine)}, distance {shown(found.distance)} to {found.algorithm.name}")


def main() -> None:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=2_000)
    asked = parser.parse_args()
    cosine(asked.seeds, asked.updates)


if __name__ == "__main__":
    main()
