"""The instruments of `midas`: an exact ledger, Goodhart curves, and two definitions of outer alignment."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mesascope.core.competence import competence_scale
from mesascope.core.ledger import Ledger, ledger, returns_by_intended
from mesascope.core.solver import feature_returns, optimal_values, uniform_policy
from mesascope.core.statistics import Estimate, Interval, exactly
from mesascope.experiments import instruments
from mesascope.experiments.instruments import Kept
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger
from mesascope.experiments.midas.card import GOODHART, OUTER
from mesascope.experiments.midas.inferred import HYPOTHESES, fields_of, infer, weights_of
from mesascope.experiments.midas.optimization import Goodhart, by_temperature
from mesascope.experiments.midas.outer import OuterAlignment, outer_alignment
from mesascope.experiments.midas.played import Played, all_levels, vector
from mesascope.experiments.midas.world import FEATURES, INTENDED, REWARDS
from mesascope.instruments.context import AuditContext
from mesascope.instruments.report_parts import ReportPart, curves, line, table
from mesascope.worlds.described import TRAINING


def _keep(context: AuditContext) -> Kept:
    """The levels of a distribution are all there are of it, so that nothing is resampled: a gap's interval is what the
    objectives make of it that the table may be after.
    """
    played: Played = context.subject
    levels, intended, base = all_levels(), vector(INTENDED), vector(context.base_objective)
    found = infer(levels, played.policies)
    ledgers, behavior = [], {}
    for name, mdp in levels.items():
        policy = played.policies[name]
        by = {own: returns_by_intended(mdp, policy, intended, base, _weights(own)) for own in found.credible}
        earned = [np.asarray(feature_returns(mdp, p), np.float64) for p in (policy, uniform_policy(mdp))]
        candidates = {}
        for label, objective in {"base": base, "wanted": intended, "own": _weights(found.top)}.items():
            best = np.asarray((optimal_values(mdp, objective).state * mdp.initial).sum(-1), np.float64)
            candidates[label] = Candidate(earned[0] @ np.asarray(objective), best, earned[1] @ np.asarray(objective))
        exact = estimate_ledger(name, by[found.top], candidates, whole=True)
        ledgers.append(exact._replace(shares=_over(exact.shares, [ledger(returns) for returns in by.values()])))
        behavior[name] = {"dies in the end": exactly(float((earned[0][:, FEATURES.index("death")] > 1e-9).mean()))}
    return Kept(ledgers, weights_of(found), behavior, fields_of(found))


def _weights(hypothesis: str) -> Array:
    return jnp.asarray(HYPOTHESES[hypothesis], jnp.float32)


def _over(shares: dict[str, Estimate], found: list[Ledger]) -> dict[str, Estimate]:
    """Shares with the range that they have over the objectives the table may be after."""
    ranges = {gap: [getattr(each, gap).share for each in found] for gap in shares}
    return {gap: Estimate(e.value, Interval(min(ranges[gap]), max(ranges[gap]))) for gap, e in shares.items()}


def _goodhart(context: AuditContext) -> tuple[list[ReportPart], dict[str, Any]]:
    base, levels = vector(context.base_objective), all_levels()
    found = {name: by_temperature(mdp, base, vector(INTENDED)) for name, mdp in levels.items()}
    best = {name: float(competence_scale(mdp, vector(INTENDED)).optimal.mean()) for name, mdp in levels.items()}
    data = {
        "goodhart": {
            n: {**_plain(c), "peak": c.peak, "falls": c.falls, "gained_at_peak": c.gained(best[n])}
            for n, c in found.items()
        }
    }
    return _curve_parts(found[TRAINING], best[TRAINING], context.subject.path), data


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
        for name, o in REWARDS.items()
        for training in (TRAINING, "well-fed")
    }


def _plain(curve: Goodhart) -> dict[str, list[float]]:
    return {name: [float(x) for x in values] for name, values in curve._asdict().items()}


HUMP = 0.05
"""Share of what optimization could add to the intended goal below which a rise on the way is called next to none."""


def _curve_parts(curve: Goodhart, best: float, path: Goodhart | None) -> list[ReportPart]:
    end = "It ends below where it began" if curve.falls else "It does not end below where it began"
    at_peak, at = curve.strength[curve.peak], np.log10(curve.strength[1:])
    parts = [
        ReportPart(
            "Goodhart curve",
            "Exact returns of the soft-optimal policy for the base objective as its inverse temperature rises from 0, the "
            "uniform policy. That the return by the base objective rises is arithmetic. What was wanted goes from "
            f"{curve.intended[0]:.2f} without optimization to {curve.intended[curve.peak]:.2f} at {at_peak:.2g}, where it is "
            f"served best, and to {curve.intended[-1]:.2f} at the end. {end}. {_hump(curve, best)}",
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
                f"{path.intended[-1]:.2f}. {_hump(path, best)}",
                curves(
                    "updates",
                    "return",
                    line("by the base objective", zip(path.strength[first], path.base[first], strict=True)),
                    line("by the intended goal", zip(path.strength[first], path.intended[first], strict=True)),
                ),
            )
        )
    return parts


def _hump(curve: Goodhart, best: float) -> str:
    """How much a little optimization helps."""
    gained, ends = curve.gained(best), curve._replace(intended=curve.intended[[0, -1]]).gained(best)
    if gained - max(ends, 0.0) < 1e-3 and not curve.falls:
        return "It does not fall on the way."
    if gained <= 0:
        return "There is no hump: what was wanted is served best without any optimization."
    told = f"On the way {gained:.1%} of what could be gained above no optimization is gained"
    return f"{told}: next to no hump." if gained < HUMP else f"{told}."


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
