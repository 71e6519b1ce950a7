"""Instruments that experiments share: the ledger, the verdicts, and how their results stand in the audit document."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mesascope.auditing.alignment import AlignmentVerdict, judge
from mesascope.auditing.built_in.ledger import ALIGNMENT_CARD, LEDGER_CARD, ledger_fields, name_outer, returns_fields
from mesascope.auditing.built_in.search import test_fields
from mesascope.auditing.kinds import KindEvidence
from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.statistics import Estimate
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.card import Card
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument, always
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.report_parts import ReportPart
from mesascope.instruments.search.card import SEARCH_CARD


class Kept(NamedTuple):
    """The ledger of an experiment: gaps and competence of each distribution, and rates of events where there are any.

    `weights` are those of the objective that the gaps were made with, on the experiment's features.
    """

    ledgers: Sequence[LedgerEstimate]
    weights: Mapping[str, Estimate]
    behavior: Mapping[str, Mapping[str, Estimate]] = {}
    behavioral_objective: Mapping[str, Any] | None = None
    mesa_objective: Mapping[str, Any] | None = None


def ledger(
    keep: Callable[[AuditContext], Kept], needs: tuple[str, ...] = (), after: tuple[str, ...] = ()
) -> Instrument:
    """The ledger by an experiment's own returns; its value is what `keep` gives."""

    def run(context: AuditContext) -> Finding:
        kept = keep(context)
        known = {"behavioral_objective": kept.behavioral_objective, "mesa_objective": kept.mesa_objective}
        fields = {
            "ledger": {r.distribution: ledger_fields(r) for r in kept.ledgers},
            "competence": {r.distribution: r.competence for r in kept.ledgers},
            **returns_fields(kept.ledgers),
            "behavior": {name: _rates(events) for name, events in kept.behavior.items()},
            **{name: found for name, found in known.items() if found is not None},
        }
        return Finding(kept, fields)

    return Instrument(LEDGER_CARD, run, needs=needs, after=after)


def _rates(events: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        name: {"offered": True, "rate": rate.value, "interval": rate.interval, "exact": None}
        for name, rate in events.items()
    }


def objective(weights: Mapping[str, Estimate], **more: Any) -> dict[str, Any]:
    """Weights over features as `behavioral_objective` and `mesa_objective` hold them."""
    return {"weights": {f: {"mean": e.value, "interval": e.interval} for f, e in weights.items()}, **more}


def known_objective(weights: Mapping[str, float], **more: Any) -> dict[str, Any]:
    """Weights that the subject was built with, in the same form: nothing was inferred, so that they have no interval."""
    return {"weights": {f: {"mean": float(w), "interval": None} for f, w in weights.items()}, "known": True, **more}


def judged(context: AuditContext, searches: bool = False, evidence: KindEvidence | None = None) -> AlignmentVerdict:
    """The verdict that follows from the ledger."""
    kept, world = context.value("ledger"), context.world
    base = context.base_objective.vector(world.features)
    verdict = judge(kept.ledgers, kept.weights, base, world.features, searches, evidence)
    return name_outer(verdict, context.base_objective, world.intended_goal)


def alignment(decide: Callable[[AuditContext], AlignmentVerdict] = judged, needs: tuple[str, ...] = ()) -> Instrument:
    """The verdict on alignment from the ledger, and from the findings in `needs`."""

    def run(context: AuditContext) -> Finding:
        verdict = decide(context)
        return Finding(verdict, {"alignment": verdict})

    return Instrument(ALIGNMENT_CARD, run, needs=("ledger", *needs))


def no_search(reason: str) -> Instrument:
    """That the tests of search cannot be used in an experiment, and why."""

    def applies(world: object, audited: AuditSubject) -> str:
        return reason

    def run(context: AuditContext) -> Finding:
        raise AssertionError("an instrument that never applies is never run")

    return Instrument(SEARCH_CARD, run, applies=applies)


def search_fields(
    verdict: str, reason: str, hard_coded: bool | None, tests: Iterable[TestResult] = (), explanation: str = ""
) -> dict[str, Any]:
    """The `search` part. A search that training produced makes a mesa-optimizer; one that was built in does not."""
    return {
        "verdict": verdict,
        "reason": reason,
        "hard_coded": hard_coded,
        "mesa_optimizer": verdict == "search" and hard_coded is False,
        "tests": [{**test_fields(test), "place": None} for test in tests],
        "capacity": None,
        "operating_point": None,
        "explanation": explanation,
    }


Shown = tuple[Iterable[ReportPart], Mapping[str, Any]]
"""Parts of the report, and numbers by name."""


def described(
    card: Card,
    describe: Callable[[AuditContext], Shown],
    needs: tuple[str, ...] = (),
    applies: Callable[[Any, AuditSubject], str | None] = always,
) -> Instrument:
    """An instrument of one experiment: what the report shows of it, and its numbers by name, which are its value."""

    def run(context: AuditContext) -> Finding:
        parts, data = describe(context)
        return Finding(data, data=data, parts=tuple(parts))

    return Instrument(card, run, needs=needs, applies=applies)


def if_trained(world: object, audited: AuditSubject) -> str | None:
    """Applies to what was trained here."""
    return "a reference subject is built and not trained" if audited.kind == "organism" else None


TRAINING_CARD = Card(
    name="training curve",
    measures="How what training optimizes changes while the subject is trained.",
    estimator="The value that training itself computed at each update, or its mean over some of them.",
    assumptions="None.",
    controls="None: it says that training went on, and nothing of what was learned.",
    blind_spots=("A loss that has settled does not show that training has ended.",),
    cost="none",
    references=("Hubinger et al. 2019, Risks from learned optimization, section 1, arXiv 1906.01820",),
)


def training_curve(describe: Callable[[AuditContext], Shown]) -> Instrument:
    """How the training of the subject went."""
    return described(TRAINING_CARD, describe, applies=if_trained)
