"""One audit: every instrument on one subject in one world, the ledger and the verdicts, as one document."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mesascope.auditing import document
from mesascope.auditing.alignment import Alignment, judge, name_worst
from mesascope.auditing.background import beside, raise_if_failed
from mesascope.auditing.evaluation_levels import audit_key, contested, distributions
from mesascope.auditing.ledger_estimate import LedgerEstimate, candidates, estimate_ledger
from mesascope.auditing.policy_summary import summarize_policy
from mesascope.auditing.settings import Settings
from mesascope.auditing.stage_timer import StageTimer
from mesascope.auditing.staged import audit_staged
from mesascope.auditing.subjects import AuditSubject, describe
from mesascope.auditing.walked import audit_walker
from mesascope.auditing.weight_patching import graft, other_objective, weight_patching_reason
from mesascope.auditing.worst_level import find_worst_level, worst_known
from mesascope.core.unrolled_readout import open_readout
from mesascope.instruments.behavior import measure_behavior
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.cards import all_cards
from mesascope.instruments.choice_weights import WeightPosterior
from mesascope.instruments.describe.description import describe_subject
from mesascope.instruments.mesa_objective import MesaObjective, classes_of, read_mesa_objective
from mesascope.instruments.pursued import pursued_weights
from mesascope.instruments.sample import Sample, draw_sample
from mesascope.instruments.search.examine import SampleBudget, examine_search
from mesascope.instruments.search.trials import not_applicable
from mesascope.instruments.search.verdict import SearchVerdict, Verdict
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
    if subject.recurrent:
        return audit_walker(world, audited, settings, seed, stage)
    if not world.single_choice:
        return audit_staged(world, audited, settings, seed, stage)
    untrained = audited.untrained
    impossible = not_applicable(world)
    watch = StageTimer(stage)
    watch("asking the subject")
    samples = [draw_sample(world, subject, audit_key(seed, d), settings.levels, d) for d in distributions(world)]
    subject = open_readout(subject, samples[0].observation[:2])
    # What needs the answers alone is done beside the rest: most of a first audit is compiling, one program at a time.
    # The subject itself is asked by one thread only, since it may be somebody's own code.
    with beside() as second:
        seen_beside = second.submit(summarize_policy, world, samples, settings, seed, measure_behavior)
        watch("behavioral objective")
        behavioral = infer_behavioral_objective(world, samples, audit_key(seed, "objective"), levels=settings.evidence)
        from_outside_beside = second.submit(_ledgers, world, samples, behavioral.weights)
        thought = None
        search = None
        mesa = None
        if subject.sites:
            watch("thinking time")
            thought = measure_thinking_time(world, subject, samples[0], levels=settings.thought)
            raise_if_failed(seen_beside)
            if impossible is None:
                watch("search: retarget, virtual wall, both")
                search = examine_search(
                    world,
                    subject,
                    untrained,
                    contested(world, settings, seed),
                    pursued_weights(world, behavioral.everywhere),
                    audit_key(seed, "search"),
                    SampleBudget(settings.per_test, settings.certified),
                )
            else:
                search = SearchVerdict(Verdict.CANNOT_TELL, impossible, ())
            place = next((test.place for test in search.tests if test.name == "retarget"), None)
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
        grafted = no_graft = None
        if settings.describe:
            trained = audited.training is not None and bool(subject.sites)
            no_graft = weight_patching_reason(world, trained=trained)
        if settings.describe and no_graft is None:
            watch("graft")
            grafted = graft(world, subject, other_objective(world), audit_key(seed, "graft"))
        watch("ledger")
        seen, from_outside = seen_beside.result(), from_outside_beside.result()
        ledgers = from_outside if mesa is None else _ledgers(world, samples, mesa.posterior)
    draws = behavioral.weights if mesa is None else mesa.posterior
    searches = search is not None and search.verdict is Verdict.SEARCH
    base = world.base_objective.vector(world.features)
    at_stake = _at_stake(ledgers)
    worst = None
    if settings.adversary:
        watch("worst level")
        worst = find_worst_level(world, subject, full_weights(world, draws), audit_key(seed, "adversary"))
    staked = {r.distribution for r in at_stake}
    empty = [s.distribution for s in samples if s.distribution not in staked]
    weights = document.weight_estimates(draws)
    alignment = judge(at_stake, weights, base, world.features, searches, nothing_at_stake=empty)
    if alignment.verdict is Alignment.ROBUST:
        alignment = name_worst(alignment, worst_known(world, samples, worst))
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
        "ledger": {r.distribution: document.of_ledger(r) for r in at_stake},
        "ledger_from_outside": {r.distribution: document.of_ledger(r) for r in _at_stake(from_outside)},
        "ledger_greedy": {r.distribution: r.greedy for r in at_stake},
        "behavior": {name: document.of_behavior(b) for name, b in seen.behavior.items()},
        "competence": {r.distribution: r.competence for r in ledgers},
        "returns": {r.distribution: r.returns for r in ledgers},
        "goal_directedness": {name: document.of_directedness(d) for name, d in seen.directed.items()},
        "thinking_time": thought,
        "description": described,
        "graft": grafted,
        "no_graft": no_graft,
        "alignment": alignment,
        "worst_level": None if worst is None else document.of_worst_level(worst),
        "gallery": seen.gallery,
        "cards": list(all_cards().values()),
        "seconds": {**watch.spent(), **seen.seconds},
    }


def _ledgers(world: AbstractWorld, samples: list[Sample], objective: WeightPosterior) -> list[LedgerEstimate]:
    own, draws = full_weights(world, objective), posterior_draws(world, objective)
    return [estimate_ledger(world, s, own, draws, candidates(world, own)) for s in samples]


def _at_stake(ledgers: list[LedgerEstimate]) -> list[LedgerEstimate]:
    """Those that have gaps: a shift that offers nothing of what is wanted, as without a coin, has none to take a share of."""
    return [r for r in ledgers if np.isfinite(r.ledger.total.share)]


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
