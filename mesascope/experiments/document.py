"""The audit document of an experiment: what applies is given, what does not is null or empty."""

from collections.abc import Iterable, Mapping
from typing import Any

from mesascope.auditing.built_in.ledger import ledger_fields
from mesascope.auditing.built_in.search import test_fields
from mesascope.auditing.document import of_world
from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.statistics import Estimate
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.instruments.card import Card
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.report_parts import ReportPart


def search(
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


def subject(
    kind: str,
    ref: str,
    name: str,
    *,
    architecture: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The `subject` part: `kind` is `trained` or `organism`. Subjects of experiments are open."""
    return {
        "kind": kind,
        "ref": ref,
        "name": name,
        "open": True,
        "architecture": architecture,
        "training": training,
    }


def objective(weights: Mapping[str, Estimate], **more: Any) -> dict[str, Any]:
    """Weights over features as `behavioral_objective` and `mesa_objective` hold them."""
    return {"weights": {f: {"mean": e.value, "interval": list(e.interval)} for f, e in weights.items()}, **more}


def compose(
    experiment: AbstractExperiment,
    seed: int,
    *,
    subject: Mapping[str, Any],
    search: Mapping[str, Any],
    alignment: Any,
    ledgers: Iterable[LedgerEstimate] = (),
    behavioral_objective: Mapping[str, Any] | None = None,
    mesa_objective: Mapping[str, Any] | None = None,
    behavior: Mapping[str, Mapping[str, Estimate]] | None = None,
    cards: Iterable[Card] = (),
    parts: Iterable[ReportPart] = (),
    findings: Mapping[str, Any] | None = None,
    seconds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The whole document. `findings` are the experiment's own, beside the `parts` that the report shows.

    `behavior` holds the rate of each event on each distribution.
    """
    found = list(ledgers)
    return {
        "format": 1,
        "world": of_world(experiment),
        "subject": subject,
        "seed": seed,
        "levels": {},
        "search": search,
        "behavioral_objective": behavioral_objective,
        "mesa_objective": mesa_objective,
        "ledger": {r.distribution: ledger_fields(r) for r in found},
        "ledger_from_outside": {},
        "ledger_greedy": {},
        "behavior": {name: _events(events) for name, events in (behavior or {}).items()},
        "competence": {r.distribution: r.competence for r in found},
        "returns": {r.distribution: r.returns for r in found},
        "goal_directedness": {},
        "thinking_time": None,
        "description": None,
        "graft": None,
        "alignment": alignment,
        "gallery": [],
        "cards": list(cards),
        "laboratory": {"parts": list(parts), **(findings or {})},
        "seconds": dict(seconds or {}),
    }


def _events(events: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        name: {"offered": True, "rate": rate.value, "interval": list(rate.interval), "exact": None}
        for name, rate in events.items()
    }
