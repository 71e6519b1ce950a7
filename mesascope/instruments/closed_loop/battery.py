"""The changes of a world in closed loop, one at a time.

Sites, step, radius and kind of write are chosen on one half of the levels; scores come from the other.
"""

from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.rollouts import Rollout
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.closed_loop.trials import EpisodeTrial
from mesascope.instruments.interventions import engine
from mesascope.instruments.interventions.counts import Count
from mesascope.instruments.interventions.engine import AbstractArms, Arm, Explored, Outcome
from mesascope.instruments.interventions.episodes import EvaluationBatch, walk_edited_unchecked
from mesascope.instruments.interventions.patches import patch_of, within
from mesascope.instruments.interventions.place import RADII, SPREAD, STEP, Place, Tried
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import RECURRENT_MAP
from mesascope.worlds.world import AbstractWorld

PAUSES = 4
"""Steps before the first move, in every arm alike: an edit that is written in them has time to be thought about."""

LIMIT_PER_STATE = 1
"""Moves after which a walk is cut, for each cell of the level."""

MOST_CHOOSING = 64
"""Levels of the first half that the place is chosen on at most: every candidate place costs a walk of each."""

_NOWHERE = Place((), 0, 0, False, STEP)


def places(subject: AbstractSubject, pauses: int) -> tuple[Place, ...]:
    """Candidate places: all sites together at several steps and radii, and each alone; written once, and held."""
    names = tuple(site.name for site in subject.sites)
    kinds = [(step, False) for step in sorted({1, max(pauses - 1, 1)})] + [(1, True)]
    together = [Place(names, step, radius, held, STEP) for step, held in kinds for radius in RADII]
    alone = [Place((name,), 1, radius, held, STEP) for name in names for held in (False, True) for radius in RADII[:2]]
    return (*alone, *together) if len(names) > 1 else tuple(together)


class EpisodeArms(AbstractArms):
    """A subject's episodes on some trials: whether they end, and turn on the way, as if the change were true."""

    def __init__(
        self, world: AbstractWorld, trial: EpisodeTrial, key: PRNGKeyArray, pauses: int, subject: AbstractSubject
    ):
        self._world, self._trial, self._key, self._pauses, self._subject = world, trial, key, pauses, subject

    @cached_property
    def _batch(self) -> EvaluationBatch:
        world, base, start = self._world, self._trial.trials.base, self._trial.start
        limit = LIMIT_PER_STATE * self._trial.trials.scored[0].size
        return EvaluationBatch(world.tables(base), world.observe(base), start, world.discount, limit, self._pauses)

    def explore(self) -> Explored:
        """Places where an edit changes something, and is none of the input: something must have been computed from it."""
        if not bool(self._trial.fit.any()):
            return Explored()
        tried, refused = [], 0
        for place in places(self._subject, self._pauses):
            outcome = self.run(Arm.EDITED, place)
            if outcome.change > 0 and outcome.spread >= SPREAD:
                tried.append(Tried(place, outcome.followed.share, outcome.spread))
            else:
                refused += 1
        return Explored(tuple(tried), refused)

    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """The arm's episodes; those without an edit are scored wherever the change matters."""
        trials, batch = self._trial.trials, self._batch
        part = trials.irrelevant[0] if arm is Arm.IRRELEVANT else trials.parts[0]
        targets = trials.wrong[0] if arm is Arm.WRONG_SITE else part.centers
        donor = self._world.observe(part.donor)
        if arm is Arm.UNEDITED or arm is Arm.CEILING or place is None:
            place = _NOWHERE
        if arm is Arm.CEILING:
            batch = batch._replace(mdp=self._world.tables(part.donor), observation=donor)
        patch = patch_of(part.centers, targets, place.radius, trials.scored.shape[1:])
        random = arm is Arm.RANDOM
        found = walk_edited_unchecked(self._subject, batch, donor, patch, place, self._key, random=random)
        outcome = score(self._trial, found.walk, place.radius)
        return outcome._replace(spread=float(found.spread), change=float(found.change.max()))


def score(trial: EpisodeTrial, walked: Rollout, radius: int) -> Outcome:
    """The outcome of episodes outside of the true patches. Levels that are not fit count nowhere."""
    found = jax.device_get(_score(trial, walked, jnp.asarray(radius)))
    followed, kept, turned, fit, counted = (np.asarray(column, np.float64) for column in found)
    return Outcome(Count(followed, fit), Count(turned, counted), Count(kept, fit))


@jax.jit
def _score(trial: EpisodeTrial, walked: Rollout, radius: Int[Array, ""]) -> tuple[Array, Array, Array, Array, Array]:
    level, fit = jnp.arange(trial.start.shape[0])[:, None], trial.fit
    trials, avoided = trial.trials, trial.avoided
    passed = (walked.state == avoided[:, None]) & walked.live
    trespassed = passed.any(1) | (walked.end == avoided)
    followed = walked.ended & (walked.end == trial.new_end) & ~trespassed
    kept = jnp.where(avoided >= 0, trespassed, walked.ended & (walked.end == trial.old_end))
    outside = trials.scored & ~within(trials.parts[0].centers, radius, trials.scored.shape[1:])
    counted = outside.reshape(*fit.shape, -1)[level, walked.state] & walked.live & fit[:, None]
    turned = trials.new[level, walked.state, walked.action] & counted
    return followed & fit, kept & fit, turned.sum(1), fit, counted.sum(1)


def run_closed_loop_test(
    world: AbstractWorld,
    name: str,
    trial: EpisodeTrial,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: PRNGKeyArray,
    pauses: int = PAUSES,
) -> TestResult:
    """One test on a trial whose first half chooses the place and whose second half is scored."""
    half = trial.trials.base.count // 2
    first = jax.tree.map(lambda t: t[: min(half, MOST_CHOOSING)], trial)
    second = jax.tree.map(lambda t: t[half : 2 * half], trial)
    choosing = partial(EpisodeArms, world, first, named_key(key, name, "choosing"), pauses)
    scoring = partial(EpisodeArms, world, second, named_key(key, name, "walks"), pauses)
    found = engine.run_test(name, subject, untrained, choosing, scoring, RECURRENT_MAP)
    return found._replace(levels=int(second.fit.sum()))
