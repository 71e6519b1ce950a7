"""The formula for diversity over the phase diagram."""

import math

import numpy as np

from mesascope.core.statistics import Estimate
from mesascope.experiments.savanna.diversity import Diversity
from mesascope.instruments.report_parts import Cell, ReportPart, curves, line, table


def of_formula(found: Diversity) -> ReportPart:
    """Predicted boundaries beside found ones."""
    rows: list[tuple[Cell, ...]] = [
        (
            f"cost {c.cost:g}",
            c.found,
            None if c.predicted is None else round(c.predicted, 1),
            "fitted" if c.fitted else "checked",
        )
        for c in found.crossings
    ]
    rows += [
        (f"x* with {n} contexts, lowest cost", share, round(bits, 2), "share of animals found beside bits predicted")
        for n, bits, share in found.search
    ]
    foretold = [(c.cost, c.predicted) for c in found.crossings if c.predicted and math.isfinite(c.predicted)]
    lines = (
        line("found", ((c.cost, _doublings(c.found)) for c in found.crossings if c.found is not None)),
        line("predicted", ((cost, math.log2(contexts)) for cost, contexts in foretold)),
    )
    told = (
        "no boundary was found on those costs, so that nothing was fitted."
        if found.power is None
        else f"came out at {found.power:.1f} bits; predicted contexts are off by {found.error_fitted:.2f} doublings there and by "
        f"{found.error_checked:.2f} on the costs held out, where a boundary that does not move with the cost is off by "
        f"{found.constant:.2f}, and straight lines between the fitted boundaries, which know no formula, by {found.between:.2f}. "
        "All costs were run on the same seeds, and the phase diagram was known when the formula was put beside it."
    )
    text = (
        "RLO's formula (section 2.1): of optimization power P for N tasks, x* = argmax (P - f(x))/N + x is left to the learned "
        "algorithm, inside at f'(x*) = N. Here a task is a context, power is bits, and f(x) is what it takes to make values "
        "whose search is worth x bits in every context; all of it follows from the number of options, of percepts, the "
        "correlation and the cost. One number is not the model's own: the budget P. It was fitted to every other cost and "
        f"{told} Nothing is fitted in this: without cost some search pays from f'(0) = {found.free:.1f} contexts. "
        "The paper's example f = x^2/2c, with x* = min(cN, sqrt(2cP)), has no such threshold. The formula has no price of "
        "searching; it is taken off what search is worth. Animals express no reflexes, so that power is spent on one or the "
        "other: the formula is read at its ends. It does not apply where one kind comes first (from plants alone), nor to where "
        "selection ends if given time: P is what had been spent when one kind took over."
    )
    return ReportPart(
        "Where search should begin",
        text,
        curves("cost of search", "contexts, as a power of two", *lines),
        table("", "found", "predicted", "", rows=rows),
    )


def _doublings(found: Estimate) -> Estimate:
    low, high = (float(np.log2(bound)) for bound in found.interval)
    return Estimate(float(np.log2(found.value)), type(found.interval)(low, high))
