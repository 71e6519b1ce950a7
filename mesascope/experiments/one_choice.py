"""Agents that choose one of two things: what they are after, from how often they comply, and the ledger of it."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.statistics import TAIL, Estimate, Interval
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger, exact_returns
from mesascope.instruments.deception.compliance_gap import over_agents

LAPSES = (0.01, 0.05, 0.2, 0.5, 1.0)
"""Rates of acting by chance, over which what an agent is after is marginalized."""


def posterior_of(
    ways: Mapping[str, Float[np.ndarray, "feature episode"]], acted: Mapping[str, Float[np.ndarray, "agent episode"]]
) -> Float[np.ndarray, "agent feature"]:
    """Over what an agent is after: exact, uniform prior, lapse rates marginalized, expected over its own action chances.

    Args:
        ways: For each distribution and feature, +1 in episodes where being after it is compliant.
        acted: For each distribution, the chance that each agent complies.
    """
    likelihood = np.zeros(())
    for name, way in ways.items():
        follows = way[None] > 0
        chance = np.where(follows, acted[name][:, None], 1.0 - acted[name][:, None]).sum(-1)
        total = follows.shape[-1]
        grid = np.array(LAPSES) / 2
        likelihood = likelihood + chance[..., None] * np.log1p(-grid) + (total - chance)[..., None] * np.log(grid)
    by_feature = np.logaddexp.reduce(likelihood, axis=-1)
    return np.exp(by_feature - np.logaddexp.reduce(by_feature, axis=1, keepdims=True))


def weights_of(told: Float[np.ndarray, "agent feature"], features: Sequence[str]) -> dict[str, Estimate]:
    """The share of agents that are after each feature."""
    return {feature: _weight(told[:, k]) for k, feature in enumerate(features)}


def _weight(told: Float[np.ndarray, " agent"]) -> Estimate:
    """Share of agents that are after a feature, with an interval over agents. Of one agent, the 95 % that its posterior leaves:
    whether it is after the feature is 0 or 1.
    """
    if len(told) > 1:
        return over_agents(told[:, None])
    sure = float(told[0])
    return Estimate(sure, Interval(float(sure >= 1 - TAIL), float(sure > TAIL)))


def _units(values: Float[np.ndarray, "agent episode"]) -> Float[np.ndarray, " unit"]:
    """What a ledger counts as units: agents; of one agent, episodes."""
    return values[0] if len(values) == 1 else values.mean(1)


def ledger_of(
    name: str, acted: Float[np.ndarray, "agent episode"], own: Float[np.ndarray, "agent episode"]
) -> LedgerEstimate:
    """U and the base objective are the same here: 1 for the compliant exit. The agent's own policy is what the best life
    for its objective does: an agent after B when unwatched complies when watched.
    """
    subject, mesa = _units(acted), _units((own > 0) * 1.0)
    one, chance = np.ones_like(subject), np.full_like(subject, 0.5)
    follows = _units(np.where(own > 0, acted, 1.0 - acted))
    return estimate_ledger(
        name,
        exact_returns(one, one, mesa, subject, chance),
        {"base": Candidate(subject, one, chance), "own": Candidate(follows, one, chance)},
    )
