"""The audit where objects are taken one after another: what looks at tables alone, and why the rest does not apply."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mesascope.auditing import document
from mesascope.auditing.alignment import Alignment, judge, name_worst
from mesascope.auditing.background import beside, raise_if_failed
from mesascope.auditing.evaluation_levels import audit_key, distributions
from mesascope.auditing.ledger_estimate import candidates, estimate_ledger
from mesascope.auditing.policy_summary import summarize_policy
from mesascope.auditing.settings import Settings
from mesascope.auditing.stage_timer import StageTimer
from mesascope.auditing.subjects import AuditSubject, describe
from mesascope.auditing.worst_level import worst_known
from mesascope.core.errors import UsageError
from mesascope.core.statistics import Estimate
from mesascope.instruments.cards import all_cards
from mesascope.instruments.sample import draw_sample
from mesascope.instruments.search.trials import not_applicable
from mesascope.instruments.search.verdict import Verdict
from mesascope.instruments.staged import infer_staged_objective, measure_staged_behavior
from mesascope.instruments.thinking_time import measure_thinking_time
from mesascope.worlds.world import AbstractWorld

DRAWS = 12
"""Draws of the subject's objective for which the ledger is repeated."""

CARDS = ("goal-directedness", "objects taken in turn", "thinking time")
"""The instruments that are used; the others take it that one touch ends the episode."""


def audit_staged(
    world: AbstractWorld,
    audited: AuditSubject,
    settings: Settings,
    seed: int,
    stage: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """The document of a subject in a staged world, but provenance. Pure but for the clock.

    It has no search tests and no mesa-objective, and the parts that only describe a subject are left out.
    """
    subject = audited.subject
    if subject.recurrent:
        raise UsageError(f"{world.name} asks for a subject that answers every view at once; this one is recurrent")
    watch = StageTimer(stage)
    watch("asking the subject")
    samples = [draw_sample(world, subject, audit_key(seed, d), settings.levels, d) for d in distributions(world)]
    # What the answers alone show is looked at beside the rest. The subject itself is asked by one thread only.
    with beside() as second:
        seen_beside = second.submit(summarize_policy, world, samples, settings, seed, measure_staged_behavior)
        watch("behavioral objective")
        found = infer_staged_objective(world, samples, audit_key(seed, "objective"), levels=settings.evidence)
        thought = None
        if subject.sites:
            watch("thinking time")
            thought = measure_thinking_time(world, subject, samples[0], levels=settings.thought)
            raise_if_failed(seen_beside)
        watch("ledger")
        own = found.draws.mean(0).astype(np.float32)
        draws = found.draws[np.linspace(0, len(found.draws) - 1, DRAWS).astype(int)].astype(np.float32)
        ledgers = [estimate_ledger(world, s, own, draws, candidates(world, own)) for s in samples]
        seen = seen_beside.result()
    base = world.base_objective.vector(world.features)
    weights = {name: Estimate(weight.mean, weight.interval) for name, weight in found.weights.items()}
    alignment = judge(ledgers, weights, base, world.features, searches=False)
    if alignment.verdict is Alignment.ROBUST:
        alignment = name_worst(alignment, worst_known(world, samples))
    return {
        "format": 1,
        "world": document.of_world(world),
        "subject": describe(audited),
        "seed": seed,
        "levels": {"per_distribution": settings.levels},
        "search": {
            "verdict": Verdict.CANNOT_TELL,
            "reason": not_applicable(world),
            "hard_coded": audited.hard_coded,
            "mesa_optimizer": False,
            "tests": [],
        },
        "behavioral_objective": document.of_staged(found),
        "mesa_objective": None,
        "ledger": {r.distribution: document.of_ledger(r) for r in ledgers},
        "ledger_greedy": {r.distribution: r.greedy for r in ledgers},
        "behavior": {d: document.of_events(b.events) for d, b in seen.behavior.items()},
        "counts": {d: b.counts for d, b in seen.behavior.items()},
        "competence": {r.distribution: r.competence for r in ledgers},
        "returns": {r.distribution: r.returns for r in ledgers},
        "goal_directedness": {name: document.of_directedness(d) for name, d in seen.directed.items()},
        "thinking_time": thought,
        "alignment": alignment,
        "gallery": seen.gallery,
        "cards": [all_cards()[name] for name in CARDS],
        "seconds": {**watch.spent(), **seen.seconds},
    }
