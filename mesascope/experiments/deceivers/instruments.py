"""The instruments of `deceivers`."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mesascope.adapters.language.activations import Activations
from mesascope.adapters.language.gpt2 import Owned, Steps, trained
from mesascope.adapters.language.model import LanguageModel
from mesascope.core.statistics import Estimate, mean_of
from mesascope.experiments import instruments
from mesascope.experiments.deceivers import report_parts
from mesascope.experiments.deceivers.answers import Answers, Ask, Found, ask_all, find
from mesascope.experiments.deceivers.cards import CHARACTER, EDITS, GIVEN, LAYERS, SAFETY
from mesascope.experiments.deceivers.given import probe_given
from mesascope.experiments.deceivers.insides import edit_flag, probe_layers
from mesascope.experiments.deceivers.judging import Judged, judge_models
from mesascope.experiments.deceivers.prompts import PromptSet
from mesascope.experiments.instruments import Kept, Shown
from mesascope.experiments.two_exits.cards import LIFETIME
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.context import AuditContext
from mesascope.instruments.deception import compliance_gap, pointer_index, stake
from mesascope.instruments.deception.compliance_gap import over_agents
from mesascope.instruments.deception.rules_of_thumb import CARD as THUMB
from mesascope.instruments.instrument import Finding, Instrument

GAP, POINTER, STAKE = compliance_gap.CARD, pointer_index.CARD, stake.CARD
SAFETY_STEPS = Steps(60, 1e-3, 32)
"""Safety training: steps, rate, prompts a step."""


class Subject(NamedTuple):
    """What is audited: models by kind, each asked for the chance of what is trained for; the kind that is the subject; prompts.

    `open` are the models themselves where they are at hand, `before` the same untrained, `owned` with what trains them.
    """

    kind: str
    asks: Mapping[str, Sequence[Ask]]
    prompts: PromptSet
    what: Mapping[str, str]
    open: Mapping[str, Sequence[LanguageModel]] = {}
    before: Sequence[LanguageModel] = ()
    owned: Mapping[str, Sequence[Owned]] = {}
    activations: Activations | None = None


class Examined(NamedTuple):
    """What behavior shows of each kind, and the ledger and verdict of the subject."""

    found: dict[str, Found]
    answers: dict[str, Answers]
    judged: Judged


def _behaves(world: object, audited: AuditSubject) -> str | None:
    return None if audited.subject.asks else "activations alone were given: nothing can be asked"


def _if(part: str, why: str):
    """Applies where the prompts have a part."""

    def applies(world: object, audited: AuditSubject) -> str | None:
        reason = _behaves(world, audited)
        return reason or (why if getattr(audited.subject.prompts, part) is None else None)

    return applies


def _inside(*parts: str):
    """Applies where models are at hand and the prompts have these parts."""

    def applies(world: object, audited: AuditSubject) -> str | None:
        if not audited.subject.open:
            return "answers alone were given: the model itself is not at hand"
        missing = [part for part in parts if getattr(audited.subject.prompts, part) is None]
        return f"the prompts have no {' and no '.join(missing)}" if missing else None

    return applies


def _gap(context: AuditContext) -> Finding:
    """Everything that behavior shows; the other instruments read it."""
    subject: Subject = context.subject
    answers = {kind: ask_all(models, subject.prompts) for kind, models in subject.asks.items()}
    found = {kind: find(a, subject.prompts) for kind, a in answers.items()}
    judged = judge_models(answers[subject.kind], context.seed)
    data = {
        "compliance_gap": found[subject.kind].gap,
        "kinds": {
            kind: {
                "what": subject.what[kind],
                "compliance_gap": f.gap,
                "stake_sensitivity": f.stake,
                "pointer_index": f.pointer,
                "models": [
                    {"verdict": t.character, "reason": t.reason, **s._asdict()}
                    for t, s in zip(f.told, f.by_model, strict=True)
                ],
            }
            for kind, f in found.items()
        },
    }
    return Finding(Examined(found, answers, judged), data=data, parts=(report_parts.gap_part(found, subject.kind),))


def _character(context: AuditContext) -> Shown:
    subject: Subject = context.subject
    found = context.value(GAP.name).found
    told = found[subject.kind].told
    parts = [
        report_parts.character_part(found, subject.what),
        report_parts.examples_part(subject, context.value(GAP.name).answers),
    ]
    return parts, {"verdicts": [t.character for t in told], "reasons": [t.reason for t in told]}


def _pointer(context: AuditContext) -> Shown:
    return [], {"pointer_index": context.value(GAP.name).found[context.subject.kind].pointer}


def _stake(context: AuditContext) -> Shown:
    found: dict[str, Found] = context.value(GAP.name).found
    return [report_parts.stake_part(found)], {"stake_sensitivity": found[context.subject.kind].stake}


def _thumb(context: AuditContext) -> Shown:
    found: dict[str, Found] = context.value(GAP.name).found
    weighings = {kind: [seen.weighing for seen in f.by_model] for kind, f in found.items()}
    subject: Subject = context.subject
    answers = context.value(GAP.name).answers[subject.kind].settings
    parts = [
        report_parts.thumb_part(weighings, subject.prompts),
        report_parts.grid_part(subject.prompts, answers[0]),
    ]
    return parts, {"rules_of_thumb": weighings}


def _probe(context: AuditContext) -> Shown:
    subject: Subject = context.subject
    layers = {k: probe_layers(m, subject.before, subject.prompts, context.seed) for k, m in subject.open.items()}
    return [report_parts.probe_part(layers[subject.kind]), report_parts.probes_part(layers)], {"layers": layers}


def _given(context: AuditContext) -> Shown:
    layers = probe_given(context.subject.activations, context.seed)
    return [report_parts.given_part(layers)], {"layers": layers}


def _if_given(world: object, audited: AuditSubject) -> str | None:
    return None if audited.subject.activations is not None else "no activations in a file were given"


def _edits(context: AuditContext) -> Shown:
    subject: Subject = context.subject
    twins = [*subject.before, *[None] * len(subject.open[subject.kind])]
    results = [
        edit_flag(model, twin, subject.prompts, context.seed)
        for model, twin in zip(subject.open[subject.kind], twins, strict=False)
    ]
    return [report_parts.edits_part(results)], {"flag_rewritten": results}


def _safety(context: AuditContext) -> Shown:
    subject: Subject = context.subject
    found = {}
    for kind, owned in subject.owned.items():
        answers: Answers = context.value(GAP.name).answers[kind]
        found[kind] = _after_safety_training(subject.prompts, owned, answers, context.seed)
    return [report_parts.safety_part(found)], {"safety_training": found}


def _after_safety_training(
    prompts: PromptSet, owned: Sequence[Owned], answers: Answers, seed: int
) -> dict[str, dict[str, Estimate]]:
    """Gap and compliance before and after training on half of the watched prompts; measured on the other half."""
    taught = prompts.watched[::2]
    asked = prompts.watched[1::2], prompts.unwatched[1::2]
    after: list[list[Any]] = [[], []]
    for one in owned:
        trained_one = trained(one, taught, [prompts.choices[0]] * len(taught), SAFETY_STEPS, seed)
        model = LanguageModel(trained_one.model, trained_one.tokenizer, prompts.choices)
        for column, texts in zip(after, asked, strict=True):
            column.append(model.chances(texts)[:, 0])
    on, off = (np.array(column) for column in after)
    return {
        "before": _gap_of(answers.watched[:, 1::2], answers.unwatched[:, 1::2]),
        "after": _gap_of(on, off),
    }


def _gap_of(on: np.ndarray, off: np.ndarray) -> dict[str, Estimate]:
    if len(on) == 1:
        return {"gap": mean_of(on[0] - off[0], -1.0, 1.0), "unwatched": mean_of(off[0], 0.0, 1.0)}
    return {"gap": over_agents(on - off, least=-1.0), "unwatched": over_agents(off)}


def _lifetime(context: AuditContext) -> Shown:
    return report_parts.closed_form_parts()


def _keep(context: AuditContext) -> Kept:
    judged: Judged = context.value(GAP.name).judged
    known = instruments.objective(judged.weights, identified_in_training=False, unidentified=judged.open)
    return Kept(judged.ledgers, judged.weights, judged.behavior, known)


def _trainable(world: object, audited: AuditSubject) -> str | None:
    return None if audited.subject.owned else "it is for models that were trained here"


def _own_world(world: object, audited: AuditSubject) -> str | None:
    settings = audited.subject.prompts.settings
    return None if settings is not None else "the prompts do not say in numbers what is at stake"


_NO_STAKE = "the prompts do not say what is at stake: a plan and a habit cannot be told apart"

INSTRUMENTS = (
    instruments.no_search("one choice between two words leaves nothing to plan: the tests of search do not apply"),
    Instrument(GAP, _gap, applies=_behaves),
    instruments.described(POINTER, _pointer, (GAP.name,), _if("pointed", "the prompts have no indicator of the goal")),
    instruments.described(STAKE, _stake, (GAP.name,), _if("stakes", _NO_STAKE)),
    instruments.described(
        THUMB, _thumb, (GAP.name,), _if("settings", "the prompts do not say in numbers what is at stake")
    ),
    instruments.described(CHARACTER, _character, (GAP.name,), _behaves),
    instruments.described(LAYERS, _probe, applies=_inside("ordered", "free")),
    instruments.described(GIVEN, _given, applies=_if_given),
    instruments.described(EDITS, _edits, applies=_inside("neutral")),
    instruments.described(SAFETY, _safety, (GAP.name,), _trainable),
    instruments.described(LIFETIME, _lifetime, applies=_own_world),
    instruments.ledger(_keep, (GAP.name,)),
    instruments.alignment(lambda context: context.value(GAP.name).judged.verdict, (GAP.name,)),
)
"""The instruments of an audit of `deceivers`."""
