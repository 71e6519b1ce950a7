"""One audit of a reader: every instrument, the ledger, the verdicts."""

from typing import Any

import jax.numpy as jnp

from mesascope.auditing.alignment import judge
from mesascope.auditing.stage_timer import StageTimer
from mesascope.core.rng import named_key
from mesascope.experiments import document
from mesascope.experiments.experiment import Named, Stage
from mesascope.experiments.ledger_estimate import judge_under
from mesascope.experiments.regression import report_parts
from mesascope.experiments.regression.contexts import halves
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.regression.instruments.edits import EDIT, Edited, Matched, edit_labels
from mesascope.experiments.regression.instruments.family import family
from mesascope.experiments.regression.instruments.interpolation import interpolate
from mesascope.experiments.regression.instruments.match import MATCH, Match, match, nearest_match, shuffled
from mesascope.experiments.regression.instruments.order import compare_orders
from mesascope.experiments.regression.instruments.probes import PROBES, probe
from mesascope.experiments.regression.instruments.verdict import Decision, decide, test_of_edit, test_of_match
from mesascope.experiments.regression.networks import Transformer
from mesascope.experiments.regression.organisms import constructed_descent
from mesascope.experiments.regression.reader import ask
from mesascope.experiments.regression.returns import (
    CONTEXT,
    behavior_of,
    reckon_reader,
    squared_error,
    weights_of,
)
from mesascope.experiments.regression.subjects import make_subject
from mesascope.instruments.search.verdict import Verdict
from mesascope.worlds.described import TRAINING

EXPLANATION = (
    "Is the reader an optimizer of the loss on its context? Two things are asked. From outside: do its answers match an "
    "algorithm that goes through candidates and improves them, better than any that does not? From inside: when one pair's token "
    "is rewritten between two layers, as if its label had been another, do the layers after it go on as the matched algorithm's "
    "remaining steps would? Both must hold, against their controls."
)
"""What the report says of the tests."""

STEPS = 4
"""Most steps of the algorithms that a reader is compared with."""


def audit_reader(experiment: Regression, seed: int, quick: bool, stage: Stage, named: Named | None) -> dict[str, Any]:
    """The whole document of one reader; see `AbstractExperiment.audit`."""
    watch = StageTimer(stage)
    watch("training" if named is None else "building the subject")
    audited = make_subject(experiment, seed, named)
    reader, pool = audited.reader, audited.pool
    count = 1_024 if quick else 4_096
    watch("ledger")
    drawn = {d: experiment.draw(seed, "audit", count, pool, d) for d in (TRAINING, *experiment.shifts)}
    answers = {d: ask(reader, contexts) for d, contexts in drawn.items()}
    ledgers = [reckon_reader(d, contexts, answers[d], seed, d == "query-task-differs") for d, contexts in drawn.items()]
    apart = "query-task-differs"
    weights = weights_of(drawn[apart], answers[apart])
    watch("match")
    fit, scored = halves(experiment.draw(seed, "match", count, pool))
    algorithms = family(pool, STEPS)
    matches = match(reader, algorithms, fit, scored)
    best = nearest_match(matches)
    control = None
    if audited.untrained is not None:
        control = nearest_match(match(audited.untrained, [a for a in algorithms if a.iterates], fit, scored))
    order = compare_orders(reader, matches, fit, scored)
    watch("edit of a label inside")
    steps = _as_many_steps(matches, reader.layers)
    edits = _edits(experiment, seed, audited, steps, fit, scored)
    matched = test_of_match(matches, None if control is None else control.distance)
    decision = decide(matched, test_of_edit(edits), matches)
    searches = decision.verdict is Verdict.SEARCH
    watch("probes and interpolation")
    parts = [
        report_parts.part_of_losses({d: squared_error(c, answers[d]) for d, c in drawn.items()}),
        report_parts.part_of_matches(matches, shuffled(reader, best, scored), control),
        report_parts.part_of_order(order),
    ]
    if steps is not None:
        rates, shrinks = _schedule(steps)
        probed = probe(reader, audited.untrained, rates, shrinks, fit, scored)
        parts.append(report_parts.part_of_probes(probed, steps.algorithm.name))
        if isinstance(reader, Transformer) and not reader.softmax:
            built = constructed_descent(rates, shrinks)
            parts.append(report_parts.part_of_interpolation(interpolate(reader, built, scored)))
    if audited.losses:
        parts.append(report_parts.part_of_training(audited.losses))
    base = experiment.base_objective.vector(experiment.features)

    def judged(other):
        return judge_under(ledgers[0], other, weights, base, experiment.features, searches)

    under = {r.distribution: judged(r) for r in ledgers[1:]}
    parts.insert(1, report_parts.part_of_shifts({d: (str(v.verdict), v.reason) for d, v in under.items()}))
    return document.compose(
        experiment,
        seed,
        subject=audited.about,
        search=document.search(decision.verdict, decision.reason, audited.hard_coded, decision.tests, EXPLANATION),
        behavioral_objective=document.objective(weights, identified_in_training=False, unidentified=[CONTEXT]),
        mesa_objective=_mesa(decision, weights, edits),
        ledgers=ledgers,
        behavior={d: behavior_of(contexts, answers[d]) for d, contexts in drawn.items()},
        alignment=judge(ledgers, weights, base, experiment.features, searches),
        cards=(MATCH, EDIT, PROBES),
        parts=parts,
        findings={
            "best_match": {"algorithm": best.algorithm.name, "distance": best.distance, "cosine": best.cosine},
            "matches": {m.algorithm.name: {"distance": m.distance, "cosine": m.cosine} for m in matches},
            "order": {**order._asdict(), "said": order.said},
            "edits": edits,
            "alignment_under": under,
        },
        seconds=watch.spent(),
    )


def _as_many_steps(matches: list[Match], layers: int) -> Match | None:
    """The descent whose steps are as many as the layers: what the layers are compared with one by one."""
    found = [m for m in matches if "descent" in m.algorithm.group and m.algorithm.steps == layers]
    return nearest_match(found) if found else None


def _schedule(found: Match):
    """Rates and shrinks of a matched descent."""
    k = found.algorithm.steps or 1
    given = found.parameters
    if found.algorithm.group == "gradient descent":
        return jnp.repeat(given, k), jnp.zeros(k)
    return given[:k], given[k:]


def _edits(experiment: Regression, seed: int, audited, steps: Match | None, fit, scored) -> list[Edited]:
    if steps is None or audited.reader.layers < 2:
        return []
    control = None
    if audited.untrained is not None:
        theirs = match(audited.untrained, [steps.algorithm], fit, scored)[0]
        control = Matched(audited.untrained, *_schedule(theirs))
    key = named_key(seed, experiment.name, "edit")
    return edit_labels(Matched(audited.reader, *_schedule(steps)), scored, key, control)


def _mesa(decision: Decision, weights, edits: list[Edited]) -> dict[str, Any] | None:
    """Claimed only where the layers were seen to go on optimizing from what was written inside."""
    if decision.verdict is not Verdict.SEARCH:
        return None
    layers = ", ".join(str(e.layer) for e in edits)
    return document.objective(
        weights, site=f"the tokens after layer {layers}", confirmed_by_intervention=True, agrees_with_behavioral=True
    )
