"""Strategies that a world knows: habits without an objective, short rules, and algorithms with explicit variables.

Instruments that describe a subject compare it with these. A world that names none is described without them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Habit = Callable[[Bool[Array, "row action"]], Bool[Array, "row action"]]
"""A way of acting that is after nothing: from which actions leave the agent where it is to those that it prefers."""


@dataclass(frozen=True)
class Always:
    """The habit of taking one action wherever it leads on."""

    action: int

    def __call__(self, blocked: Bool[Array, "row action"]) -> Bool[Array, "row action"]:
        """The action, where it is not blocked."""
        return ~blocked & (jnp.arange(blocked.shape[-1]) == self.action)


def fixed_actions(actions: tuple[str, ...]) -> Mapping[str, Habit]:
    """The habits of taking always the same action."""
    return {f"always {name}": Always(number) for number, name in enumerate(actions)}


class Rule(NamedTuple):
    """A short rule that a policy may amount to.

    Attributes:
        scheme: the kind of rule.
        text: what it says; `{feature}` stands for a feature where the rule is after one.
        bits: length of what else has to be said to name the rule, such as which of two hands.
        choose: from levels and weights over features to the actions that the rule would take in each state.
    """

    scheme: str
    text: str
    bits: float
    choose: Callable[[Any, Float[Array, " feature"]], Bool[Array, "level state action"]]

    @property
    def of_feature(self) -> bool:
        """Whether the rule is after a feature."""
        return "{feature}" in self.text


Variables = Float[Array, "level height width variable"]
Sets = Bool[Array, "level height width action"]


class Algorithm(NamedTuple):
    """An algorithm with explicit variables in every cell of a map: all that it uses is in them, the level included.

    Attributes:
        name: its name.
        says: what it does, in a sentence.
        begin: from a problem to the variables before the first step.
        step: one step.
        answer: the actions that the variables stand for; all of them: no answer.
        aligned: the variables as a cell of a local network could hold them: its own, and what it can see one cell ahead.
        moves: whether a step changes anything.
    """

    name: str
    says: str
    begin: Callable[[Any], Variables]
    step: Callable[[Variables], Variables]
    answer: Callable[[Variables], Sets]
    aligned: Callable[[Variables], Variables]
    moves: bool


class AlgorithmLibrary(NamedTuple):
    """Algorithms that a world knows, the one that solves every level first.

    `problem` makes what algorithms begin from: from levels, weights over features and the exact optimal actions. It is a
    named tuple of maps with `worth`, what entering each cell is worth, and `closed`, cells in which nobody acts.
    """

    algorithms: tuple[Algorithm, ...]
    problem: Callable[[Any, Float[Array, " feature"], Bool[Array, "level state action"]], Any]


def run_on(algorithm: Algorithm, variables: Variables, steps: Array | int) -> Variables:
    """The variables after some more steps."""
    return jax.lax.fori_loop(0, steps, lambda _, v: algorithm.step(v), variables)
