"""The changes of a world in closed loop, one at a time and two at once, on agents with a memory.

Sites, state, radius and kind of write are chosen on one half of the levels; scores come from the other. They are narrowed down
by the first move of an agent that stands still, and chosen by whole episodes.
"""

from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.rollouts import Rollout
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.closed_loop.trials import EpisodeTrial, standing_trials
from mesascope.instruments.interventions import engine
from mesascope.instruments.interventions.counts import Count
from mesascope.instruments.interventions.engine import AbstractArms, Arm, Explored, Outcome
from mesascope.instruments.interventions.episodes import EvaluationBatch, walk_edited_unchecked
from mesascope.instruments.interventions.patches import Cells, patch_of, within
from mesascope.instruments.interventions.place import RADII, Place, Tried
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.standing import PlacedView, StandingAgent
from mesascope.instruments.interventions.thresholds import RECURRENT_MAP, Thresholds
from mesascope.instruments.search.battery import TableArms
from mesascope.instruments.search.trials import Part
from mesascope.worlds.world import AbstractWorld

PAUSES = (1, 4, 16)
"""Steps before the first move that are tried: an edit written in them has time to be thought about. Every arm has as many."""

ENOUGH = 0.02
"""The fewest pauses are taken after which the first move is right this nearly as often as after any number of them."""

LIMIT_PER_STATE = 1
"""Moves after which a walk is cut, for each cell of the level."""

MOST_CHOOSING = 64
"""Levels of the first half that the place is chosen on at most: every candidate place costs a walk of each."""

FINALISTS, HALF_AS_GOOD = 6, 0.5
"""Places whose episodes are run on the first half: of each set of sites and kind of write the best by the first move, where it is
followed at least this often in proportion to the best of all."""

_FEW_SITES = 6
"""Up to this many maps each is tried alone as well."""

_NOWHERE = Place((), 0, 0, False)


def places(subject: AbstractSubject, ticks: int) -> tuple[Place, ...]:
    """Candidate places within so many ticks: all maps together in states 1, 2, 4, ... and after the first step, and each map
    alone; written once, and held.
    """
    names = tuple(site.name for site in subject.sites if site.support == "map")
    if not names:
        return ()
    early = sorted({1, min(2, ticks), min(subject.ticks, ticks)})
    states = sorted({*early, *(2**n for n in range(2, ticks.bit_length()) if 2**n <= ticks)})
    together = [Place(names, first, radius, False) for first in states for radius in RADII]
    together += [Place(names, first, radius, True) for first in early for radius in RADII]
    if not 1 < len(names) <= _FEW_SITES:
        return tuple(together)
    alone = [
        Place((name,), first, radius, held)
        for name in names
        for first in (early[0], early[-1])
        for radius in RADII[:2]
        for held in (False, True)
    ]
    return tuple(dict.fromkeys((*alone, *together)))


class EpisodeArms(AbstractArms):
    """A subject's episodes on some trials: whether they end, and turn on the way, as if the changes were true."""

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
        """The best places by the first move of an agent that stands still, with how often their episodes follow."""
        found = standing_arms(self._world, self._subject, self._trial, self._key, self._pauses).explore()
        tried = []
        for at in _finalists(found.tried):
            outcome = self.run(Arm.EDITED, at.place)
            turned = 0.0 if outcome.turned is None else np.nan_to_num(outcome.turned.share)
            tried.append(at._replace(share=float(min(outcome.followed.share, turned))))
        return Explored(tuple(tried), found.refused)

    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """The arm's episodes; those without an edit are scored wherever the change matters."""
        trials, batch = self._trial.trials, self._batch
        parts: tuple[Part, ...] = trials.irrelevant if arm is Arm.IRRELEVANT else trials.parts
        targets = trials.wrong if arm is Arm.WRONG_SITE else tuple(part.centers for part in parts)
        if arm is Arm.UNEDITED or arm is Arm.CEILING or place is None:
            place = _NOWHERE
        # See `search.places.Donors.of`: what is held comes from one run with all changes.
        together = place.sustained and arm is not Arm.IRRELEVANT
        donors = tuple(self._world.observe(trials.changed if together else part.donor) for part in parts)
        if arm is Arm.CEILING:
            changed = trials.changed
            batch = batch._replace(mdp=self._world.tables(changed), observation=self._world.observe(changed))
        shape = trials.scored.shape[1:]
        patches = tuple(
            patch_of(part.centers, to, place.radius, shape) for part, to in zip(parts, targets, strict=True)
        )
        random = arm is Arm.RANDOM
        found = walk_edited_unchecked(self._subject, batch, donors, patches, place, self._key, random=random)
        outcome = score(self._trial, found.walk, place.radius)
        return outcome._replace(spread=float(found.spread), change=float(found.change.max()))


def _finalists(tried: tuple[Tried, ...]) -> list[Tried]:
    best: dict[tuple, Tried] = {}
    for at in sorted(tried, key=lambda at: (-at.share, at.complexity)):
        best.setdefault((at.place.sites, at.place.sustained), at)
    found = list(best.values())[:FINALISTS]
    return [at for at in found if at.share >= HALF_AS_GOOD * found[0].share]


def standing_arms(
    world: AbstractWorld, subject: AbstractSubject, trial: EpisodeTrial, key: PRNGKeyArray, pauses: int
) -> TableArms:
    """A subject's first moves, where it stands in cells in which the change matters."""
    agent = StandingAgent(subject, pauses)
    return TableArms(PlacedView(world), standing_trials(trial), key, agent, places(subject, agent.ticks))


def choose_pauses(world: AbstractWorld, subject: AbstractSubject, trial: EpisodeTrial, key: PRNGKeyArray) -> int:
    """Steps to think in before the first move, by how often that is right on levels that are changed in their input."""
    shares: list[float] = []
    for pauses in PAUSES:
        arms = standing_arms(world, subject, trial, key, pauses)
        shares.append(arms.run(Arm.CEILING, None).followed.share)
        if shares[-1] >= 1 - ENOUGH:
            break
    best = np.nanmax(np.nan_to_num(shares))
    return next(pauses for pauses, share in zip(PAUSES, shares, strict=False) if np.nan_to_num(share) >= best - ENOUGH)


def score(trial: EpisodeTrial, walked: Rollout, radius: int) -> Outcome:
    """The outcome of episodes outside of the true patches. Levels that are not fit, or start in a patch, count nowhere."""
    found = jax.device_get(_score(trial, walked, trial.centers, jnp.asarray(radius)))
    followed, kept, turned, fit, counted = (np.asarray(column, np.float64) for column in found)
    return Outcome(Count(followed, fit), Count(turned, counted), Count(kept, fit))


@jax.jit
def _score(
    trial: EpisodeTrial, walked: Rollout, centers: Cells, radius: Int[Array, ""]
) -> tuple[Array, Array, Array, Array, Array]:
    level, trials, avoided = jnp.arange(trial.start.shape[0])[:, None], trial.trials, trial.avoided
    patched = within(centers, radius, trials.scored.shape[1:]).reshape(len(level), -1)
    fit = trial.fit & ~patched[level[:, 0], trial.start]
    passed = (walked.state == avoided[:, None]) & walked.live
    trespassed = passed.any(1) | (walked.end == avoided)
    followed = walked.ended & (walked.end == trial.new_end) & ~trespassed
    moved = trial.new_end != trial.old_end
    kept = jnp.where(moved, walked.ended & (walked.end == trial.old_end), trespassed)
    outside = trials.scored.reshape(len(level), -1) & ~patched
    counted = outside[level, walked.state] & walked.live & fit[:, None]
    turned = trials.new[level, walked.state, walked.action] & counted
    return followed & fit, kept & fit, turned.sum(1), fit, counted.sum(1)


def run_closed_loop_test(
    world: AbstractWorld,
    name: str,
    trial: EpisodeTrial,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: PRNGKeyArray,
    pauses: int,
    thresholds: Thresholds = RECURRENT_MAP,
) -> TestResult:
    """One test on a trial whose first half chooses the place and whose second half is scored."""
    first, second = halves(trial)
    choosing = partial(EpisodeArms, world, first, named_key(key, name, "choosing"), pauses)
    scoring = partial(EpisodeArms, world, second, named_key(key, name, "walks"), pauses)
    found = engine.run_test(name, subject, untrained, choosing, scoring, thresholds)
    # Episodes are few and moves many: what there is to score by are the cells in which the change matters.
    fit = second.fit[:, None, None] & ~within(
        second.centers, found.place.radius if found.place else 0, second.trials.scored.shape[1:]
    )
    return found._replace(occasions=int((second.trials.scored & fit).sum()))


def halves(trial: EpisodeTrial) -> tuple[EpisodeTrial, EpisodeTrial]:
    """The levels to choose on, and those to score on."""
    half = trial.trials.base.count // 2
    first = jax.tree.map(lambda t: t[: min(half, MOST_CHOOSING)], trial)
    return first, jax.tree.map(lambda t: t[half : 2 * half], trial)
