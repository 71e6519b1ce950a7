"""The exact regret of a policy on each of some levels: G(pi; l) = max_pi' V(pi'; l) - V(pi; l)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import DISCOUNT, Discount, evaluate, optimal_values


class Regret(NamedTuple):
    """Of each level: what a policy loses, and what an optimal one earns."""

    regret: Float[Array, " level"]
    optimal: Float[Array, " level"]


@jax.jit
def regret_of(
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    weights: Float[Array, " feature"],
    discount: Discount = DISCOUNT,
) -> Regret:
    """Regret of a policy table by an objective, discounted, over the level's own starts; rounding below zero is zero."""
    best = (optimal_values(mdp, weights, discount).state * mdp.initial).sum(-1)
    own = (evaluate(mdp, policy, rewards(mdp, weights), discount) * mdp.initial).sum(-1)
    return Regret(jnp.maximum(best - own, 0.0), best)
