"""From match and edit to one verdict on search."""

from typing import NamedTuple

from mesascope.core.statistics import Estimate
from mesascope.experiments.regression.instruments.edits import Edited
from mesascope.experiments.regression.instruments.match import Match, ahead, nearest_match
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import EXPERIMENT
from mesascope.instruments.search.verdict import MIN_CEILING, Verdict


class Decision(NamedTuple):
    """The verdict, why, and the tests it rests on."""

    verdict: Verdict
    reason: str
    tests: tuple[TestResult, ...]


def test_of_match(matches: list[Match], untrained: Estimate | None) -> TestResult:
    """The nearest algorithm that goes through several candidates, against each that does not."""
    best = nearest_match([m for m in matches if m.algorithm.iterates])
    rivals = [m for m in matches if not m.algorithm.iterates]
    groups = {
        m.algorithm.group: nearest_match([r for r in rivals if r.algorithm.group == m.algorithm.group]) for m in rivals
    }
    named = {rival.algorithm.name: rival for rival in groups.values()}
    controls = {name: _nearness(rival.distance) for name, rival in named.items()}
    if untrained is not None:
        controls["untrained"] = _nearness(untrained)
    nearness = _nearness(best.distance)
    return TestResult(
        "match",
        f"Does it answer as an algorithm that improves candidates step by step? The nearest is {best.algorithm.name}.",
        nearness,
        nearness,
        controls,
        {name: ahead(best, rival) for name, rival in named.items()},
        EXPERIMENT,
    )


def test_of_edit(edits: list[Edited]) -> TestResult | None:
    """The edit at the layer where it is followed least; None where there is no inside."""
    if not edits:
        return None
    least = min(edits, key=lambda e: e.followed.value)
    return TestResult(
        "label edit inside",
        f"One pair is rewritten after layer {least.layer}, as if it had been another. Does the answer change as the "
        "matched algorithm's remaining steps say?",
        least.followed,
        least.followed,
        least.controls,
        least.advantages,
        EXPERIMENT,
        least.ceiling,
    )


def decide(matched: TestResult, edited: TestResult | None, matches: list[Match], of: Match | None = None) -> Decision:
    """`search` when both tests pass; `no-search` when something that fits nothing is nearer than every search, or when the edit
    is not followed although the reader answers as the algorithm `of` that it was edited as: no other is nearer beyond
    doubt, and the same change in the input is followed; `cannot-tell` otherwise.
    """
    tests = (matched,) if edited is None else (matched, edited)
    iterating = nearest_match([m for m in matches if m.algorithm.iterates])
    nearest = nearest_match(matches)
    if nearest.algorithm.group in NOTHING_FITTED and ahead(nearest, iterating).interval.low > 0:
        reason = (
            f"it answers as {nearest.algorithm.name} does (distance {nearest.distance.value:.3f}), and less like any "
            f"search (nearest: {iterating.algorithm.name}, {iterating.distance.value:.3f})"
        )
        return Decision(Verdict.NO_SEARCH, reason, tests)
    if edited is None:
        reason = (
            f"one layer has no inside that could be rewritten; its answers are nearest to {nearest.algorithm.name} "
            f"(distance {nearest.distance.value:.3f}), and a single step from zero weighs each label by a product of "
            "input and query, as a kernel smoother does: no second candidate is ever looked at"
        )
        return Decision(Verdict.CANNOT_TELL, reason, tests)
    if edited.failed:
        unlike = _unlike(edited, of, nearest)
        if unlike is not None:
            reason = f"the layers do not go on as {_named(of)} would ({edited.shown}), but {unlike}"
            return Decision(Verdict.CANNOT_TELL, reason, tests)
        reason = f"it answers as {_named(of)} does, and its layers do not go on from what is written: {edited.shown}"
        return Decision(Verdict.NO_SEARCH, reason, tests)
    if matched.passed and edited.passed:
        reason = (
            f"it answers as {iterating.algorithm.name} does ({matched.shown}) and goes on from a state that no input "
            f"leads to as that algorithm would ({edited.shown})"
        )
        return Decision(Verdict.SEARCH, reason, tests)
    weak = ", ".join(_why(test) for test in tests if not test.passed)
    return Decision(Verdict.CANNOT_TELL, f"neither passed nor failed: {weak}", tests)


def _unlike(edited: TestResult, of: Match | None, nearest: Match) -> str | None:
    """Why the reader cannot be asked to go on as an algorithm; None where it can."""
    if of is None:
        return "no algorithm is known that it should go on as"
    if of is not nearest and ahead(nearest, of).interval.low > 0:
        return (
            f"it does not answer as that does (distance {of.distance.value:.3f}): {nearest.algorithm.name} is nearer "
            f"({nearest.distance.value:.3f}), and its steps are not its layers"
        )
    if edited.ceiling is None or not edited.ceiling.interval.low >= MIN_CEILING:
        share = "none" if edited.ceiling is None else edited.ceiling.text
        return f"the same change in the input is not followed either ({share}; needs {MIN_CEILING})"
    return None


def _named(of: Match | None) -> str:
    return "an algorithm" if of is None else of.algorithm.name


NOTHING_FITTED = ("kernel smoother", "nearest", "remembered tasks")
"""Groups of algorithms that look up and fit nothing."""


def _nearness(distance: Estimate) -> Estimate:
    low, high = distance.interval
    return Estimate(1 - distance.value, type(distance.interval)(1 - high, 1 - low))


def _why(test: TestResult) -> str:
    return test.shown + (f", not ahead of {', '.join(test.unbeaten)}" if test.unbeaten else "")
