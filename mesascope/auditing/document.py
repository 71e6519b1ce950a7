"""Findings as parts of the audit document (`docs/design/audit-document.md`); values only, no measuring."""

import inspect
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import jax

from mesascope import __version__
from mesascope.auditing.ledger_estimate import GAPS, LedgerEstimate
from mesascope.auditing.worst_level import WorstLevel
from mesascope.core.objective import Objective
from mesascope.core.statistics import Estimate
from mesascope.instruments.behavior import Behavior, Event
from mesascope.instruments.behavioral_objective import BehavioralObjective
from mesascope.instruments.choice_weights import WeightPosterior
from mesascope.instruments.goal_directedness import GoalDirectedness
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior
from mesascope.instruments.mesa_objective import MesaObjective
from mesascope.instruments.search.battery import SearchTest
from mesascope.instruments.search.certified import Certified
from mesascope.instruments.search.operating_point import OPERATING_POINT
from mesascope.instruments.search.verdict import SearchVerdict, Verdict, passed
from mesascope.instruments.search.writing import Place
from mesascope.instruments.staged import StagedObjective
from mesascope.worlds.described import AbstractDescribed

HYPOTHESES = 12
"""Most probable hypotheses that are written down."""

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpyro", "numpy", "scipy")


def of_world(world: AbstractDescribed) -> dict[str, Any]:
    """The world as it was configured."""
    return {
        "name": world.name,
        "knobs": dict(vars(world)),
        "description": (inspect.getdoc(type(world)) or "").split("\n")[0],
        "features": list(world.features),
        "intended_goal": _objective(world.intended_goal),
        "base_objective": _objective(world.base_objective),
        "shifts": dict(world.shifts),
    }


def _objective(objective: Objective) -> dict[str, float]:
    return dict(objective.weights)


def of_search(found: SearchVerdict | None, hard_coded: bool | None) -> dict[str, Any]:
    """The verdict on search. A subject whose insides cannot be reached has no tests."""
    if found is None:
        reason = "the subject is closed: its insides can be neither read nor written"
        return {
            "verdict": Verdict.CANNOT_TELL,
            "reason": reason,
            "hard_coded": hard_coded,
            "mesa_optimizer": False,
            "tests": [],
            "capacity": None,
            "operating_point": _operating_point(),
        }
    searches = found.verdict is Verdict.SEARCH
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "hard_coded": hard_coded,
        "mesa_optimizer": searches and hard_coded is False,
        "tests": [_test(test) for test in found.tests],
        "capacity": None if found.certified is None else _capacity(found.certified),
        "operating_point": _operating_point(),
    }


def _capacity(bound: Certified) -> dict[str, Any]:
    return {
        "bits": {**bound.size._asdict(), "total": bound.size.total},
        "shown_per_level": {"unedited": bound.unedited, "edited": bound.edited},
        "levels": bound.levels,
        "levels_needed": bound.needed,
        "table_excluded": bound.enough,
    }


def _operating_point() -> dict[str, Any]:
    point = OPERATING_POINT
    return {
        **point._asdict(),
        "sensitivity": point.sensitivity,
        "false_positive_rate": point.false_positive_rate,
        "trusted": point.trusted,
    }


def _test(test: SearchTest) -> dict[str, Any]:
    return {
        "name": test.name,
        "statistic": test.score.value,
        "interval": list(test.score.interval),
        "null": max((e.value for e in test.controls.values()), default=None),
        "passed": passed(test),
        "place": None if test.place is None else _place(test.place),
        "edited": test.edited,
        "ceiling": test.ceiling,
        "controls": test.controls,
        "advantages": test.advantages,
        "spread": test.spread,
        "nonlinear": test.nonlinear,
        "levels": test.levels,
        "cells": test.cells,
        "places_tried": len(test.tried),
        "followed_at": [{"place": str(place), "share": share} for place, share in test.tried],
        "places_refused": test.refused,
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "sites": list(place.sites),
        "state": place.first,
        "radius": place.radius,
        "sustained": place.sustained,
        "text": str(place),
    }


def weight_estimates(posterior: WeightPosterior) -> dict[str, Estimate]:
    """Posterior mean and interval by feature."""
    return {feature: Estimate(weight.mean, weight.interval) for feature, weight in posterior.weights.items()}


def _weights(posterior: WeightPosterior) -> dict[str, Any]:
    return {
        feature: {"mean": weight.mean, "interval": list(weight.interval), "offered": weight.offered}
        for feature, weight in posterior.weights.items()
    }


def of_mesa(mesa: MesaObjective, search: SearchVerdict, behavioral: BehavioralObjective) -> dict[str, Any]:
    """The mesa-objective, and whether it agrees with the behavioral objective."""
    retarget = next(test for test in search.tests if test.name == "retarget")
    disagreements = disagree(weight_estimates(mesa.posterior), weight_estimates(behavioral.weights))
    return {
        "weights": _weights(mesa.posterior),
        "site": str(mesa.place),
        "confirmed_by_intervention": passed(retarget),
        "pull": [{"object": pull.kind, "share": pull.share} for pull in mesa.pulls],
        "agrees_with_behavioral": not disagreements,
        "disagreements": disagreements,
        "inverse_temperature": mesa.posterior.inverse_temperature,
        "diagnostics": mesa.posterior.diagnostics,
    }


def disagree(inside: dict[str, Estimate], outside: dict[str, Estimate]) -> list[str]:
    """Where weights read inside and outside contradict each other beyond doubt: in sign, or in order."""
    found = []
    features = [f for f in inside if f in outside]
    for feature in features:
        a, b = inside[feature], outside[feature]
        if (a.interval.low > 0 and b.interval.high < 0) or (a.interval.high < 0 and b.interval.low > 0):
            found.append(f"{feature}: {a.value:.2f} inside, {b.value:.2f} outside")
    for first in features:
        for second in features:
            if _above(inside[first], inside[second]) and _above(outside[second], outside[first]):
                found.append(f"{first} above {second} inside, below it outside")
    return found


def _above(first: Estimate, second: Estimate) -> bool:
    return first.interval.low > second.interval.high


def of_behavioral(found: BehavioralObjective) -> dict[str, Any]:
    """The behavioral objective, what training leaves open, and the posterior over hypotheses."""
    return {
        "weights": _weights(found.weights),
        "inverse_temperature": found.weights.inverse_temperature,
        "lapse": found.weights.lapse,
        "identified_in_training": found.identifiability.identified,
        "unidentified": list(found.identifiability.unidentified),
        "equivalent_in_training": list(found.identifiability.equivalent),
        "hypotheses": {"training": _hypotheses(found.training), "all": _hypotheses(found.everywhere)},
        "diagnostics": found.weights.diagnostics,
        "choices": found.weights.choices,
    }


def of_staged(found: StagedObjective) -> dict[str, Any]:
    """The same where objects are taken one after another: weights are what the hypotheses spread over features."""
    alone = found.training.near_top
    return {
        "weights": {
            feature: {"mean": weight.mean, "interval": list(weight.interval), "offered": weight.offered}
            for feature, weight in found.weights.items()
        },
        "identified_in_training": len(alone) == 1,
        "unidentified": list(alone) if len(alone) > 1 else [],
        "hypotheses": {"training": _hypotheses(found.training), "all": _hypotheses(found.everywhere)},
        "choices": found.everywhere.choices,
    }


def _hypotheses(posterior: HypothesisPosterior) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "kind": row.kind, "posterior": row.posterior, "nats_below_top": row.nats_below_top}
        for row in posterior.table[:HYPOTHESES]
    ]


def of_directedness(found: GoalDirectedness) -> dict[str, Any]:
    """Goal-directedness of one distribution."""
    return {"meg": found.meg, "by_feature": found.by_feature, "signs": found.signs}


def of_ledger(reckoning: LedgerEstimate) -> dict[str, Any]:
    """The gaps of one distribution with their intervals."""
    return {
        gap: {**getattr(reckoning.ledger, gap)._asdict(), "interval": list(reckoning.shares[gap].interval)}
        for gap in GAPS
    }


def of_worst_level(found: WorstLevel) -> dict[str, Any]:
    """The search for the worst level. One level is exact, so its ledger has no intervals."""
    return {**found._asdict(), "ledger": found.ledger._asdict()}


def of_behavior(behavior: Behavior) -> dict[str, Any]:
    """Rates of what is touched first."""
    return of_events(behavior.events)


def of_events(events: Mapping[str, Event]) -> dict[str, Any]:
    """How often each event happens."""
    return {
        name: {
            "offered": event.offered,
            "rate": None if event.rate is None else event.rate.value,
            "interval": None if event.rate is None else list(event.rate.interval),
            "exact": event.exact,
        }
        for name, event in events.items()
    }


def provenance(command: str, seconds: dict[str, float]) -> dict[str, Any]:
    """Where a document came from."""
    return {
        "command": command,
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "device": str(jax.devices()[0].device_kind),
        "precision": precision_of(jax.default_backend(), getattr(jax.config, "jax_default_matmul_precision", None)),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "executable": sys.implementation.name,
    }


def precision_of(backend: str, products: str | None) -> str:
    """What numbers are computed in. Only a processor multiplies matrices in single precision without being asked to."""
    if backend == "cpu" or products in ("float32", "highest"):
        return "float32"
    return f"float32, matrix products {products or 'as the device has it by default'}"
