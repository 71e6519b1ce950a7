"""Whether a subject searches inside: the tests of those that answer a whole level, and those in closed loop, with one verdict."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.auditing.built_in.behavior import CLOSED
from mesascope.core.subject import FULL
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.closed_loop.card import CLOSED_LOOP_CARD, PLAN_READOUT_CARD, THINKING_STEPS_CARD
from mesascope.instruments.closed_loop.examine import PLANS, THOUGHT, ClosedLoopVerdict, examine_each_episode
from mesascope.instruments.closed_loop.plan_readout import read_plans
from mesascope.instruments.closed_loop.thinking_steps import measure_thinking_steps
from mesascope.instruments.context import AuditContext
from mesascope.instruments.evaluation_levels import CLOSED_LOOP, episode_budget
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.interventions.counts import Measured
from mesascope.instruments.interventions.operating_point import OPERATING_POINT, OperatingPoint
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.pursued import candidates
from mesascope.instruments.search.card import SEARCH_CARD
from mesascope.instruments.search.certified import Certified
from mesascope.instruments.search.examine import SampleBudget, examine_each
from mesascope.instruments.search.trials import not_applicable
from mesascope.instruments.search.verdict import SearchVerdict, Verdict
from mesascope.worlds.world import AbstractWorld


def _search_applies(world: AbstractWorld, audited: AuditSubject) -> str | None:
    if audited.recurrent:
        return _with_open_memory(world, audited)
    # A world in which nobody can be tested is named before a subject that cannot be.
    return not_applicable(world) or (None if audited.open else CLOSED)


def _search(context: AuditContext) -> Finding:
    settings, audited = context.settings, context.audited
    if audited.recurrent:
        walked: ClosedLoopVerdict = context.value("closed-loop edits")
        verdict = walked.verdict
        return Finding(verdict, {"search": search_fields(verdict, audited.hard_coded)})
    found = examine_each(
        context.world,
        context.subject,
        audited.untrained if audited.untrained is not None and not audited.untrained.recurrent else None,
        context.contested,
        _objectives(context),
        context.key("search"),
        SampleBudget(settings.per_test, settings.certified),
        audited.known,
        context.tell,
    )
    return Finding(found, {"search": search_fields(found, audited.hard_coded)})


def _objectives(context: AuditContext) -> Sequence[Float[np.ndarray, " feature"]]:
    """What trials are drawn for."""
    behavior = context.value("behavioral objective")
    return candidates(context.world, context.contested, behavior.everywhere, behavior.weights.weights)


SEARCH = Instrument(
    SEARCH_CARD,
    _search,
    needs=("behavioral objective",),
    after=("thinking time", "closed-loop edits"),
    applies=_search_applies,
)


def search_fields(found: SearchVerdict, hard_coded: bool | None) -> dict[str, Any]:
    """The verdict on search with its tests, the capacity bound, and the error rates of the verdict."""
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "margin": found.margin,
        "pursued": dict(found.pursued),
        "beside": [
            {"pursued": dict(other.pursued), "verdict": other.verdict, "reason": other.reason} for other in found.beside
        ],
        "hard_coded": hard_coded,
        "mesa_optimizer": found.verdict is Verdict.SEARCH and hard_coded is False,
        "tests": [_test(test) for test in found.tests],
        "capacity": None if found.certified is None else _capacity(found.certified),
        "operating_point": _operating_point(_point_of(found)),
    }


def _capacity(bound: Certified) -> dict[str, Any]:
    return {
        "bits": {**bound.size._asdict(), "total": bound.size.total},
        "shown_per_level": {"unedited": bound.unedited, "edited": bound.edited},
        "levels": bound.levels,
        "levels_needed": bound.needed,
        "table_excluded": bound.enough,
        "margin": bound.margin,
        "beyond_heuristics": bound.beyond_heuristics,
        "explained_by": dict(bound.explained),
    }


def _point_of(found: SearchVerdict) -> OperatingPoint:
    """That of the subject's class, which the tests were held against."""
    points = (test.thresholds.calibration for test in found.tests if test.thresholds is not None)
    return next((point for point in points if point is not None), OPERATING_POINT)


def _operating_point(point: OperatingPoint) -> dict[str, Any]:
    return {
        **point._asdict(),
        "sensitivity": point.sensitivity,
        "false_positive_rate": point.false_positive_rate,
        "trusted": point.trusted,
    }


def test_fields(test: TestResult) -> dict[str, Any]:
    """What the tests of every subject have in common, as the document holds it."""
    return {
        "name": test.name,
        "asks": test.asks,
        "statistic": test.score.value,
        "interval": test.score.interval,
        "null": test.highest_control,
        "passed": test.passed,
        "margin": test.margin,
        "failing_margin": test.failing_margin,
        "place": None if test.place is None else _place(test.place),
        "edited": test.edited,
        "ceiling": test.ceiling,
        "controls": test.controls,
        "advantages": test.advantages,
    }


def _test(test: TestResult) -> dict[str, Any]:
    return {
        **test_fields(test),
        "spread": test.spread,
        "nonlinear": test.nonlinear,
        "levels": test.levels,
        "cells": test.occasions,
        "places_tried": len(test.tried),
        "followed_at": _tried(test),
        "places_refused": test.refused,
    }


def _tried(test: TestResult) -> list[dict[str, Any]]:
    return [{"place": str(at.place), "share": at.share} for at in test.tried]


def _place(place: Place) -> dict[str, Any]:
    return {
        "sites": place.sites,
        "state": place.first,
        "radius": place.radius,
        "sustained": place.sustained,
        "text": str(place),
    }


def _with_memory(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies to subjects with a memory, where levels can be edited."""
    if not audited.recurrent:
        return "the subject has no memory: 'search' examines it"
    if getattr(audited.subject, "may_stop", False):
        return "it pauses a subject before its first move, and for one that follows a written path a pause is a move of the path"
    return not_applicable(world)


def _with_open_memory(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies to subjects with a memory that can be read and written, shown the level as a map."""
    return _with_memory(world, audited) or (
        CLOSED
        if not audited.open
        else None
        if audited.subject.view == FULL
        else f"edits are made in agents that are shown '{FULL}', and this one is shown '{audited.subject.view}'"
    )


def _untrained(context: AuditContext) -> Any:
    untrained = context.audited.untrained
    return untrained if untrained is not None and untrained.recurrent else None


def _edits(context: AuditContext) -> Finding:
    key, budget = context.key(CLOSED_LOOP), episode_budget(context.settings)
    found = examine_each_episode(
        context.world, context.subject, _untrained(context), _objectives(context), key, budget, context.tell
    )
    tests = [_closed_loop_test(test) for test in found.verdict.tests]
    return Finding(found, {"closed_loop": {"pauses": found.pauses, "tests": tests}})


def _closed_loop_test(test: TestResult) -> dict[str, Any]:
    return {
        "name": test.name,
        "place": None if test.place is None else _place(test.place),
        "followed": {part: getattr(test, part) for part in Measured._fields},
        "turned": test.turned,
        "kept": test.kept,
        "passed": test.passed,
        "spread": test.spread,
        "change": test.change,
        "levels": test.levels,
        "tried": _tried(test),
        "refused": test.refused,
    }


def _thinking_steps(context: AuditContext) -> Finding:
    key, budget = context.key(CLOSED_LOOP, THOUGHT), episode_budget(context.settings)
    found = measure_thinking_steps(context.world, context.subject, key, budget.thought)
    return Finding(found, {"closed_loop": {"thinking_steps": found}})


def _plan_readout(context: AuditContext) -> Finding:
    key, budget = context.key(CLOSED_LOOP, PLANS), episode_budget(context.settings)
    found = read_plans(context.world, context.subject, _untrained(context), key, budget.readout)
    return Finding(found, {"closed_loop": {"plan_readout": found}})


CLOSED_LOOP_EDITS = Instrument(
    CLOSED_LOOP_CARD, _edits, needs=("behavioral objective",), after=("behavior",), applies=_with_open_memory
)
THINKING_STEPS = Instrument(THINKING_STEPS_CARD, _thinking_steps, after=("behavior",), applies=_with_memory)
PLAN_READOUT = Instrument(PLAN_READOUT_CARD, _plan_readout, after=("behavior",), applies=_with_open_memory)
