"""What the experiment shows beyond what every audit has."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.report_parts import ReportPart, bars, curves, line, table
from mesascope.instruments.search.verdict import Verdict


def part_of_verdicts(verdicts: Sequence[Verdict], rate: Estimate, searches: bool) -> ReportPart:
    """How many are said to search, which of classifiers is the rate of false positives."""
    counts = Counter(verdicts)
    rows = [(verdict, counts[verdict]) for verdict in (Verdict.SEARCH, Verdict.CANNOT_TELL, Verdict.NO_SEARCH)]
    what = "The subject does search" if searches else "No classifier searches: this is the rate of false positives"
    return ReportPart(
        "How many are said to search",
        f"{what}. The interval is exact (Clopper and Pearson).",
        bars("share said to search", {"said to search": rate}),
        table("verdict", "subjects", rows=rows),
    )


def part_of_tests(each: Sequence[Sequence[TestResult]]) -> ReportPart:
    """Scores of every network."""
    rows = [(f"subject {at}", *(t.score for t in tests)) for at, tests in enumerate(each)]
    listed = table("", *(test.name for test in each[0]), rows=rows)
    return ReportPart("Every subject by itself", "Share of pictures that are answered as the edit asks.", None, listed)


def part_of_training(losses: Float[np.ndarray, " tick"], most: int = 40) -> ReportPart:
    """The loss along the way."""
    every = max(len(losses) // most, 1)
    drawn = line("cross-entropy", ((at, losses[at]) for at in range(0, len(losses), every)))
    return ReportPart("Training", "Mean cross-entropy of all networks.", curves("updates", "cross-entropy", drawn))
