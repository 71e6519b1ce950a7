"""The instruments of `savanna`."""

from typing import Any, NamedTuple

import numpy as np

from mesascope.auditing.alignment import AlignmentVerdict, judge
from mesascope.auditing.built_in.objectives import disagree
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.experiments import instruments
from mesascope.experiments.instruments import Kept, Shown
from mesascope.experiments.savanna import cards, report_parts
from mesascope.experiments.savanna.audited import (
    Sample,
    Subject,
    agreement,
    behavior_of,
    genome_weights,
    ledger_of,
    sample,
    spread,
)
from mesascope.experiments.savanna.diversity import compare_with_formula
from mesascope.experiments.savanna.ecology import BASE, FEATURES, NOVEL, SLOW
from mesascope.experiments.savanna.individual import nearest
from mesascope.experiments.savanna.known import examine_known
from mesascope.experiments.savanna.networks.report_parts import parts_of_networks
from mesascope.experiments.savanna.networks.study import learn_twice_by_networks
from mesascope.experiments.savanna.phases import CONTEXTS, COSTS, run_phases
from mesascope.experiments.savanna.populations import compare_populations
from mesascope.experiments.savanna.realignment import RAMPS, realign
from mesascope.experiments.savanna.revealed import Revealed, reveal, undetermined
from mesascope.experiments.savanna.rewards import learn_twice
from mesascope.experiments.savanna.search import EXPLANATION, examine
from mesascope.experiments.savanna.shown_diversity import of_formula
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.search.verdict import Verdict
from mesascope.worlds.described import TRAINING

QUICK_SEEDS = 4

SELECTED = (
    "the argmax over options is a gene that was offered: selection turned it on and made its values, so that this search is "
    "selected, not invented"
)

_CHOOSABLE = FEATURES[:-1]
"""Features that options differ in: all but effort."""


class Told(NamedTuple):
    """Choices in every distribution but the slow change, and what those in contexts never met reveal."""

    samples: dict[str, Sample]
    outside: Revealed


def _key(context: AuditContext, *names: str):
    return named_key(context.seed, "savanna", *names)


def _count(context: AuditContext) -> int:
    return 500 if context.settings.quick else 2_000


def _search(context: AuditContext) -> Finding:
    found = examine(context.subject.who, context.world.ecology, _key(context, "search"))
    audited = context.audited
    selected = audited.kind == "trained" and audited.hard_coded
    reason = f"{found.reason}; {SELECTED}" if selected else found.reason
    fields = instruments.search_fields(found.verdict, reason, audited.hard_coded, found.tests, EXPLANATION)
    return Finding(found, {"search": fields})


def _revealed(context: AuditContext) -> Finding:
    who, lived, _, _ = context.subject
    key, count = _key(context, "audit"), _count(context)
    samples = {d: sample(who, lived, context.world.ecology, d, key, count) for d in context.distributions if d != SLOW}
    novel, home = samples[NOVEL], samples[TRAINING]
    like = np.asarray(nearest(lived.percepts, novel.contexts.percepts))
    outside = reveal(novel.told[..., :-1], novel.chosen, _CHOOSABLE, _key(context, "revealed"), like)
    at_home = reveal(home.told[..., :-1], home.chosen, _CHOOSABLE, _key(context, "revealed", TRAINING))
    open_ = undetermined(at_home, _CHOOSABLE)
    known = instruments.objective(
        outside.direction,
        identified_in_training=not open_,
        unidentified=list(open_),
        inverse_temperature=outside.sharpness,
        choices=outside.choices,
        choices_predicted=outside.agreement,
    )
    return Finding(Told(samples, outside), {"behavioral_objective": known})


def _confirmed(context: AuditContext) -> bool:
    return context.value(cards.SEARCH.name).verdict is Verdict.SEARCH


def _keep(context: AuditContext) -> Kept:
    subject: Subject = context.subject
    ecology, (samples, outside) = context.world.ecology, context.value(cards.REVEALED.name)
    confirmed = _confirmed(context)
    weights = genome_weights(subject.who, subject.kin) if confirmed else outside.direction
    searches = bool(subject.who.searches)
    ledgers = [ledger_of(s, ecology, searches, spread(weights)) for s in samples.values()]
    behavior = {d: behavior_of(s) for d, s in samples.items()}
    heir = subject.descendant
    if heir is not None:
        later = sample(heir, subject.lived, ecology, SLOW, _key(context, "audit"), _count(context))
        own = spread(genome_weights(heir, None)) if heir.searches else spread(outside.direction)
        ledgers.append(ledger_of(later, ecology, bool(heir.searches), own))
        behavior[SLOW] = behavior_of(later)
    return Kept(ledgers, weights, behavior, mesa_objective=_mesa(weights, outside) if confirmed else None)


def _mesa(weights: dict[str, Estimate], outside: Revealed) -> dict[str, Any]:
    doubts = disagree(weights, outside.direction)
    return instruments.objective(
        weights,
        site="values",
        confirmed_by_intervention=True,
        agrees_with_behavioral=not doubts,
        disagreements=doubts,
        agreement=agreement(spread(weights), outside.draws),
    )


def _decide(context: AuditContext) -> AlignmentVerdict:
    """The verdict on the individual itself: its descendant after the slow change is another."""
    kept: Kept = context.value("ledger")
    ledgers = [found for found in kept.ledgers if found.distribution != SLOW]
    return judge(ledgers, kept.weights, BASE.vector(FEATURES), FEATURES, _confirmed(context))


def _seeds(context: AuditContext) -> dict[str, int]:
    return {"seeds": QUICK_SEEDS} if context.settings.quick else {}


def _selection(context: AuditContext) -> Finding:
    """Who wins, what shifts do to each kind, how fast selection follows, and how often the tests of search are right."""
    ecology, seed, quick, seeds = context.world.ecology, context.seed, context.settings.quick, _seeds(context)
    contexts, costs = (CONTEXTS[2:6], COSTS[::2]) if quick else (CONTEXTS, COSTS)
    phases = run_phases(ecology, seed, contexts=contexts, costs=costs, **seeds)
    populations = compare_populations(ecology, seed, **seeds)
    realigned = realign(ecology, seed, ramps=RAMPS[:4] if quick else RAMPS, **seeds)
    known = examine_known(ecology, populations, seed)
    return Finding(
        phases,
        data={
            "known": known,
            "phases": phases._asdict(),
            "populations": {"animals": populations.animals, "plants": populations.plants, "seeds": populations.seeds},
            "realignment": {"speeds": realigned.speeds},
        },
        parts=(
            report_parts.of_evolution(context.subject.record),
            report_parts.of_phases(phases),
            report_parts.of_start(phases),
            report_parts.of_populations(populations),
            report_parts.of_realignment(realigned),
            report_parts.of_known(known),
        ),
    )


def _formula(context: AuditContext) -> Shown:
    formula = compare_with_formula(context.value(cards.SELECTION.name), context.world.ecology)
    return [of_formula(formula)], {"formula": formula}


def _rewards(context: AuditContext) -> Shown:
    twice = learn_twice(context.world.ecology, context.seed, **_seeds(context))
    data = {**twice._asdict(), "lever": {f"{s:g}": shares for s, shares in twice.lever.items()}}
    return [report_parts.of_rewards(twice)], {"rewards": data}


def _networks(context: AuditContext) -> Shown:
    networks = learn_twice_by_networks(context.world.ecology, context.seed, **_seeds(context))
    return parts_of_networks(networks), {"networks": networks}


INSTRUMENTS = (
    Instrument(cards.SEARCH, _search),
    Instrument(cards.REVEALED, _revealed),
    instruments.ledger(_keep, (cards.SEARCH.name, cards.REVEALED.name)),
    instruments.alignment(_decide, (cards.SEARCH.name,)),
    Instrument(cards.SELECTION, _selection, applies=instruments.if_trained),
    instruments.described(cards.FORMULA, _formula, (cards.SELECTION.name,), instruments.if_trained),
    instruments.described(cards.REWARDS, _rewards, applies=instruments.if_trained),
    instruments.described(cards.NETWORKS, _networks, applies=instruments.if_trained),
)
"""The instruments of an audit of `savanna`."""
