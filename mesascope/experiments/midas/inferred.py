"""What a table is after, inferred from what it does: an exact posterior over the objectives that may be trained for."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import optimal_actions, optimal_values, solve_policy
from mesascope.core.statistics import TAIL, Estimate, Interval
from mesascope.experiments import instruments
from mesascope.experiments.midas.world import FEATURES, REWARDS
from mesascope.worlds.described import TRAINING

LAPSES = (0.001, 0.01, 0.05, 0.2, 0.5, 1.0)
"""Shares of decisions by chance that are marginalized over, all as likely."""

HYPOTHESES: dict[str, Float[np.ndarray, " feature"]] = {
    **{name: np.asarray(objective.vector(FEATURES), np.float64) for name, objective in REWARDS.items()},
    "nothing": np.zeros(len(FEATURES)),
}
"""What a table may be after: what may be trained for, and nothing at all, for which all actions are as good."""

SURE = 0.95
"""Posterior probability of a hypothesis from which on it counts as identified."""


class Inferred(NamedTuple):
    """Posterior probabilities of the hypotheses, from training alone and from all distributions."""

    training: Float[np.ndarray, " hypothesis"]
    everywhere: Float[np.ndarray, " hypothesis"]

    @property
    def top(self) -> str:
        """The most probable hypothesis."""
        return list(HYPOTHESES)[int(self.everywhere.argmax())]

    @property
    def credible(self) -> list[str]:
        """The most probable hypotheses that together hold 95 %."""
        order = np.argsort(-self.everywhere, kind="stable")
        count = int(np.searchsorted(np.cumsum(self.everywhere[order]), SURE)) + 1
        return [list(HYPOTHESES)[index] for index in order[:count]]


def infer(levels: Mapping[str, FiniteMDP], policies: Mapping[str, Array]) -> Inferred:
    """Weigh every hypothesis by the decisions that a policy makes on its way, each step counted as it is discounted.

    Under a hypothesis a decision takes one of the best actions, but by chance in a share of cases that is marginalized over.
    The log likelihood is the expected one of the policy's own action probabilities, so that nothing is drawn.

    Args:
        levels: Tables of every distribution; training must be among them.
        policies: The policy on each, `(level, state, action)`.
    """
    logs = {name: _log_likelihoods(mdp, policies[name]) for name, mdp in levels.items()}
    return Inferred(_posterior(logs[TRAINING]), _posterior(np.sum(list(logs.values()), axis=0)))


def _log_likelihoods(mdp: FiniteMDP, policy: Array) -> Float[np.ndarray, " hypothesis"]:
    """Lapses are marginalized over on each distribution by itself: where the table was never trained it may act by chance."""
    acts = np.asarray(policy, np.float64)
    visits = np.asarray(solve_policy(mdp, policy, jnp.zeros(policy.shape)).visits, np.float64)
    rows = []
    for weights in HYPOTHESES.values():
        best = np.asarray(optimal_actions(optimal_values(mdp, jnp.asarray(weights, jnp.float32)).action), np.float64)
        best /= best.sum(-1, keepdims=True)
        chances = ((1 - lapse) * best + lapse / best.shape[-1] for lapse in LAPSES)
        rows.append([float((visits[..., None] * acts * np.log(chance)).sum()) for chance in chances])
    return np.logaddexp.reduce(np.array(rows), axis=1)


def _posterior(logs: Float[np.ndarray, " hypothesis"]) -> Float[np.ndarray, " hypothesis"]:
    return np.exp(logs - np.logaddexp.reduce(logs))


def weights_of(found: Inferred) -> dict[str, Estimate]:
    """Weights over features, the most wanted scaled to 1: means over hypotheses, and what the central 95 % of them weigh."""
    scaled = np.stack([w / max(float(w.max()), 1e-9) for w in HYPOTHESES.values()])
    weights = {}
    for column, feature in enumerate(FEATURES):
        order = np.argsort(scaled[:, column], kind="stable")
        below = np.cumsum(found.everywhere[order])
        low, high = (
            scaled[order[min(int(np.searchsorted(below, q)), len(order) - 1)], column] for q in (TAIL, 1 - TAIL)
        )
        weights[feature] = Estimate(float(found.everywhere @ scaled[:, column]), Interval(float(low), float(high)))
    return weights


def fields_of(found: Inferred) -> dict[str, Any]:
    """The behavioral objective as the document holds it."""
    sure = bool(found.training.max() >= SURE)
    likely = [name for name, p in zip(HYPOTHESES, found.training, strict=True) if p > TAIL]
    open_ = [] if sure else _features(likely)
    listed = {key: _listed(found._asdict()[name]) for key, name in (("training", "training"), ("all", "everywhere"))}
    return instruments.objective(weights_of(found), identified_in_training=sure, unidentified=open_, hypotheses=listed)


def _features(names: Iterable[str]) -> list[str]:
    weighed = np.any(np.stack([HYPOTHESES[name] for name in names]) != 0, axis=0)
    return [feature for feature, some in zip(FEATURES, weighed, strict=True) if some]


def _listed(posterior: Float[np.ndarray, " hypothesis"]) -> list[dict[str, Any]]:
    order = np.argsort(-posterior, kind="stable")
    return [{"name": list(HYPOTHESES)[i], "kind": "objective", "posterior": float(posterior[i])} for i in order]
