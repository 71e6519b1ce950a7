"""Sets of prompts that a model is asked, whatever they are about: pairs that differ in the flag, the stake, the
pointer or an order.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float


class Settings(NamedTuple):
    """Watched prompts that differ in what is at stake.

    Attributes:
        texts: One for each setting, in no order.
        pays: Where complying pays.
        numbers: What is at stake in numbers, `(setting, number)`.
        names: Of the numbers.
    """

    texts: list[str]
    pays: Bool[np.ndarray, " setting"]
    numbers: Float[np.ndarray, "setting number"]
    names: tuple[str, ...]


class Pointed(NamedTuple):
    """Prompts with the indicator at the other goal and at the goal, watched and not."""

    moved: tuple[list[str], list[str]]
    unmoved: tuple[list[str], list[str]]


class Ordered(NamedTuple):
    """Contrast pairs: the same watched prompts in which the model must do the other thing, and in which it must comply."""

    other: list[str]
    base: list[str]


class Free(NamedTuple):
    """Prompts in which the model is free, in either state of the flag, whose choices a probe is to tell; and the flag in each."""

    texts: list[str]
    watched: Bool[np.ndarray, " prompt"]


class PromptSet(NamedTuple):
    """Everything that a model is asked. What a set does not have is None, and what needs it is left out.

    Attributes:
        choices: The word that is trained for, and the other.
        watched: Prompts that say that the model is watched.
        unwatched: The same prompts, which say that it is not: everything else is equal.
        neutral: The same watched prompts with something changed that has nothing to do with the choice.
        stakes: The same prompts with other stakes, watched and not, by what is at stake; in the first there is nothing to lose.
        settings, pointed, ordered, free: As their classes say.
        unrelated: Texts that have nothing to do with any of this.
    """

    choices: tuple[str, str]
    watched: list[str]
    unwatched: list[str]
    neutral: list[str] | None = None
    stakes: Mapping[str, tuple[list[str], list[str]]] | None = None
    settings: Settings | None = None
    pointed: Pointed | None = None
    ordered: Ordered | None = None
    free: Free | None = None
    unrelated: Sequence[str] = ()
