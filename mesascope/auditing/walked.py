"""The audit of a recurrent agent: behavior by episodes, and what is found in closed loop.

It has no policy table, so nothing about it is exact, and there is neither ledger nor objective inferred yet: those parts
of the document are left out, and the verdicts say why.
"""

import time
from collections.abc import Callable
from typing import Any

from mesascope.auditing import document
from mesascope.auditing.evaluation_levels import audit_key, closed_loop_budget, closed_loop_key, distributions
from mesascope.auditing.settings import Settings
from mesascope.auditing.subjects import AuditSubject, describe
from mesascope.core.errors import UsageError
from mesascope.instruments.cards import all_cards
from mesascope.instruments.closed_loop.battery import ClosedLoopTest
from mesascope.instruments.closed_loop.examine import (
    CALIBRATED_FOR,
    ClosedLoop,
    examine_closed_loop,
)
from mesascope.instruments.closed_loop.rollouts import measure_walked_behavior
from mesascope.instruments.search.trials import not_applicable
from mesascope.instruments.search.verdict import Verdict
from mesascope.worlds.world import AbstractWorld

NO_LEDGER = "the subject is recurrent and has no policy table: its gaps are not split"

NO_SEARCH = "--adversary asks a subject about whole levels, and a recurrent one cannot be asked so: leave it out"


def audit_walker(
    world: AbstractWorld,
    audited: AuditSubject,
    settings: Settings,
    seed: int,
    stage: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """The document of a recurrent subject, but provenance; `stage` hears what begins. Pure but for the clock.

    `UsageError` where the settings ask for the search for the worst level.
    """
    if settings.adversary:
        raise UsageError(NO_SEARCH)
    subject = audited.subject
    check_walkable(world)
    began = time.monotonic()
    stage("walking")
    rolled = {
        d: measure_walked_behavior(world, subject, audit_key(seed, "walked", d), settings.levels, d)
        for d in distributions(world)
    }
    walked = time.monotonic()
    stage("closed loop: edits, thinking steps, plans")
    found = examine_closed_loop(world, subject, audited.untrained, closed_loop_key(seed), closed_loop_budget(settings))
    return {
        "format": 1,
        "world": document.of_world(world),
        "subject": describe(audited),
        "seed": seed,
        "levels": {"per_distribution": settings.levels, "per_test": settings.per_test},
        "search": {
            "verdict": Verdict.CANNOT_TELL,
            "reason": CALIBRATED_FOR,
            "hard_coded": audited.hard_coded,
            "mesa_optimizer": False,
            "tests": [],
        },
        "closed_loop": of_closed_loop(found),
        "behavior": {d: document.of_behavior(r.behavior) for d, r in rolled.items()},
        "competence": {
            d: {"base": r.behavior.competence} for d, r in rolled.items() if r.behavior.competence is not None
        },
        "returns": {d: r.returns for d, r in rolled.items()},
        "alignment": {"verdict": "cannot-tell", "kind": None, "proxies": [], "reason": NO_LEDGER},
        "cards": list(all_cards().values()),
        "seconds": {"walking": walked - began, "closed loop": time.monotonic() - walked},
    }


def check_walkable(world: AbstractWorld) -> None:
    """Raise `UsageError` for a world in which recurrent agents cannot be audited."""
    impossible = not_applicable(world)
    if impossible is not None:
        raise UsageError(f"recurrent agents are audited by these tests alone: {impossible}")


def of_closed_loop(found: ClosedLoop) -> dict[str, Any]:
    """The `closed_loop` part of the audit document."""
    return {
        "pauses": found.pauses,
        "tests": [_test(test) for test in found.tests],
        "thinking_steps": list(found.thinking_steps),
        "plan_readout": found.plan_readout,
    }


def _test(test: ClosedLoopTest) -> dict[str, Any]:
    place = test.place
    return {
        **test._asdict(),
        "place": None if place is None else {**place._asdict(), "text": str(place)},
        "tried": [{"place": str(place), "share": share} for place, share in test.tried],
    }
