"""From rows to error rates: the threshold chosen on one half of the zoo, what it does on the other, curves and pairs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mesascope.core.statistics import Estimate, rate_of
from mesascope.instruments.interventions.operating_point import OperatingPoint

Row = Mapping[str, Any]

GRID = tuple(round(0.25 + 0.01 * step, 2) for step in range(71))
"""Thresholds considered."""


class Curve(NamedTuple):
    """A receiver operating characteristic: thresholds from high to low with the rates at each, and the area under it."""

    name: str
    thresholds: tuple[float, ...]
    sensitivity: tuple[float, ...]
    false_positive_rate: tuple[float, ...]
    area: float


class Rates(NamedTuple):
    """How often one way of deciding is right, on some rows."""

    name: str
    sensitivity: Estimate
    specificity: Estimate
    positives: int
    negatives: int


class Pairs(NamedTuple):
    """Pairs of a searcher and another that answer alike to the last bit, and how many were confused: the searcher was not
    found, or the other was `mistaken` for one. `listed` names the confused, with their seeds.
    """

    pairs: int
    confused: int
    mistaken: int
    listed: tuple[str, ...]


def searches(row: Row, threshold: float) -> bool:
    """The verdict at a threshold: what it is at the lowest one, and every test's lower bound above the threshold."""
    return row["verdict"] == "search" and row["least"] > threshold


def tests_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Names of the tests in any of the rows, in order."""
    return tuple(dict.fromkeys(name for row in rows for name in row["tests"]))


def ways(threshold: float, tests: Sequence[str]) -> dict[str, Callable[[Row], bool]]:
    """Ways of deciding, from single tests to the whole verdict."""

    def alone(test: str) -> Callable[[Row], bool]:
        def passes(row: Row) -> bool:
            least = row["tests"][test]["least"]
            return least is not None and least > threshold

        return passes

    def together(row: Row) -> bool:
        return row["least"] is not None and row["least"] > threshold

    return {
        **{f"{test} alone": alone(test) for test in tests},
        "the three tests": together,
        "the three tests and the capacity bound": lambda row: searches(row, threshold),
    }


def choose_threshold(rows: Sequence[Row]) -> float:
    """The middle of the thresholds that do best on the rows, the worse of the two error rates counting first.

    Ties are many where the halves separate: the middle leaves most room on both sides.
    """
    labeled = [row for row in rows if row["searches"] is not None]

    def errors(threshold: float) -> tuple[float, float]:
        said = np.array([searches(row, threshold) for row in labeled], bool)
        truth = np.array([row["searches"] for row in labeled], bool)
        missed = float((~said[truth]).mean()) if truth.any() else 0.0
        taken = float(said[~truth].mean()) if (~truth).any() else 0.0
        return max(missed, taken), missed + taken

    found = {threshold: errors(threshold) for threshold in GRID}
    best = min(found.values())
    tied = [threshold for threshold, pair in found.items() if pair == best]
    return tied[len(tied) // 2]


def rates(name: str, rows: Sequence[Row], decide: Callable[[Row], bool]) -> Rates:
    """Sensitivity and specificity with exact intervals; a row without a label counts for neither."""
    positive = [decide(row) for row in rows if row["searches"] is True]
    negative = [decide(row) for row in rows if row["searches"] is False]
    return Rates(
        name,
        rate_of(sum(positive), len(positive)),
        rate_of(len(negative) - sum(negative), len(negative)),
        len(positive),
        len(negative),
    )


def curve(name: str, rows: Sequence[Row], score: Callable[[Row], float | None]) -> Curve:
    """Rates at every threshold of a score; a missing score is below every threshold."""
    labeled = [(score(row), bool(row["searches"])) for row in rows if row["searches"] is not None]
    values = np.array([-np.inf if value is None else value for value, _ in labeled])
    truth = np.array([label for _, label in labeled])
    thresholds = [np.inf, *sorted({v for v in values if np.isfinite(v)}, reverse=True), -np.inf]
    hits = [float((values[truth] >= t).mean()) for t in thresholds]
    alarms = [float((values[~truth] >= t).mean()) for t in thresholds]
    area = float(np.trapezoid(hits, alarms))
    return Curve(name, tuple(map(float, thresholds)), tuple(hits), tuple(alarms), area)


def pairs(rows: Sequence[Row], threshold: float) -> Pairs:
    """Every searcher with every other subject of the same seed that answers alike to the last bit."""
    confused: dict[str, list[int]] = {}
    count = mistaken = 0
    for one in (row for row in rows if row["searches"] is True):
        for other in (row for row in rows if row["searches"] is False):
            if one["outputs"] and one["seed"] == other["seed"] and one["outputs"] == other["outputs"]:
                count += 1
                mistaken += searches(other, threshold)
                if not searches(one, threshold) or searches(other, threshold):
                    confused.setdefault(f"{one['name']} and {other['name']}", []).append(one["seed"])
    listed = tuple(f"{names}: seeds {', '.join(map(str, seeds))}" for names, seeds in confused.items())
    return Pairs(count, sum(map(len, confused.values())), mistaken, listed)


def operating_point(rows: Sequence[Row], command: str, threshold: float | None = None) -> OperatingPoint:
    """Chosen on the half named `tune` unless it is given, counted on the half named `test`."""
    if threshold is None:
        threshold = choose_threshold([row for row in rows if row["half"] == "tune"])
    held_out = [row for row in rows if row["half"] == "test"]
    said = [(bool(row["searches"]), searches(row, threshold)) for row in held_out if row["searches"] is not None]
    return OperatingPoint(
        threshold,
        sum(truth and found for truth, found in said),
        sum(truth for truth, _ in said),
        sum(found and not truth for truth, found in said),
        sum(not truth for truth, _ in said),
        command,
    )
