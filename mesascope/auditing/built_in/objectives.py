"""What a subject is after: inferred from behavior, or located in its internals."""

from typing import Any

from mesascope.auditing.built_in.behavior import episodes_fields, event_fields, unless_in_turn
from mesascope.core.statistics import Estimate
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.behavioral_objective import CARD as BEHAVIORAL_CARD
from mesascope.instruments.behavioral_objective import BehavioralObjective, infer_behavioral_objective
from mesascope.instruments.choice_weights import Weight, WeightPosterior, features_undecided
from mesascope.instruments.context import AuditContext
from mesascope.instruments.grid_weights import GridWeights
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior
from mesascope.instruments.instrument import Finding, Instrument, NotRun
from mesascope.instruments.mesa_objective import MesaObjective, kinds_of, read_mesa_objective
from mesascope.instruments.search.card import MESA_OBJECTIVE_CARD
from mesascope.instruments.search.pulls import Pull
from mesascope.instruments.search.verdict import SearchVerdict, Verdict
from mesascope.instruments.staged import CARD as STAGED_CARD
from mesascope.instruments.staged import StagedObjective, infer_staged_objective, measure_staged_behavior
from mesascope.worlds.world import AbstractWorld

HYPOTHESES = 12
"""Most probable hypotheses that are written down."""


def weight_estimates(posterior: WeightPosterior | GridWeights) -> dict[str, Estimate]:
    """Posterior mean and interval by feature."""
    return {feature: Estimate(weight.mean, weight.interval) for feature, weight in posterior.weights.items()}


def _weights(weights: dict[str, Weight]) -> dict[str, Any]:
    return {f: {k: v for k, v in w._asdict().items() if v is not None} for f, w in weights.items()}


def _hypotheses(posterior: HypothesisPosterior) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "kind": row.kind, "posterior": row.posterior, "nats_below_top": row.nats_below_top}
        for row in posterior.table[:HYPOTHESES]
    ]


def _behavioral(context: AuditContext) -> Finding:
    key, levels = context.key("objective"), context.settings.evidence
    found = infer_behavioral_objective(context.world, context.samples, key, levels=levels)
    return Finding(found, {"behavioral_objective": behavioral_fields(found)})


def behavioral_fields(found: BehavioralObjective) -> dict[str, Any]:
    """The behavioral objective, what training leaves open, and the posterior over hypotheses."""
    return {
        "weights": _weights(found.weights.weights),
        "inverse_temperature": found.weights.inverse_temperature,
        "lapse": found.weights.lapse,
        "chooser": found.weights.chooser,
        "wanted": list(found.weights.wanted),
        "undecided": list(features_undecided(found.weights.weights)),
        "identified_in_training": found.identifiability.identified,
        "unidentified": list(found.identifiability.unidentified),
        "equivalent_in_training": list(found.identifiability.equivalent),
        "hypotheses": {"training": _hypotheses(found.training), "all": _hypotheses(found.everywhere)},
        "diagnostics": found.weights.diagnostics,
        "choices": found.weights.choices,
    }


BEHAVIORAL_OBJECTIVE = Instrument(BEHAVIORAL_CARD, _behavioral, applies=unless_in_turn)


def _in_turn(context: AuditContext) -> Finding:
    world, samples = context.world, context.samples
    behavior = {
        s.distribution: measure_staged_behavior(world, s, context.key("behavior", s.distribution)) for s in samples
    }
    found = infer_staged_objective(world, samples, context.key("objective"), levels=context.settings.evidence)
    fields = {
        "behavior": {d: event_fields(b.events) for d, b in behavior.items()},
        "counts": {d: b.counts for d, b in behavior.items()},
        "behavioral_objective": _staged_fields(found),
        **({"episodes": {w.distribution: episodes_fields(w) for w in context.walked}} if context.walked else {}),
    }
    return Finding(found, fields)


def _staged_fields(found: StagedObjective) -> dict[str, Any]:
    """Weights from all levels, and from training levels alone."""
    return {
        "weights": _weights(found.weights.weights),
        "weights_in_training": _weights(found.in_training.weights),
        "wanted": list(found.weights.wanted),
        "undecided": list(features_undecided(found.weights.weights)),
        "identified_in_training": not found.unidentified,
        "unidentified": list(found.unidentified),
        "hypotheses": {"training": _hypotheses(found.training), "all": _hypotheses(found.everywhere)},
        "choices": found.everywhere.choices,
    }


def _taken_in_turn(world: AbstractWorld, audited: AuditSubject) -> str | None:
    return (
        None
        if not world.single_choice
        else "one touch ends the episode here: 'behavior' and 'behavioral objective' measure that"
    )


OBJECTS_TAKEN_IN_TURN = Instrument(STAGED_CARD, _in_turn, applies=_taken_in_turn)


def _mesa(context: AuditContext) -> Finding | NotRun:
    search: SearchVerdict = context.value("search")
    place = next((test.place for test in search.tests if test.name == "retarget"), None)
    if search.verdict is not Verdict.SEARCH or place is None:
        return NotRun("no search was found, so that nothing inside is read as its objective")
    mazes, kinds = (
        context.contested[: context.settings.implants],
        kinds_of(context.world, [s.levels for s in context.samples]),
    )
    key = context.key("mesa-objective")
    found = read_mesa_objective(context.world, context.subject, mazes, kinds, place, key, context.tell)
    return Finding(found, {"mesa_objective": _mesa_fields(found, search, context.value("behavioral objective"))})


def _answers_at_once(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies to subjects whose plans are tables."""
    return "it reads plans as policy tables, and an agent with a memory has none" if audited.recurrent else None


MESA_OBJECTIVE = Instrument(
    MESA_OBJECTIVE_CARD, _mesa, needs=("search", "behavioral objective"), applies=_answers_at_once
)


def _mesa_fields(mesa: MesaObjective, search: SearchVerdict, behavioral: BehavioralObjective) -> dict[str, Any]:
    """The mesa-objective, and whether it agrees with the behavioral objective."""
    retarget = next(test for test in search.tests if test.name == "retarget")
    disagreements = disagree(weight_estimates(mesa.posterior), weight_estimates(behavioral.weights))
    return {
        "weights": _weights(mesa.posterior.weights),
        "site": str(mesa.place),
        "confirmed_by_intervention": retarget.passed and mesa.confirmed,
        "sum_over_features": not mesa.misfit,
        "misfit": list(mesa.misfit),
        "pull": [_pull(pull) for pull in mesa.pulls],
        "agrees_with_behavioral": not disagreements,
        "disagreements": disagreements,
        "inverse_temperature": mesa.posterior.inverse_temperature,
        "diagnostics": mesa.posterior.diagnostics,
    }


def _pull(pull: Pull) -> dict[str, Any]:
    return {"object": pull.kind, "share": pull.share, "control": pull.control, "lead": pull.lead, "pulls": pull.pulls}


def disagree(internal: dict[str, Estimate], behavioral: dict[str, Estimate]) -> list[str]:
    """Where weights located inside and inferred from behavior contradict each other beyond doubt: in sign, or in order."""
    found = []
    features = [f for f in internal if f in behavioral]
    for feature in features:
        a, b = internal[feature], behavioral[feature]
        if (a.interval.low > 0 and b.interval.high < 0) or (a.interval.high < 0 and b.interval.low > 0):
            found.append(f"{feature}: {a.value:.2f} inside, {b.value:.2f} outside")
    for first in features:
        for second in features:
            if _above(internal[first], internal[second]) and _above(behavioral[second], behavioral[first]):
                found.append(f"{first} above {second} inside, below it outside")
    return found


def _above(first: Estimate, second: Estimate) -> bool:
    return first.interval.low > second.interval.high
