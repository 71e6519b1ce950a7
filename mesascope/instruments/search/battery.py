"""The search battery: the changes of a world, and two of them at once, on what a subject answers to a whole level.

For each test the site, the state, the radius and the kind of write are chosen on one half of the levels; scores come from
the other half.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions import engine
from mesascope.instruments.interventions.counts import Count
from mesascope.instruments.interventions.engine import AbstractArms, Arm, Explored, Outcome, PooledArms
from mesascope.instruments.interventions.patches import within
from mesascope.instruments.interventions.place import Place, Tried
from mesascope.instruments.interventions.recorded import (
    Content,
    Observes,
    donor_content,
    edited_policy,
    random_content,
)
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import Thresholds, thresholds_of
from mesascope.instruments.sample import part_of
from mesascope.instruments.search.places import Donors, admit, least_spread, record_donors
from mesascope.instruments.search.trials import Trials
from mesascope.worlds.world import AbstractWorld

MOST_COVERED = 0.2
"""Places whose patches leave fewer than this share of the scored cells uncovered are not considered."""

ONCE_SUFFICES = 0.8
"""Sustained edits are left aside where one written once is followed at least so often, in proportion to the best of all: in
sustained ones a donor may have seen the combination, so that they show less."""


class TableArms(AbstractArms):
    """A subject's policy tables on some trials: probability of newly optimal actions, in cells where none was optimal."""

    def __init__(
        self,
        world: Observes,
        trials: Trials,
        key: Array,
        subject: AbstractSubject,
        places: tuple[Place, ...] | None = None,
    ):
        self._world, self._trials, self._key, self._subject, self._places = world, trials, key, subject, places

    @cached_property
    def _donors(self) -> Donors:
        return record_donors(self._world, self._subject, self._trials)

    def explore(self) -> Explored:
        """Places that leave enough cells to score; see `places.admit` for those that are refused."""
        cells = float(self._trials.scored.sum())
        if not cells:
            return Explored()
        tried = []
        admitted, refused = admit(self._world, self._subject, self._trials, self._donors, self._places)
        for place, spread, nonlinear in admitted:
            count = self._count(self._policy(self._true(place), place), place.radius)
            if count.occasions.sum() >= MOST_COVERED * cells and count.occasions.sum() > 0:
                tried.append(Tried(place, count.share, spread, nonlinear))
        return Explored(tuple(tried), refused)

    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """The arm's policy, scored outside of the true patches."""
        if arm is Arm.UNEDITED or arm is Arm.CEILING or place is None:
            run = self._donors.changed if arm is Arm.CEILING else self._donors.base
            return Outcome(self._count(run.policy, place.radius if place else 1))
        count = self._count(self._policy(self._content(arm, place), place), place.radius)
        return Outcome(count, spread=least_spread(self._donors, self._trials, place) if arm is Arm.EDITED else np.nan)

    def on_same_occasions(self, other: Outcome, place: Place) -> Outcome:
        """The other's share, in the cells that this one is scored in at a place."""
        cells = self.run(Arm.UNEDITED, place).followed.occasions
        hits, theirs = other.followed
        return other._replace(followed=Count(hits * cells.sum() / max(theirs.sum(), 1.0), cells))

    def _true(self, place: Place) -> Content:
        """What the test itself writes: each part's content at the part's own cells."""
        centers = tuple(part.centers for part in self._trials.parts)
        base = self._donors.base.states
        return donor_content(base, self._donors.of(place), centers, centers, jnp.array(place.radius))

    def _content(self, arm: Arm, place: Place) -> Content:
        trials, donors, base = self._trials, self._donors, self._donors.base.states
        width = jnp.array(place.radius)
        if arm is Arm.RANDOM:
            return random_content(base, self._true(place), self._key)
        if arm is Arm.WRONG_SITE:
            centers = tuple(part.centers for part in trials.parts)
            return donor_content(base, donors.of(place), centers, trials.wrong, width)
        if arm is Arm.IRRELEVANT:
            idle = tuple(part.centers for part in trials.irrelevant)
            return donor_content(base, tuple(donor.states for donor in donors.irrelevant), idle, idle, width)
        return self._true(place)

    def _policy(self, content: Content, place: Place) -> Float[Array, "level state action"]:
        return edited_policy(self._world, self._subject, self._trials.base, self._donors.base.states, content, place)

    def _count(self, policy: Float[Array, "level state action"], radius: int) -> Count:
        trials = self._trials
        centers = tuple(part.centers for part in trials.parts)
        followed, cells = jax.device_get(_count(policy, trials.new, trials.scored, centers, jnp.array(radius)))
        return Count(np.asarray(followed, np.float64), np.asarray(cells, np.float64))


@jax.jit
def _count(
    policy: Float[Array, "level state action"],
    optimal: Bool[Array, "level state action"],
    scored: Bool[Array, "level height width"],
    centers: tuple[Int[Array, "level _"], ...],
    radius: Int[Array, ""],
) -> tuple[Float[Array, " level"], Int[Array, " level"]]:
    outside = scored & ~within(jnp.concatenate(centers, 1), radius, (scored.shape[1], scored.shape[2]))
    mass = (policy * optimal).sum(-1).reshape(scored.shape)
    return (mass * outside).sum((1, 2)), outside.sum((1, 2))


def followed_in_input(
    world: AbstractWorld, trials: Mapping[str, Trials], subject: AbstractSubject, key: Array
) -> float:
    """How well the objective that trials were drawn for describes a subject: the mean share of optimal actions that it takes on
    levels that are changed in their input, of those that are not scored later. Nothing is written inside.
    """
    shares = []
    for test in trials.values():
        half = part_of(test, 0, test.base.count // 2)
        count = TableArms(world, half, key, subject).run(Arm.CEILING, None).followed
        if count.occasions.sum() > 0:
            shares.append(count.share)
    return float(np.mean(shares)) if shares else 0.0


def run_test(
    world: AbstractWorld,
    name: str,
    trials: Trials,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: Array,
    thresholds: Thresholds | None = None,
    fresh: Sequence[Callable[[], Trials]] = (),
) -> TestResult:
    """One test on trials whose first half chooses the place and whose second half is scored.

    Where there are batches of `fresh` trials, of the same number, all of them are scored and the second half is not. The
    thresholds are those of the subject's class unless given.
    """
    half = trials.base.count // 2
    noise = named_key(key, name, "random")

    def arms(who: AbstractSubject, of: Callable[[], Trials], first: int) -> TableArms:
        return TableArms(world, part_of(of(), first, half), noise, who)

    def scoring(who: AbstractSubject) -> AbstractArms:
        if not fresh:
            return arms(who, lambda: trials, half)
        needed = (Arm.EDITED,) if who is untrained else tuple(Arm)
        return PooledArms([partial(arms, who, of, first) for of in fresh for first in (0, half)], needed)

    def choosing(who: AbstractSubject) -> AbstractArms:
        return arms(who, lambda: trials, 0)

    held_against = thresholds or thresholds_of(subject)
    return engine.run_test(name, subject, untrained, choosing, scoring, held_against, once_suffices=ONCE_SUFFICES)
