"""Returns and normalized competence of a policy at an objective."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import DISCOUNT, Discount, feature_returns, from_starts, optimal_values, uniform_policy


class Scale(NamedTuple):
    """Returns of the uniform and of an optimal policy: the 0 and the 1 of competence."""

    uniform: Float[Array, " level"]
    optimal: Float[Array, " level"]


def competence_scale(mdp: FiniteMDP, weights: Float[Array, " feature"], discount: Discount = DISCOUNT) -> Scale:
    """Per-level returns of the uniform and of an optimal policy at an objective."""
    uniform = feature_returns(mdp, uniform_policy(mdp), discount) @ weights
    return Scale(uniform, from_starts(mdp, optimal_values(mdp, weights, discount).state))


def competence(returns: Float[Array, " level"], scale: Scale) -> Float[Array, ""]:
    """(J(pi) - J(uniform)) / (J(optimal) - J(uniform)), of means over levels: 0 uniform, 1 optimal.

    NaN where the optimal policy is no better than the uniform one: nothing is there to be competent at.
    """
    room = scale.optimal.mean() - scale.uniform.mean()
    return jnp.where(room > 1e-6, (returns.mean() - scale.uniform.mean()) / room, jnp.nan)
