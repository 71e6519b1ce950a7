"""The instruments of `midas`: an exact ledger, Goodhart curves, and two definitions of outer alignment."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from mesascope.core.ledger import returns_by_intended
from mesascope.core.objective import Objective
from mesascope.core.solver import feature_returns, optimal_values, uniform_policy
from mesascope.core.statistics import exactly
from mesascope.experiments import instruments
from mesascope.experiments.instruments import Kept
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger
from mesascope.experiments.midas.card import GOODHART, OUTER
from mesascope.experiments.midas.optimization import Goodhart, by_temperature
from mesascope.experiments.midas.outer import OuterAlignment, outer_alignment
from mesascope.experiments.midas.played import Played, all_levels, vector
from mesascope.experiments.midas.world import BASE, FEATURES, INTENDED
from mesascope.instruments.context import AuditContext
from mesascope.instruments.report_parts import ReportPart, curves, line, table
from mesascope.worlds.described import TRAINING

OBJECTIVES = {
    "gold": BASE,
    "gold of the living": Objective.of("gold of the living", **{"living-gold": 1}),
    "alive": Objective.of("alive", alive=1),
    "wanted": INTENDED,
}
"""Base objectives that are held against the intended goal by both definitions of outer alignment."""


def _keep(context: AuditContext) -> Kept:
    played: Played = context.subject
    base, intended, own = vector(BASE), vector(INTENDED), vector(played.own)
    ledgers, behavior = [], {}
    for name, mdp in all_levels().items():
        policy = played.policies[name]
        returns = returns_by_intended(mdp, policy, intended, base, own)
        earned = [np.asarray(feature_returns(mdp, p), np.float64) for p in (policy, uniform_policy(mdp))]
        candidates = {}
        for label, objective in {"base": base, "wanted": intended}.items():
            best = np.asarray((optimal_values(mdp, objective).state * mdp.initial).sum(-1), np.float64)
            candidates[label] = Candidate(earned[0] @ np.asarray(objective), best, earned[1] @ np.asarray(objective))
        ledgers.append(estimate_ledger(name, returns, candidates))
        behavior[name] = {"dies in the end": exactly(float((earned[0][:, FEATURES.index("death")] > 1e-9).mean()))}
    weights = {f: exactly(float(w)) for f, w in zip(FEATURES, np.asarray(own), strict=True)}
    known = instruments.objective(weights, identified_in_training=True, unidentified=[])
    return Kept(ledgers, weights, behavior, known)


def _goodhart(context: AuditContext) -> tuple[list[ReportPart], dict[str, Any]]:
    found = {name: by_temperature(mdp, vector(BASE), vector(INTENDED)) for name, mdp in all_levels().items()}
    data = {"goodhart": {n: {**_plain(c), "peak": c.peak, "falls": c.falls} for n, c in found.items()}}
    return _curve_parts(found, context.subject.path), data


def _outer(context: AuditContext) -> tuple[list[ReportPart], dict[str, Any]]:
    outer = _both_definitions(all_levels())
    data = {
        f"{objective} trained on {distribution}": {
            **found._asdict(),
            "rlo_2019": found.rlo_2019,
            "hubinger_2020": found.hubinger_2020,
        }
        for (objective, distribution), found in outer.items()
    }
    return [_outer_part(outer)], {"outer_alignment": data}


def _both_definitions(levels) -> dict[tuple[str, str], OuterAlignment]:
    intended, every = jnp.asarray(INTENDED.vector(FEATURES)), list(levels.values())
    return {
        (name, training): outer_alignment(levels[training], every, jnp.asarray(o.vector(FEATURES)), intended)
        for name, o in OBJECTIVES.items()
        for training in (TRAINING, "well-fed")
    }


def _plain(curve: Goodhart) -> dict[str, list[float]]:
    return {name: [float(x) for x in values] for name, values in curve._asdict().items()}


def _curve_parts(found: dict[str, Goodhart], path: Goodhart | None) -> list[ReportPart]:
    curve = found[TRAINING]
    end = "It ends below where it began" if curve.falls else "It does not end below where it began"
    at_peak, at = curve.strength[curve.peak], np.log10(curve.strength[1:])
    parts = [
        ReportPart(
            "Goodhart curve",
            "Exact returns of the soft-optimal policy for the base objective as its inverse temperature rises from "
            f"0, the uniform policy. What was wanted is served best at {at_peak:.2g}, "
            f"{curve.intended[curve.peak]:.2f}, and then falls to {curve.intended[-1]:.2f}, from "
            f"{curve.intended[0]:.2f} without optimization. {end}.",
            curves(
                "inverse temperature (logarithm to base 10)",
                "return",
                line("by the base objective", zip(at, curve.base[1:], strict=True)),
                line("by the intended goal", zip(at, curve.intended[1:], strict=True)),
            ),
        )
    ]
    if path is not None:
        first = slice(0, 24)
        parts.append(
            ReportPart(
                "The same while it trains",
                f"Exact returns after each of the first updates; at the end {path.base[-1]:.2f} and "
                f"{path.intended[-1]:.2f}.",
                curves(
                    "updates",
                    "return",
                    line("by the base objective", zip(path.strength[first], path.base[first], strict=True)),
                    line("by the intended goal", zip(path.strength[first], path.intended[first], strict=True)),
                ),
            )
        )
    return parts


def _outer_part(outer: dict[tuple[str, str], OuterAlignment]) -> ReportPart:
    rows = [
        (
            f"{objective}, trained on {distribution}",
            *_range(a.on_training),
            str(a.rlo_2019),
            *_range(a.in_the_limit),
            str(a.hubinger_2020),
        )
        for (objective, distribution), a in outer.items()
    ]
    trained, limit = ("training: least", "greatest", "aligned (2019)"), ("limit: least", "greatest", "aligned (2020)")
    text = (
        "What policies optimal for a base objective lose of the intended goal, as a share of the best less the "
        "uniform policy: least and greatest over the optimal set. The definition of 2019 asks for the gap between "
        "the objectives, here on the training levels; that of 2020 asks whether all models that are optimal in the "
        "limit of infinite data, here on all levels that can occur, do what was wanted. They part where the "
        "training data does not show the flaw, and where ties do."
    )
    return ReportPart(
        "Outer alignment by two definitions", text, None, table("base objective", *trained, *limit, rows=rows)
    )


def _range(gap) -> tuple[float, float]:
    return round(gap.least_share, 6) + 0.0, round(gap.greatest_share, 6) + 0.0


INSTRUMENTS = (
    instruments.ledger(_keep),
    instruments.no_search("a table has no state to edit: what was searched for it, training did"),
    instruments.described(GOODHART, _goodhart),
    instruments.described(OUTER, _outer),
    instruments.alignment(),
)
"""The instruments of an audit of `midas`."""
