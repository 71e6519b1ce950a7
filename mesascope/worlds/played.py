"""Worlds without tables, in which episodes are played and nothing is solved."""

import abc
from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Float, Shaped

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP
from mesascope.worlds.world import AbstractWorld, Levels


class AbstractEpisode(abc.ABC):
    """One episode under way.

    Attributes:
        observation: What the agent is shown now.
        ended: Whether the last step ended the episode.
        over: Whether it ended or was cut, so that no step is left.
    """

    observation: Shaped[np.ndarray, "..."]
    ended: bool
    over: bool

    @abc.abstractmethod
    def step(self, action: int) -> Float[np.ndarray, " feature"]:
        """Take an action, counted from 0, and say how much of each feature that was."""


class AbstractPlayedWorld(AbstractWorld[Levels]):
    """A world whose states are too many, or unknown: it can be played in, and has no tables.

    What an audit says of an agent here is how it does in episodes, beside a policy that acts at random on the same levels. Best
    policies, objectives and gaps are not known, and the audit lists what it leaves out for that reason.
    """

    tabulated: ClassVar[bool] = False
    limit: eqx.AbstractVar[int]
    """Steps after which an episode is cut."""

    @abc.abstractmethod
    def begin(self, levels: Levels, index: int, distribution: str) -> AbstractEpisode:
        """Begin an episode on one level of a batch, independent of all others."""

    def tables(self, levels: Levels) -> FiniteMDP:
        """There are none. `UsageError`."""
        raise UsageError(
            f"{self.name} is played in episodes and has no tables: values, best policies and gaps are not known there"
        )
