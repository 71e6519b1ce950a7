"""How often intervals of few units hold the truth, by simulation: `python -m benchmarks.intervals [--repeats N] [--page]`.

With `--page` the tables are put into docs/design/intervals.md. A few minutes.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.nested_intervals import nested_table
from docs.blocks import put, table
from mesascope.core.statistics import (
    Estimate,
    difference_of_means,
    mean_of,
    mean_over_seeds,
    rate_of,
    ratio_of,
)

PAGE = Path(__file__).parents[1] / "docs" / "design" / "intervals.md"
FEW_UNITS = (2, 3, 5, 10)

Draw = Callable[[np.random.Generator, int], np.ndarray]


def _events(rate: float) -> Draw:
    return lambda rng, n: (rng.random(n) < rate) * 1.0


def _failing(rate: float) -> Draw:
    """Agents near 0.98, of which some fail and reach 0.2."""
    return lambda rng, n: np.where(rng.random(n) < rate, rng.beta(2, 8, n), rng.beta(98, 2, n))


BOUNDED: dict[str, tuple[Draw, float]] = {
    "events, 2 %": (_events(0.02), 0.02),
    "events, 10 %": (_events(0.1), 0.1),
    "events, 50 %": (_events(0.5), 0.5),
    "Beta(2, 5)": (lambda rng, n: rng.beta(2, 5, n), 2 / 7),
    "Beta(0.3, 3)": (lambda rng, n: rng.beta(0.3, 3, n), 0.1 / 1.1),
    "Beta(20, 1)": (lambda rng, n: rng.beta(20, 1, n), 20 / 21),
    "one agent in ten fails": (_failing(0.1), 0.9 * 0.98 + 0.1 * 0.2),
}
"""Units between 0 and 1, and their mean."""


class Kind(NamedTuple):
    """Units without bounds, their mean, and whether Student's interval claims to hold 93 % of the time for them."""

    draw: Draw
    mean: float
    claimed: bool


UNBOUNDED = {
    "normal": Kind(lambda rng, n: rng.normal(size=n), 0.0, True),
    "Laplace": Kind(lambda rng, n: rng.laplace(size=n), 0.0, True),
    "Gamma(8)": Kind(lambda rng, n: rng.gamma(8, size=n), 8.0, True),
    "uniform": Kind(lambda rng, n: rng.uniform(-1, 1, n), 0.0, False),
    "exponential": Kind(lambda rng, n: rng.exponential(size=n), 1.0, False),
    "log-normal": Kind(lambda rng, n: rng.lognormal(size=n), float(np.exp(0.5)), False),
    "2 % are 1, others 0": Kind(_events(0.02), 0.02, False),
}


def ratios(spread: float) -> tuple[Draw, float]:
    """Numerators that are 0.6 of their denominators on average, which differ by this much around 1."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        denominator = rng.uniform(1 - spread, 1 + spread, n)
        return np.stack([denominator * rng.normal(0.6, 0.15, n), denominator], 1)

    return draw, 0.6


def held(
    interval: Callable[[np.ndarray], Estimate], draw: Draw, truth: float, units: int, repeats: int, seed: int = 0
) -> float:
    """Share of repeats in which the interval of so many units holds the truth; an interval that is none does not."""
    rng = np.random.default_rng([seed, units])
    found = np.array([interval(draw(rng, units)).interval for _ in range(repeats)])
    return float(np.mean((found[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= found[:, 1])))


def _row(name: str, interval: Callable[[np.ndarray], Estimate], draw: Draw, truth: float, repeats: int) -> list[str]:
    return [name, *(f"{held(interval, draw, truth, n, repeats):.3f}" for n in FEW_UNITS)]


def tables(repeats: int) -> dict[str, str]:
    """Coverage by distribution and number of units, one table for each kind of quantity."""
    columns = ("units", *(f"n = {n}" for n in FEW_UNITS))
    bounded = [_row(name, lambda x: mean_of(x, 0, 1), *kind, repeats) for name, kind in BOUNDED.items()]
    seeds = [_row(name, lambda x: mean_over_seeds(x, 0, 1), *kind, repeats) for name, kind in BOUNDED.items()]
    means = [_row(name, mean_of, kind.draw, kind.mean, repeats) for name, kind in UNBOUNDED.items()]
    differences = [_row(name, _of_halves, _twice(kind.draw), 0.0, repeats) for name, kind in UNBOUNDED.items()]
    counts = [
        _row(f"rate {rate:g}", lambda x: rate_of(x.sum(), len(x)), _events(rate), rate, repeats)
        for rate in (0.01, 0.05, 0.2, 0.5)
    ]
    shares = [
        _row(f"denominators from {1 - s:g} to {1 + s:g}", lambda x: ratio_of(x[:, 0], x[:, 1]), *ratios(s), repeats)
        for s in (0.0, 0.4, 0.8)
    ]
    made = {
        "counts": counts, "bounded": bounded, "seeds": seeds, "means": means, "differences": differences, "ratios": shares,
    }  # fmt: skip
    return {**{name: table(columns, rows) for name, rows in made.items()}, "nested": nested_table(repeats)}


def _of_halves(values: np.ndarray) -> Estimate:
    return difference_of_means(values[::2], values[1::2])


def _twice(draw: Draw) -> Draw:
    return lambda rng, n: draw(rng, 2 * n)


def main() -> None:
    """Print the tables, or put them into the page."""
    given = argparse.ArgumentParser(description="Coverage of intervals of few units.")
    given.add_argument("--repeats", type=int, default=2_000)
    given.add_argument("--page", action="store_true")
    asked = given.parse_args()
    made = tables(asked.repeats)
    if asked.page:
        put(PAGE, "python -m benchmarks.intervals --page", made)
    else:
        print("\n\n".join(f"{name}\n{text}" for name, text in made.items()))


if __name__ == "__main__":
    main()
