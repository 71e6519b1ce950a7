"""Where search should begin to win by RLO's formula, beside where it does."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate, Interval, statistic_of
from mesascope.experiments.savanna.ecology import Ecology
from mesascope.experiments.savanna.phases import Phases
from mesascope.experiments.savanna.power import best_search, boundary, tradeoff

POWERS = np.geomspace(1.0, 64.0, 145)
"""Budgets in bits among which the fitted one is sought."""


class Crossing(NamedTuple):
    """At one cost: contexts at which animals are half of the last generation, found and predicted; None where the shares
    do not cross, or no budget could be fitted. `fitted` says whether the budget was fitted to it or it is a check.
    """

    cost: float
    found: Estimate | None
    predicted: float | None
    fitted: bool


class Diversity(NamedTuple):
    """`power` is the budget P in bits, the one number that is fitted: to the costs marked so, and checked on the others. None
    where no boundary was found to fit it to.

    Errors are mean absolute differences of predicted and found, in doublings of the number of contexts, on fitted and on
    checked costs; `constant` is the checked error of a boundary that does not move with the cost, fitted alike, and `between`
    that of straight lines between the fitted boundaries, which know no formula. `free` is the slope of f where search begins:
    contexts from which any search pays at no cost, whatever the budget. `search` holds, by contexts, the formula's x* in bits a
    context at the lowest cost, and the share of animals found there.
    """

    power: float | None
    free: float
    crossings: tuple[Crossing, ...]
    error_fitted: float
    error_checked: float
    constant: float
    between: float
    search: tuple[tuple[int, float, Estimate], ...]


def compare_with_formula(phases: Phases, ecology: Ecology) -> Diversity:
    """Fit P on every other cost, predict the boundary at all."""
    costs = sorted({float(p.life.cost) for p in phases.grid})
    counts = sorted({int(p.life.contexts) for p in phases.grid})
    shares = {
        cost: np.array([p.by_seed for n in counts for p in phases.grid if (p.life.contexts, p.life.cost) == (n, cost)])
        for cost in costs
    }
    found = {cost: _crossing(np.log2(counts), rows) for cost, rows in shares.items()}
    curves = {cost: tradeoff(ecology.options, ecology.correlation, cost) for cost in costs}
    seen = {c: float(np.log2(at.value)) for c, at in found.items() if at is not None}
    fitted, checked = costs[::2], costs[1::2]

    def error(at: list[float], predicted: dict[float, float]) -> float:
        gaps = [abs(np.log2(predicted[c]) - seen[c]) for c in at if c in seen and c in predicted]
        return float(np.mean(gaps)) if gaps else float("nan")

    tables = [{c: boundary(curves[c], power) for c in costs} for power in POWERS]
    errors = [error(fitted, table) for table in tables]
    at = int(np.nanargmin(errors)) if np.isfinite(errors).any() else None
    power, table = (None, {}) if at is None else (float(POWERS[at]), tables[at])
    known = [c for c in fitted if c in seen]
    level = float(np.median([seen[c] for c in known] or [np.nan]))
    straight = {c: 2.0 ** float(np.interp(c, known, [seen[k] for k in known])) for c in costs} if known else {}
    lowest = {int(p.life.contexts): p.share for p in phases.grid if p.life.cost == costs[0]}
    free = tradeoff(ecology.options, ecology.correlation, 0.0)
    begins = int(np.searchsorted(free.bits, 0.01))
    return Diversity(
        power,
        float(free.price[begins] / free.bits[begins]) if begins < len(free.bits) else float("inf"),
        tuple(Crossing(c, found[c], table.get(c), c in fitted) for c in costs),
        error(fitted, table),
        error(checked, table),
        error(checked, dict.fromkeys(costs, 2.0**level)),
        error(checked, straight),
        () if power is None else tuple((n, best_search(curves[costs[0]], power, n), lowest[n]) for n in counts),
    )


def _crossing(doublings: Float[np.ndarray, " point"], shares: Float[np.ndarray, "point seed"]) -> Estimate | None:
    """Contexts at which the mean share of seeds first passes a half, between the settings that were run; None where it does
    not. What passes before the first setting or after the last counts as passing there, an end of the interval as well.
    """
    mean = shares.mean(1)
    if mean[0] >= 0.5 or not (mean >= 0.5).any():
        return None

    def passed(means: Float[np.ndarray, "resample point"]) -> Float[np.ndarray, " resample"]:
        above = means >= 0.5
        first = above.argmax(1)
        row, left = np.arange(len(means)), np.maximum(first - 1, 0)
        low, high = means[row, left], means[row, first]
        with np.errstate(invalid="ignore", divide="ignore"):
            between = doublings[left] + (0.5 - low) / (high - low) * (doublings[first] - doublings[left])
        between = np.where(first > 0, between, doublings[0])
        return 2.0 ** np.where(above.any(1), between, doublings[-1])

    found = statistic_of(shares.T, passed)
    low, high = np.clip(found.interval, 2.0 ** doublings[0], 2.0 ** doublings[-1])
    return Estimate(found.value, Interval(float(low), float(high)))
