"""What is audited in `midas`: a policy for every distribution, and how it came about."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.experiments.midas.optimization import Goodhart
from mesascope.experiments.midas.world import DISTRIBUTIONS, FEATURES, tables


class Played(NamedTuple):
    """The subject: its policy on the levels of each distribution, and the returns along its training."""

    policies: dict[str, Array]
    path: Goodhart | None


def all_levels() -> dict[str, FiniteMDP]:
    """The tables of every distribution."""
    return {name: tables(palaces) for name, palaces in DISTRIBUTIONS.items()}


def vector(objective: Objective) -> Array:
    """Weights over the features."""
    return jnp.asarray(objective.vector(FEATURES))


def carried(table: Float[Array, "state action"], mdp: FiniteMDP) -> Float[Array, "level state action"]:
    """One table as the policy on every level of `mdp`: what was learned in a state holds wherever the state is met again."""
    return jnp.broadcast_to(table, (len(mdp.terminal), *table.shape))


def optimal(mdp: FiniteMDP, objective: Objective) -> Array:
    """An optimal policy for an objective, uniform over ties."""
    return uniform_over(optimal_actions(optimal_values(mdp, vector(objective)).action))
