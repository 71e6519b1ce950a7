"""The ledger: how much of the intended goal is lost, and to which gap (RLO; chain of Hubinger 2020).

J_U(pi*_U) - J_U(pi) = [J_U(pi*_U) - J_U(pi*_Rb)] + [J_U(pi*_Rb) - J_U(pi*_Rm)] + [J_U(pi*_Rm) - J_U(pi)]
                           outer gap                  inner gap                     capability gap
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import (
    DISCOUNT,
    Discount,
    feature_returns,
    from_starts,
    optimal_actions,
    optimal_return_range,
    optimal_values,
    uniform_over,
    uniform_policy,
)


class ReturnsByU(NamedTuple):
    """Per-level returns, all measured by the intended goal U, of the policies the ledger compares.

    `base` and `mesa` take the uniform policy over the optimal set of their objective;
    `base_range` and `mesa_range` are the least and greatest return over those ties.
    """

    intended: Float[np.ndarray, " level"]
    base: Float[np.ndarray, " level"]
    base_range: Float[np.ndarray, "2 level"]
    mesa: Float[np.ndarray, " level"]
    mesa_range: Float[np.ndarray, "2 level"]
    subject: Float[np.ndarray, " level"]
    uniform: Float[np.ndarray, " level"]


class Gap(NamedTuple):
    """One term of the ledger: its value, its extremes over ties, its share of J_U(pi*_U) - J_U(uniform)."""

    value: float
    least: float
    greatest: float
    share: float


class Ledger(NamedTuple):
    """The three gaps and their total; `total.value` is their exact sum."""

    outer: Gap
    inner: Gap
    capability: Gap
    total: Gap


@jax.jit
def _tied(action_values: Float[Array, "level state action"]):
    """The optimal set, and the uniform policy over it."""
    allowed = optimal_actions(action_values)
    return allowed, uniform_over(allowed)


def returns_by_intended(
    mdp: FiniteMDP,
    subject: Float[Array, "level state action"] | Float[Array, "level feature"],
    intended: Float[Array, " feature"],
    base: Float[Array, " feature"],
    mesa: Float[Array, " feature"],
    discount: Discount = DISCOUNT,
) -> ReturnsByU:
    """Exact returns by U of the policies in the ledger; `subject` is the probability table it acts by, or how often each feature
    fires for it, discounted: of a subject that was rolled out, in one episode on each level.

    Put together from solves that are compiled by themselves: whatever else is asked of tables of this shape shares them.
    """
    policies, ranges = [], []
    for weights in (base, mesa):
        allowed, policy = _tied(optimal_values(mdp, weights, discount).action)
        policies.append(policy)
        ranges.append(optimal_return_range(mdp, allowed, intended, discount))
    best = from_starts(mdp, optimal_values(mdp, intended, discount).state)
    fired = [feature_returns(mdp, p, discount) for p in (*policies, uniform_policy(mdp))]
    fired.insert(2, subject if subject.ndim == 2 else feature_returns(mdp, subject, discount))
    returns = [each @ intended for each in fired]
    found = jax.device_get((best, *returns, ranges))
    best, by_base, by_mesa, own, uniform, ranges = jax.tree.map(lambda x: np.asarray(x, np.float64), found)
    base_range, mesa_range = (np.stack(ends) for ends in ranges)
    return ReturnsByU(best, by_base, base_range, by_mesa, mesa_range, own, uniform)


def ledger(returns: ReturnsByU) -> Ledger:
    """The ledger of mean returns over levels."""
    u, b, m, s, floor = (
        float(x.mean()) for x in (returns.intended, returns.base, returns.mesa, returns.subject, returns.uniform)
    )
    b_low, b_high = (float(x) for x in returns.base_range.mean(-1))
    m_low, m_high = (float(x) for x in returns.mesa_range.mean(-1))
    room = u - floor

    def gap(value: float, least: float, greatest: float) -> Gap:
        return Gap(value, least, greatest, value / room if room > 1e-9 else float("nan"))

    return Ledger(
        outer=gap(u - b, u - b_high, u - b_low),
        inner=gap(b - m, b_low - m_high, b_high - m_low),
        capability=gap(m - s, m_low - s, m_high - s),
        total=gap(u - s, u - s, u - s),
    )
