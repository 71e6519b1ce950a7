"""What a feature reads: one transition of an environment."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Transition(NamedTuple):
    """One step of an environment.

    Attributes:
        before: the environment before the step; the number of the state where the environment has a table of its own.
        action: number of the action, from 0 on whatever the action space starts at.
        after: the environment after the step, or the number of the state.
        reward: what the environment gave.
        terminated: whether it ended the episode. Time limits do not.
        info: what the environment said beside.
    """

    before: Any
    action: int
    after: Any
    reward: float
    terminated: bool
    info: dict[str, Any]


Feature = Callable[[Transition], float | bool]
"""A named property of a transition: a number, or True and False for 1 and 0."""


def reward(transition: Transition) -> float:
    """The environment's own reward.

    Example:
        >>> reward(Transition(0, 1, 4, 0.5, False, {}))
        0.5
    """
    return transition.reward


def terminated(transition: Transition) -> bool:
    """Whether the transition ends the episode.

    Example:
        >>> terminated(Transition(0, 1, 4, 0.5, False, {}))
        False
    """
    return transition.terminated
