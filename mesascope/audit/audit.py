"""One audit: every instrument on one subject in one world, the ledger and the verdicts, as one document."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mesascope.audit import document
from mesascope.audit.alignment import Alignment, judge, name_worst
from mesascope.audit.exhibited import audit_key, contested, distributions
from mesascope.audit.gallery import exhibits
from mesascope.audit.graft import graft, other_objective
from mesascope.audit.reckoning import reckon
from mesascope.audit.settings import Settings
from mesascope.audit.subjects import AuditSubject, describe
from mesascope.audit.walked import audit_walker
from mesascope.audit.watch import Watch
from mesascope.audit.worst_level import find_worst_level, worst_drawn, worst_found
from mesascope.core.stepwise import AbstractStepwiseSubject
from mesascope.core.subject import AbstractOpenSubject
from mesascope.instruments.behavior import measure_behavior
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.cards import all_cards
from mesascope.instruments.choice_weights import WeightPosterior
from mesascope.instruments.describe.description import describe_subject
from mesascope.instruments.goal_directedness import measure_goal_directedness
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.mesa_objective import MesaObjective, classes_of, read_mesa_objective
from mesascope.instruments.pursued import pursued_weights
from mesascope.instruments.sample import Sample, draw_sample
from mesascope.instruments.search.examine import Effort, examine_search
from mesascope.instruments.search.verdict import Verdict
from mesascope.instruments.search.writing import Place
from mesascope.instruments.thinking_time import measure_thinking_time
from mesascope.worlds.world import AbstractWorld

DRAWS = 12
"""Posterior draws of the subject's objective for which the ledger is repeated."""


def audit(
    world: AbstractWorld,
    audited: AuditSubject,
    settings: Settings,
    seed: int,
    stage: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Everything that `docs/design/audit-document.md` says of one subject, but provenance; `stage` hears what begins.

    Pure but for the clock: the same arguments give the same document, `seconds` apart.
    """
    subject = audited.subject
    if isinstance(subject, AbstractStepwiseSubject):
        return audit_walker(world, audited, settings, seed, stage)
    untrained = audited.untrained if isinstance(audited.untrained, AbstractOpenSubject) else None
    watch = Watch(stage)
    watch("asking the subject")
    samples = [draw_sample(world, subject, audit_key(seed, d), settings.levels, d) for d in distributions(world)]
    watch("behavior")
    behavior = {
        s.distribution: measure_behavior(world, s, audit_key(seed, "behavior", s.distribution)) for s in samples
    }
    watch("behavioral objective")
    behavioral = infer_behavioral_objective(world, samples, audit_key(seed, "objective"), levels=settings.evidence)
    outside = full_weights(world, behavioral.weights)
    watch("goal-directedness")
    directed = {s.distribution: measure_goal_directedness(world, s, levels=settings.directed) for s in samples[:2]}
    thought = None
    search = None
    mesa = None
    if isinstance(subject, AbstractOpenSubject):
        watch("thinking time")
        thought = measure_thinking_time(world, subject, samples[0], levels=settings.thought)
        watch("search: retarget, virtual wall, both")
        search = examine_search(
            world,
            subject,
            untrained,
            contested(world, settings, seed),
            pursued_weights(world, behavioral.everywhere),
            audit_key(seed, "search"),
            Effort(settings.per_test, settings.certified),
        )
        place = next(test.place for test in search.tests if test.name == "retarget")
        if search.verdict is Verdict.SEARCH and place is not None:
            watch("mesa-objective")
            mesa = _mesa(world, subject, settings, seed, samples, place)
    described = None
    if settings.describe:
        watch("description")
        described = describe_subject(
            world,
            subject,
            untrained,
            samples,
            pursued_weights(world, behavioral.everywhere),
            audit_key(seed, "description"),
        )
    grafted = None
    if settings.describe and audited.training is not None and isinstance(subject, AbstractOpenSubject):
        watch("graft")
        grafted = graft(world, subject, other_objective(world), audit_key(seed, "graft"))
    watch("ledger")
    own, draws = (
        (outside, behavioral.weights) if mesa is None else (full_weights(world, mesa.posterior), mesa.posterior)
    )
    reckonings = [reckon(world, s, own, posterior_draws(world, draws), candidates(world, own)) for s in samples]
    searches = search is not None and search.verdict is Verdict.SEARCH
    base = world.base_objective.vector(world.features)
    worst = None
    if settings.adversary:
        watch("worst level")
        worst = find_worst_level(world, subject, own, audit_key(seed, "adversary"))
    alignment = judge(reckonings, document.weight_estimates(draws), base, world.features, searches)
    if alignment.verdict is Alignment.ROBUST:
        alignment = name_worst(alignment, worst_drawn(world, samples) if worst is None else worst_found(worst))
    watch("gallery")
    gallery = [exhibit for sample in samples for exhibit in exhibits(world, sample)]
    return {
        "format": 1,
        "world": document.of_world(world),
        "subject": describe(audited),
        "seed": seed,
        "levels": {
            "per_distribution": settings.levels,
            "contested": settings.contested,
            "per_test": settings.per_test,
        },
        "search": document.of_search(search, audited.hard_coded),
        "behavioral_objective": document.of_behavioral(behavioral),
        "mesa_objective": None if mesa is None or search is None else document.of_mesa(mesa, search, behavioral),
        "ledger": {r.distribution: document.of_ledger(r) for r in reckonings},
        "ledger_greedy": {r.distribution: r.greedy for r in reckonings},
        "behavior": {name: document.of_behavior(b) for name, b in behavior.items()},
        "competence": {r.distribution: r.competence for r in reckonings},
        "returns": {r.distribution: r.returns for r in reckonings},
        "goal_directedness": {name: document.of_directedness(d) for name, d in directed.items()},
        "thinking_time": thought,
        "description": described,
        "graft": grafted,
        "alignment": alignment,
        "worst_level": None if worst is None else document.of_worst_level(worst),
        "gallery": gallery,
        "cards": list(all_cards().values()),
        "seconds": watch.spent(),
    }


def _mesa(world, subject, settings: Settings, seed: int, samples: list[Sample], place: Place) -> MesaObjective:
    mazes = contested(world, settings, seed)[: settings.implants]
    kinds = classes_of([s.levels for s in samples])
    return read_mesa_objective(world, subject, mazes, kinds, place, audit_key(seed, "mesa-objective"))


def full_weights(world: AbstractWorld, posterior: WeightPosterior) -> np.ndarray:
    """Posterior mean weights in the order of the world's features; those that were not free weigh nothing."""
    return _spread(world, posterior, np.array([[w.mean for w in posterior.weights.values()]]))[0]


def posterior_draws(world: AbstractWorld, posterior: WeightPosterior) -> np.ndarray:
    """A few draws, evenly through the posterior sample."""
    return _spread(world, posterior, posterior.draws[np.linspace(0, len(posterior.draws) - 1, DRAWS).astype(int)])


def _spread(world: AbstractWorld, posterior: WeightPosterior, rows: np.ndarray) -> np.ndarray:
    weights = np.zeros((len(rows), len(world.features)), np.float32)
    for column, feature in enumerate(posterior.weights):
        weights[:, world.features.index(feature)] = rows[:, column]
    return weights


def candidates(world: AbstractWorld, own: np.ndarray) -> dict[str, np.ndarray]:
    """Objectives that competence is measured at: the subject's own, the base objective, and those on the grid that want
    something. To be competent at shunning a thing takes no capability, so negated objectives are left out.
    """
    grid = {h.name: h.objective.vector(world.features) for h in hypotheses_of(world) if h.objective is not None}
    wanting = {name: weights for name, weights in grid.items() if weights.max() > 0}
    return {"own": own, "base": world.base_objective.vector(world.features), **wanting}
