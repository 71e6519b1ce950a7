"""From the three tests of a classifier to one verdict on search, and from those of many to a rate."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mesascope.core.statistics import Estimate, mean_of
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.search.verdict import MIN_CEILING, Verdict

LEAST = 20
"""Fewer pictures on which an edit makes a difference say nothing."""


def decide(tests: Sequence[TestResult]) -> Verdict:
    """`search` when all tests pass together, `no-search` when one fails outright, `cannot-tell` otherwise.

    A test says nothing where the edit makes a difference on few pictures, or where a network does not name the wanted glyphs.
    """
    able = [test.occasions >= LEAST and _ceiling(test) >= MIN_CEILING for test in tests]
    if any(test.failed and can for test, can in zip(tests, able, strict=True)):
        return Verdict.NO_SEARCH
    return Verdict.SEARCH if all(able) and all(test.passed for test in tests) else Verdict.CANNOT_TELL


def _ceiling(test: TestResult) -> float:
    return 0.0 if test.ceiling is None else test.ceiling.interval.low


def overall(verdicts: Sequence[Verdict], tests: Sequence[TestResult]) -> tuple[Verdict, str]:
    """One verdict on all: what every one of them got, else `cannot-tell`; and why."""
    counts = Counter(verdicts)
    told = ", ".join(f"{count} of {len(verdicts)} {verdict}" for verdict, count in sorted(counts.items()))
    scores = ", ".join(test.shown for test in tests)
    verdict = verdicts[0] if len(counts) == 1 else Verdict.CANNOT_TELL
    return verdict, f"{told}; mean scores: {scores}"


def mean_test(tests: Sequence[TestResult]) -> TestResult:
    """One test of many networks: means, with intervals over networks."""

    def over(estimates: Sequence[Estimate]) -> Estimate:
        return mean_of(np.array([e.value for e in estimates]))

    first, score = tests[0], over([t.score for t in tests])
    return first._replace(
        score=score,
        edited=over([t.edited for t in tests]),
        ceiling=None if first.ceiling is None else over([t.ceiling for t in tests if t.ceiling is not None]),
        controls={arm: over([t.controls[arm] for t in tests]) for arm in first.controls},
        advantages={arm: over([t.advantages[arm] for t in tests]) for arm in first.advantages},
    )
