"""Soft pursuit of objectives: the policies closest to chance for what they earn, and how well they predict another."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, continuation, rewards
from mesascope.core.solver import Discount, feature_returns, occupancy

_SETTLED = 1e-6
_MOST_SWEEPS = 2_000


class PolicyStatistics(NamedTuple):
    """What prediction needs of a policy: discounted steps before the end, its own log probabilities, feature counts."""

    visits: Float[Array, "level state"]
    policy: Float[Array, "level state action"]
    features: Float[Array, "level feature"]

    @property
    def steps(self) -> Float[Array, " level"]:
        """Discounted number of steps taken, the ended episode not counted."""
        return self.visits.sum(-1)


class Prediction(NamedTuple):
    """Discounted log probability of a policy's actions beyond chance, per level, and the gradient of its mean."""

    gain: Float[Array, " level"]
    gradient: Float[Array, " feature"]


@jax.jit
def conduct(mdp: FiniteMDP, policy: Float[Array, "level state action"], discount: Discount) -> PolicyStatistics:
    """Visits and feature counts of a policy from the tables' own starts."""
    visits = occupancy(mdp, policy, discount) * ~mdp.terminal
    return PolicyStatistics(visits, policy, feature_returns(mdp, policy, discount))


def pursuit_values(
    mdp: FiniteMDP, weights: Float[Array, " feature"], discount: Discount
) -> Float[Array, "level state action"]:
    """Action values Q = r + g V of soft pursuit, with V = log of the *mean* of exp(Q) over actions and V = 0 at ends.

    The soft-optimal policy is softmax(Q), its inverse temperature part of the weights. Entropy is counted relative to
    chance, which is the same as counting it absolutely where an ended episode goes on for ever in a state in which
    every action does nothing (Ziebart 2010). To end it worth nothing instead would reward every step that puts off the
    end, and weights of zero would flee from all objects.
    """
    reward = rewards(mdp, weights)

    def q(values):
        return reward + discount * continuation(mdp, values)

    def backup(values):
        return jnp.where(mdp.terminal, 0.0, jax.nn.logsumexp(q(values), -1) - jnp.log(float(mdp.actions)))

    def unsettled(carry):
        values, moved, sweeps = carry
        return (moved > _SETTLED * (1.0 + jnp.abs(values).max())) & (sweeps < _MOST_SWEEPS)

    def body(carry):
        values, _, sweeps = carry
        new = backup(values)
        return new, jnp.abs(new - values).max(), sweeps + 1

    start = (jnp.zeros(mdp.terminal.shape), jnp.array(jnp.inf), jnp.array(0))
    return q(jax.lax.while_loop(unsettled, body, start)[0])


@jax.jit
def predict(
    mdp: FiniteMDP, seen: PolicyStatistics, weights: Float[Array, " feature"], discount: Discount
) -> Prediction:
    """How well soft pursuit of `weights` predicts a policy: sum_t g^t (log pi_w(a|s) + log |A|) over its own steps.

    By the flow of the policy's visits the mean gain is w . f(pi) - mu . V_w, so that its gradient is f(pi) - f(pi_w),
    and it is concave in w: V_w is a maximum over policies of what is linear in w.
    """
    logs = jax.nn.log_softmax(pursuit_values(mdp, weights, discount), -1)
    expected = (seen.policy * (logs + jnp.log(float(mdp.actions)))).sum(-1)
    pursued = feature_returns(mdp, jnp.exp(logs), discount)
    return Prediction((seen.visits * expected).sum(-1), (seen.features - pursued).mean(0))
