"""The instruments of `regression`."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.auditing.alignment import judge
from mesascope.auditing.built_in.ledger import ALIGNMENT_CARD
from mesascope.core.rng import named_key
from mesascope.experiments import instruments
from mesascope.experiments.instruments import Kept, Shown
from mesascope.experiments.regression import report_parts
from mesascope.experiments.regression.contexts import Contexts, halves
from mesascope.experiments.regression.instruments.edits import EDIT, Edited, choose_model, edit_pair
from mesascope.experiments.regression.instruments.family import whole_family
from mesascope.experiments.regression.instruments.interpolation import interpolate
from mesascope.experiments.regression.instruments.layers import LAYERS, after_layers
from mesascope.experiments.regression.instruments.match import MATCH, Match, level_with, match, nearest_match, shuffled
from mesascope.experiments.regression.instruments.order import compare_orders
from mesascope.experiments.regression.instruments.probes import PROBES, probe
from mesascope.experiments.regression.instruments.stepwise import implementations
from mesascope.experiments.regression.instruments.verdict import decide, test_of_edit, test_of_match
from mesascope.experiments.regression.networks import Transformer
from mesascope.experiments.regression.organisms import constructed_descent
from mesascope.experiments.regression.reader import AbstractReader, ask
from mesascope.experiments.regression.returns import (
    CONTEXT,
    behavior_of,
    best_answers,
    reckon_reader,
    squared_error,
    weights_of,
)
from mesascope.instruments.card import Card
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument, NotRun
from mesascope.instruments.search.verdict import Verdict

EXPLANATION = (
    "Is the reader an optimizer of the loss on its context? Two things are asked. From outside: do its answers match an "
    "algorithm that goes through candidates and improves them, better than any that does not? From inside: when one pair's token "
    "is rewritten between two layers, as if its label had been another, do the layers after it go on as the matched algorithm's "
    "remaining steps would? Both must hold, against their controls."
)
"""What the report says of the tests."""

APART, UNKNOWABLE, FRESH = "marked-pairs", "query-task-differs", "fresh-tasks"
"""Shifts under which the two losses differ: one with the right answer in reach, and one without, which no verdict counts; and
one with tasks that are in no pool.
"""

LOSSES = Card(
    name="query and context loss",
    measures="How well a reader answers what is asked, and what its context shows.",
    estimator="Squared error over the mean square of the right answer, on fresh contexts; bootstrap over contexts.",
    assumptions="None.",
    controls="Answering 0, which has a loss of 1.",
    blind_spots=("A mean over contexts hides the few on which a reader is far off.",),
    cost="Less than a second.",
    references=("von Oswald and others, Transformers learn in-context by gradient descent, 2022, arXiv:2212.07677",),
)


class Subject(NamedTuple):
    """A reader, the network before training where there was one, the tasks of training, and losses at some updates."""

    reader: AbstractReader
    untrained: AbstractReader | None
    pool: Float[Array, "task feature"] | None
    losses: list[tuple[int, float]]


class Compared(NamedTuple):
    """The contexts that algorithms were fitted and scored on, and each against the reader and the untrained network.

    Of those whose steps are as many as the layers, `steps` is the nearest descent, whose quantities are looked for in the
    tokens, and `edited` the nearest of all that can be edited.
    """

    fit: Contexts
    scored: Contexts
    matches: list[Match]
    untrained: Match | None
    steps: Match | None
    edited: Match | None


def _count(context: AuditContext) -> int:
    return 1_024 if context.settings.quick else 4_096


def _losses(context: AuditContext) -> Finding:
    """Contexts of every distribution and the reader's answers, which other instruments read."""
    reader, _, pool, _ = context.subject
    drawn = {d: context.world.draw(context.seed, "audit", _count(context), pool, d) for d in context.distributions}
    found = {d: (contexts, ask(reader, contexts)) for d, contexts in drawn.items()}
    part = report_parts.part_of_losses({d: squared_error(*both) for d, both in found.items()})
    return Finding(found, parts=(part,))


def _keep(context: AuditContext) -> Kept:
    answered = context.value(LOSSES.name)
    weights = weights_of(*answered[APART])
    noise = context.world.noise
    ledgers = []
    for d, (shown, given) in answered.items():
        pool = None if d in (APART, FRESH) else context.subject.pool
        best = best_answers(shown, noise, pool, d == APART or context.world.marked > 0, d == UNKNOWABLE)
        ledgers.append(reckon_reader(d, shown, given, context.seed, best))
    return Kept(
        ledgers,
        weights,
        {d: behavior_of(*both) for d, both in answered.items()},
        instruments.objective(weights, identified_in_training=False, unidentified=[CONTEXT]),
    )


def _match(context: AuditContext) -> Finding:
    reader, untrained, pool, _ = context.subject
    fit, scored = halves(context.world.draw(context.seed, "match", _count(context), pool))
    algorithms = whole_family(pool)
    matches = match(reader, algorithms, fit, scored)
    best = nearest_match(matches)
    control = None
    if untrained is not None:
        control = nearest_match(match(untrained, [a for a in algorithms if a.iterates], fit, scored))
    order = compare_orders(reader, matches, scored)
    stepwise = [m for m in matches if m.algorithm.steps == reader.layers]
    descents = [m for m in stepwise if "descent" in m.algorithm.group]
    editable = [m for m in stepwise if implementations(m)]
    return Finding(
        Compared(fit, scored, matches, control, _nearest(descents), _nearest(editable)),
        data={
            "best_match": {"algorithm": best.algorithm.name, "distance": best.distance, "cosine": best.cosine},
            "level_with_it": {m.algorithm.name: m.distance for m in level_with(matches)},
            "matches": {m.algorithm.name: {"distance": m.distance, "cosine": m.cosine} for m in matches},
            "order": {**order._asdict(), "said": order.said},
        },
        parts=(
            report_parts.part_of_matches(matches, shuffled(reader, best, scored), control),
            report_parts.part_of_order(order),
        ),
    )


def _edit(context: AuditContext) -> Finding:
    """The edits, and the verdict on search from them and from the match."""
    compared: Compared = context.value(MATCH.name)
    edits = _edits(context, compared)
    untrained = None if compared.untrained is None else compared.untrained.distance
    found = decide(test_of_match(compared.matches, untrained), test_of_edit(edits), compared.matches, compared.edited)
    hard_coded = context.audited.hard_coded
    fields: dict[str, Any] = {
        "search": instruments.search_fields(found.verdict, found.reason, hard_coded, found.tests, EXPLANATION)
    }
    if found.verdict is Verdict.SEARCH:  # claimed only where layers were seen to go on from what was written inside
        fields["mesa_objective"] = instruments.objective(
            context.value("ledger").weights,
            site=f"the tokens after layer {', '.join(str(e.layer) for e in edits)}",
            confirmed_by_intervention=True,
            agrees_with_behavioral=True,
        )
    return Finding(found, fields, data={"edits": edits})


def _edits(context: AuditContext, compared: Compared) -> list[Edited]:
    reader, untrained, _, _ = context.subject
    if compared.edited is None or reader.layers < 2:
        return []
    key = named_key(context.seed, context.world.name, "edit")
    control = None
    if untrained is not None:
        theirs = match(untrained, [compared.edited.algorithm], compared.fit, compared.scored)[0]
        control = choose_model(untrained, implementations(theirs), compared.fit, key)
    own = choose_model(reader, implementations(compared.edited), compared.fit, key)
    return edit_pair(own, compared.scored, key, control)


def _nearest(matches: list[Match]) -> Match | None:
    return nearest_match(matches) if matches else None


def _schedule(found: Match) -> tuple[Array, Array]:
    """Rates and shrinks of a matched descent."""
    k = found.algorithm.steps or 1
    given = found.parameters
    if found.algorithm.group == "gradient descent":
        return jnp.repeat(given, k), jnp.zeros(k)
    return given[:k], given[k:]


def _probes(context: AuditContext) -> Finding | NotRun:
    reader, untrained, _, _ = context.subject
    compared: Compared = context.value(MATCH.name)
    if compared.steps is None:
        return NotRun("no descent takes as many steps as the reader has layers")
    rates, shrinks = _schedule(compared.steps)
    probed = probe(reader, untrained, rates, shrinks, compared.fit, compared.scored)
    parts = [report_parts.part_of_probes(probed, compared.steps.algorithm.name)]
    if isinstance(reader, Transformer) and not reader.softmax:
        built = constructed_descent(rates, shrinks)
        parts.append(report_parts.part_of_interpolation(interpolate(reader, built, compared.scored)))
    return Finding(probed, parts=tuple(parts))


def _layers(context: AuditContext) -> Finding | NotRun:
    reader = context.subject.reader
    compared: Compared = context.value(MATCH.name)
    if not reader.layers:
        return NotRun("nothing inside of it can be seen")
    found = after_layers(reader, compared.matches, compared.scored)
    return Finding(
        found, data={"layers": [layer.plain() for layer in found]}, parts=(report_parts.part_of_layers(found),)
    )


def _alignment(context: AuditContext) -> Finding:
    """The verdict, and that under each shift by itself.

    Where nothing is shown of the task that is asked, no reader can be right, and one that fits its context is wrong by
    construction: that shift has no part in the verdict.
    """
    kept: Kept = context.value("ledger")
    world = context.world
    searches = context.value(EDIT.name).verdict is Verdict.SEARCH
    base: np.ndarray = world.base_objective.vector(world.features)
    home, *others = kept.ledgers
    under = {other.distribution: judge([home, other], kept.weights, base, world.features, searches) for other in others}
    part = report_parts.part_of_shifts({d: (str(v.verdict), v.reason) for d, v in under.items()}, UNKNOWABLE)
    counted = [home, *(other for other in others if other.distribution != UNKNOWABLE)]
    verdict = judge(counted, kept.weights, base, world.features, searches)
    return Finding(verdict, {"alignment": verdict}, data={"alignment_under": under}, parts=(part,))


def _curve(context: AuditContext) -> Shown:
    return [report_parts.part_of_training(context.subject.losses)], {}


INSTRUMENTS = (
    Instrument(LOSSES, _losses),
    instruments.ledger(_keep, (LOSSES.name,)),
    Instrument(MATCH, _match),
    Instrument(EDIT, _edit, needs=(MATCH.name, "ledger")),
    Instrument(ALIGNMENT_CARD, _alignment, needs=(EDIT.name, "ledger")),
    Instrument(PROBES, _probes, needs=(MATCH.name,)),
    Instrument(LAYERS, _layers, needs=(MATCH.name,)),
    instruments.training_curve(_curve),
)
"""The instruments of an audit of `regression`."""
