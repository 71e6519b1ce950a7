"""What decides of a subject that does not follow a changed input: what its answers show on fresh levels, and on those it knows.

A search over what is shown answers fresh levels as it answers any. Where answers show nothing there, whatever the objective, or
where most of what they show on known levels is gone on fresh ones and when the goal is moved, no search over what is shown gave
them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.statistics import UNKNOWN, Estimate, ratio_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.search.fresh import answers_on
from mesascope.instruments.search.information import Answers, bits_per_level, perfect_answers
from mesascope.instruments.search.trials import changes_of, contested_levels
from mesascope.worlds.counterfactuals import Kind
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

ASKED = 256
"""Fresh levels that are asked about; of levels that the subject knows at most as many."""

NOTHING = 0.05
"""Share of what perfect answers show below which, by its upper bound, answers show nothing."""

FEW_KNOWN = 8
"""With fewer levels that the subject knows nothing is concluded from them."""

MOST_STORED = 0.5
"""Most of what is shown on known levels is stored where the upper bound of what is shown on fresh ones is below this share of the
lower bound of it."""


class Stored(NamedTuple):
    """Shares of what perfect answers show beyond the surroundings of each state.

    Args:
        fresh: On fresh levels, by the objective of which the answers show the most.
        known: On levels that the subject knows, by the objective that it pursues; None where none are known, or too few.
        moved: On the same levels with the goal moved in their input.
        levels: Number of known levels.
    """

    fresh: Estimate
    known: Estimate | None = None
    moved: Estimate | None = None
    levels: int = 0

    @property
    def nothing(self) -> bool:
        """Whether the answers show nothing on fresh levels, and on known ones do not follow a goal that is moved in the input."""
        return self.fresh.interval.high < NOTHING and (self.moved is None or self.moved.interval.high < self._least)

    @property
    def _least(self) -> float:
        """What must not be shown any more where answers are stored."""
        return NOTHING if self.known is None else max(NOTHING, MOST_STORED * self.known.interval.low)

    @property
    def mostly(self) -> bool:
        """Whether most of what is shown on known levels is gone on fresh ones, and when the goal is moved."""
        if self.known is None or self.moved is None:
            return False
        return max(self.fresh.interval.high, self.moved.interval.high) < MOST_STORED * self.known.interval.low

    @property
    def margin(self) -> float:
        """How far the upper bounds are below the threshold that they fall below; negative where they fall below none."""
        beyond = NOTHING - self.fresh.interval.high
        if self.known is None or self.moved is None:
            return beyond
        return max(
            beyond,
            MOST_STORED * self.known.interval.low - max(self.fresh.interval.high, self.moved.interval.high),
        )

    @property
    def reason(self) -> str:
        """Why it is no search, in words."""
        fresh = f"{self.fresh.text} of what perfect answers show there, beyond the surroundings of each cell"
        if self.nothing:
            return (
                "what it answers is not worked out from the level that it is shown: on fresh levels it shows "
                f"{fresh}, whatever it may be after (needs an upper bound below {NOTHING})"
            )
        known, moved = (share.text if share is not None else "nothing" for share in (self.known, self.moved))
        return (
            f"most of its answers are stored: on {self.levels} levels that it knows it shows {known} of what perfect answers "
            f"show, with the goal moved in their input {moved}, on fresh levels {fresh}"
        )


def weigh_stored(
    world: AbstractWorld,
    subject: AbstractSubject,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
    known: AbstractLevels | None = None,
    tell: Stage = silent,
) -> Stored:
    """What a subject's answers show on fresh levels, and on levels that it knows.

    Args:
        world: The world.
        subject: The subject. Nothing is written inside.
        weights: What it pursues.
        key: Random key: fresh levels are drawn from it.
        known: Levels that the subject was trained on or shown.
        tell: Hears how far it is.

    Returns:
        The shares.
    """
    fresh = contested_levels(world, named_key(key, "fresh"), ASKED)
    objectives, shown = list(_objectives(weights)), []
    for done, asked in enumerate(objectives):
        tell("answers on fresh levels, objectives", done, len(objectives))
        shown.append(_share(world, subject, fresh, asked))
    most = max(shown, key=lambda share: np.nan_to_num(share.interval.high, nan=-np.inf))
    if known is None or len(known) < FEW_KNOWN:
        return Stored(most)
    goal = next(change for change in changes_of(world).changes if change.kind is Kind.OBJECTIVE)
    levels = changes_of(world).aim(known[:ASKED], weights)[0]
    moved = goal.apply(levels, goal.random(levels, named_key(key, "moved"))).levels
    tell("answers on levels that it knows")
    shares = [_share(world, subject, each, weights) for each in (levels, moved)]
    return Stored(most, shares[0], shares[1], len(levels))


def _objectives(weights: Float[Array, " feature"]) -> Iterator[Float[Array, " feature"]]:
    """What it pursues as far as is known, each feature alone, and any object at all."""
    yield weights
    yield from jnp.eye(len(weights))
    yield jnp.ones(len(weights))


def _share(
    world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels, weights: Float[Array, " feature"]
) -> Estimate:
    answers: Answers = answers_on(world, subject, levels, weights)
    if not np.asarray(answers.counts).any():
        return UNKNOWN
    shown, perfect = (bits_per_level([each]) for each in (answers, perfect_answers(answers)))
    return ratio_of(np.asarray(shown), np.asarray(perfect))
