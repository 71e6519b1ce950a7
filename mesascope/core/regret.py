"""The exact regret of a policy on each of some levels: G(pi; l) = max_pi' V(pi'; l) - V(pi; l)."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import DISCOUNT, Discount, feature_returns, from_starts, optimal_values


class Regret(NamedTuple):
    """Of each level: what a policy loses, and what an optimal one earns."""

    regret: Float[Array, " level"]
    optimal: Float[Array, " level"]


def regret_of(
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    weights: Float[Array, " feature"],
    discount: Discount = DISCOUNT,
) -> Regret:
    """Regret of a policy table by an objective, discounted, over the level's own starts; rounding below zero is zero."""
    best = from_starts(mdp, optimal_values(mdp, weights, discount).state)
    own = feature_returns(mdp, policy, discount) @ weights
    return Regret(jnp.maximum(best - own, 0.0), best)
