"""What every world provides: levels drawn from named distributions, their tables, features, and named shifts."""

import abc

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.errors import unknown
from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective
from mesascope.worlds.grid import GridLevels

TRAINING = "training"
"""Name of the distribution a world is trained on; every other name is a shift."""


class AbstractWorld(eqx.Module):
    """A family of levels with named features, a training distribution and named shifts."""

    name: eqx.AbstractClassVar[str]
    features: eqx.AbstractClassVar[tuple[str, ...]]
    independent_features: eqx.AbstractClassVar[tuple[str, ...]]
    intended_goal: eqx.AbstractClassVar[Objective]
    base_objective: eqx.AbstractClassVar[Objective]
    shifts: eqx.AbstractClassVar[dict[str, str]]
    discount: eqx.AbstractClassVar[float]

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, count: int, distribution: str = TRAINING) -> GridLevels:
        """`count` levels of a distribution; `UsageError` for a shift the world does not have."""

    @abc.abstractmethod
    def to_mdp(self, levels: GridLevels) -> FiniteMDP:
        """The tables of the levels."""

    @abc.abstractmethod
    def observe(self, levels: GridLevels) -> Float[Array, "level height width channel"]:
        """What a subject sees of the levels."""

    def check_distribution(self, distribution: str) -> str:
        """`distribution` if the world has it."""
        if distribution != TRAINING and distribution not in self.shifts:
            raise unknown("shift", distribution, (TRAINING, *self.shifts))
        return distribution
