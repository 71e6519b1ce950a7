"""The ledger: how much of the intended goal is lost, and to which gap (RLO; chain of Hubinger 2020).

J_U(pi*_U) - J_U(pi) = [J_U(pi*_U) - J_U(pi*_Rb)] + [J_U(pi*_Rb) - J_U(pi*_Rm)] + [J_U(pi*_Rm) - J_U(pi)]
                           outer gap                  inner gap                     capability gap
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import (
    DISCOUNT,
    Discount,
    evaluate,
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
def _returns(
    mdp: FiniteMDP,
    subject: Float[Array, "level state action"],
    objectives: Float[Array, "3 feature"],
    discount: Discount,
):
    """All of `ReturnsByU` in one program, with one compiled solve of each kind for all objectives and policies."""
    intended = objectives[0]
    solved = jax.lax.map(lambda weights: optimal_values(mdp, weights, discount), objectives)
    tied = optimal_actions(solved.action[1:])
    low, high = jax.lax.map(lambda allowed: optimal_return_range(mdp, allowed, intended, discount), tied)
    policies = jnp.concatenate([uniform_over(tied), jnp.stack([subject, uniform_policy(mdp)])])
    reward = rewards(mdp, intended)
    values = jax.lax.map(lambda policy: evaluate(mdp, policy, reward, discount), policies)
    best = (solved.state[0] * mdp.initial).sum(-1)
    return best, (values * mdp.initial).sum(-1), low, high


def returns_by_intended(
    mdp: FiniteMDP,
    subject: Float[Array, "level state action"],
    intended: Float[Array, " feature"],
    base: Float[Array, " feature"],
    mesa: Float[Array, " feature"],
    discount: Discount = DISCOUNT,
) -> ReturnsByU:
    """Exact returns by U of the policies in the ledger; `subject` is the probability table it acts by."""
    found = _returns(mdp, subject, jnp.stack([intended, base, mesa]), discount)
    best, (by_base, by_mesa, own, uniform), low, high = (np.asarray(x, np.float64) for x in jax.device_get(found))
    base_range, mesa_range = np.stack([low, high], 1)
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
