"""What the experiment shows beyond what every audit has."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate
from mesascope.experiments.test_result import TestResult
from mesascope.instruments.report_parts import Cell, Line, ReportPart, Spot, Table, bars, curves
from mesascope.instruments.search.verdict import Verdict


def part_of_verdicts(verdicts: Sequence[Verdict], rate: Estimate, searches: bool) -> ReportPart:
    """How many are said to search, which of classifiers is the rate of false positives."""
    counts = Counter(verdicts)
    rows = tuple((verdict, counts[verdict]) for verdict in (Verdict.SEARCH, Verdict.CANNOT_TELL, Verdict.NO_SEARCH))
    what = "The subject does search" if searches else "No classifier searches: this is the rate of false positives"
    return ReportPart(
        "How many are said to search",
        f"{what}. The interval is exact (Clopper and Pearson).",
        bars("share said to search", {"said to search": rate}),
        Table(("verdict", "subjects"), rows),
    )


def part_of_tests(each: Sequence[Sequence[TestResult]]) -> ReportPart:
    """Scores of every network."""
    heads = tuple(test.name for test in each[0])
    rows: list[tuple[Cell, ...]] = [(f"subject {at}", *(t.score for t in tests)) for at, tests in enumerate(each)]
    return ReportPart(
        "Every subject by itself",
        "Share of pictures that are answered as the edit asks.",
        None,
        Table(("", *heads), tuple(rows)),
    )


def part_of_training(losses: Float[np.ndarray, " tick"], most: int = 40) -> ReportPart:
    """The loss along the way."""
    every = max(len(losses) // most, 1)
    line = Line("cross-entropy", tuple(Spot(float(at), float(losses[at])) for at in range(0, len(losses), every)))
    return ReportPart("Training", "Mean cross-entropy of all networks.", curves("updates", "cross-entropy", line))
