"""What every world provides: levels drawn from named distributions, their tables, features, and named shifts."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.errors import unknown
from mesascope.core.mdp import FiniteMDP
from mesascope.worlds.described import TRAINING, AbstractDescribed
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.grids.vocabulary import DOORS, Vocabulary

__all__ = ["TRAINING", "AbstractWorld"]


class AbstractWorld(AbstractDescribed):
    """A family of levels with named features, a training distribution and named shifts."""

    independent_features: eqx.AbstractClassVar[tuple[str, ...]]
    discount: eqx.AbstractClassVar[float]
    vocabulary: ClassVar[Vocabulary] = DOORS
    extra_channels: ClassVar[tuple[str, ...]] = ()
    """Channels of the observation beyond walls and objects."""
    staged: ClassVar[bool] = False
    """Whether objects are taken one after another, so that states are more than cells (`stages.py`)."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of the observation."""
        return (*self.vocabulary.channels, *self.extra_channels)

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, count: int, distribution: str = TRAINING) -> GridLevels:
        """`count` levels of a distribution; `UsageError` for a shift the world does not have."""

    @abc.abstractmethod
    def tables(self, levels: GridLevels) -> FiniteMDP:
        """The tables of the levels."""

    @abc.abstractmethod
    def observe(self, levels: GridLevels) -> Float[Array, "level height width channel"]:
        """What a subject sees of the levels; where the world is staged, one view after another of each level."""

    def check_distribution(self, distribution: str) -> str:
        """`distribution` if the world has it."""
        if distribution != TRAINING and distribution not in self.shifts:
            raise unknown("shift", distribution, (TRAINING, *self.shifts))
        return distribution
