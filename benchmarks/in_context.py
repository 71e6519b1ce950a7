"""Figures of the laboratory `regression`. Run: `PYTHONPATH=. python benchmarks/in_context.py`.

Trains one-layer linear attention from several seeds and prints the cosine of its input sensitivities with those of one
gradient step.
"""

import argparse

from mesascope.core.jsonable import to_json
from mesascope.core.statistics import Estimate
from mesascope.laboratories.regression.contexts import halves
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


def main() -> None:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=2_000)
    asked = parser.parse_args()
    cosine(asked.seeds, asked.updates)


if __name__ == "__main__":
    main()
