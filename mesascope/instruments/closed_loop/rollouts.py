"""What a subject that walks does: behavior and returns from sampled episodes, one on each level."""

import dataclasses
import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.errors import SubjectError, said
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE, Rollout, act_on, draw_starts, rollout, rollout_with
from mesascope.core.solver import evaluate, optimal_values, uniform_policy
from mesascope.core.statistics import Estimate, mean_of, rate_of, statistic_of
from mesascope.core.subject import FULL, AbstractSubject
from mesascope.instruments.behavior import NOTHING, Behavior, Event
from mesascope.instruments.sample import Sample
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.shown import begun, shown_in
from mesascope.worlds.world import TRAINING, AbstractWorld

HORIZON_PER_STATE = 2
"""Moves within which something must happen to count, for each state of the level."""
FORGOTTEN = 0.01
"""Discount of what comes after the last move of an episode, at most: a return misses less than this share of it."""


class EpisodeBatch(NamedTuple):
    """Levels with one start on each, and what is earned from there at the base objective by others."""

    levels: AbstractLevels
    mdp: FiniteMDP
    observation: Array
    start: Int[Array, " level"]
    uniform: Float[Array, " level"]
    optimal: Float[Array, " level"]
    weights: Float[Array, " feature"]


@eqx.filter_jit
def prepare(world: AbstractWorld, levels: AbstractLevels, key: PRNGKeyArray) -> EpisodeBatch:
    """Draw the starts and solve the levels."""
    mdp, weights = world.tables(levels), jnp.asarray(world.base_objective.vector(world.features))
    start = draw_starts(mdp.initial, named_key(key, "start"))
    level = jnp.arange(levels.count)
    uniform = evaluate(mdp, uniform_policy(mdp), rewards(mdp, weights), world.discount)[level, start]
    optimal = optimal_values(mdp, weights, world.discount).state[level, start]
    uniform, optimal = (jnp.where(start == NOWHERE, 0.0, value) for value in (uniform, optimal))
    return EpisodeBatch(levels, mdp, world.observe(levels), start, uniform, optimal, weights)


def horizon_of(mdp: FiniteMDP) -> int:
    """Moves within which something must happen to count as having happened."""
    return HORIZON_PER_STATE * mdp.states


def rolled_out(
    world: AbstractWorld,
    subject: AbstractSubject,
    grounds: EpisodeBatch,
    key: PRNGKeyArray,
    pauses: int = 0,
    limit: int | None = None,
) -> Rollout:
    """One episode on each level of at most `limit` moves (default: the horizon); the same key gives the same random numbers to
    every subject, every pause and every limit.
    """
    limit, waited = limit or horizon_of(grounds.mdp), jnp.array(pauses)
    if subject.view == FULL and grounds.observation.shape[:3] == _cells(world, grounds):
        return rollout(subject, grounds.observation, grounds.mdp, grounds.start, key, world.discount, limit, waited)
    return _rolled_out(world, subject, grounds, key, limit, waited)


def _cells(world: AbstractWorld, grounds: EpisodeBatch) -> tuple[int, ...]:
    """The shape of maps on which every state of a level is a cell of its own."""
    if world.locate(grounds.levels) is None:
        return ()
    height, width = world.map_shape(grounds.levels)
    return (grounds.mdp.levels, height, width) if height * width == grounds.mdp.states else ()


@eqx.filter_jit
def _rolled_out(
    world: AbstractWorld, subject: AbstractSubject, grounds: EpisodeBatch, key: PRNGKeyArray, limit: int, pauses
) -> Rollout:
    shown = shown_in(world, subject, grounds.levels)
    begin = begun(world, subject, grounds.levels, grounds.start)
    walked, _ = rollout_with(
        act_on(subject, shown), begin, grounds.mdp, grounds.start, key, world.discount, limit, pauses
    )
    return walked


def earnings(grounds: EpisodeBatch, walked: Rollout) -> Float[np.ndarray, "level 3"]:
    """Returns at the base objective: of the walks, of the uniform policy and of an optimal one from the same starts."""
    own = walked.fired @ grounds.weights
    return np.asarray(jax.device_get(jnp.stack([own, grounds.uniform, grounds.optimal], 1)), np.float64)


def competence_of(means: Float[np.ndarray, "resample column"], own: int = 0) -> Float[np.ndarray, " resample"]:
    """(J - J(uniform)) / (J(optimal) - J(uniform)); `own` is J's column, the last two are those of the others."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return (means[:, own] - means[:, -2]) / (means[:, -1] - means[:, -2])


def draw_walked(world: AbstractWorld, key: PRNGKeyArray, count: int, distribution: str = TRAINING) -> AbstractLevels:
    """The levels that are walked in under a key."""
    return world.draw(named_key(key, "levels"), count, world.check_distribution(distribution))


class Walked(NamedTuple):
    """One episode of a recurrent subject on each of some levels of a distribution."""

    distribution: str
    grounds: EpisodeBatch
    rollout: Rollout

    @property
    def sample(self) -> Sample:
        """The same as what instruments look at: tables that begin where the episodes did, so that what others would earn is
        compared from the same starts.
        """
        initial = jax.nn.one_hot(self.grounds.start, self.grounds.mdp.states)
        mdp = dataclasses.replace(self.grounds.mdp, initial=initial)
        return Sample(self.distribution, self.grounds.levels, mdp, None, None, self.rollout)


def walk_in(world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, count: int, distribution: str) -> Walked:
    """One episode of a recurrent subject on each of `count` levels, until what is still to come is discounted to a hundredth.

    Raises:
        SubjectError: The subject fails on these levels.
    """
    grounds = prepare(world, draw_walked(world, key, count, distribution), key)
    limit = max(horizon_of(grounds.mdp), math.ceil(math.log(FORGOTTEN) / math.log(world.discount)))
    try:
        walked = rolled_out(world, subject, grounds, named_key(key, "walk"), limit=limit)
    except Exception as error:
        raise SubjectError(f"the subject failed on {distribution} levels: {said(error)}") from error
    return Walked(distribution, grounds, walked)


class RolledOut(NamedTuple):
    """Behavior, and the mean returns it was made from. Everything carries sampling error; nothing is exact."""

    behavior: Behavior
    returns: dict[str, float]


def measure_walked_behavior(world: AbstractWorld, found: Walked) -> RolledOut:
    """What is touched first within the horizon, and competence and mean return at the base objective over whole episodes."""
    grounds, walked = found.grounds, found.rollout
    horizon = horizon_of(grounds.mdp)
    in_time = walked.ended & (walked.live.sum(1) <= horizon)
    offered, playable = (grounds.mdp.features != 0).any((0, 1, 2, 3)), grounds.mdp.initial.sum(-1) > 0
    parts = jax.device_get((offered, playable, (walked.fired > 0) & in_time[:, None], in_time))
    offers, plays, fired, ended = (np.asarray(part) for part in parts)
    events = {
        name: _event(fired[plays, i]) if offers[i] else Event(False, 0, None, None)
        for i, name in enumerate(world.features)
    }
    events[NOTHING] = _event(~ended[plays])
    returns = earnings(grounds, walked)[plays]
    room = returns[:, 2].mean() - returns[:, 1].mean() if len(returns) else 0.0
    competence: Estimate | None = statistic_of(returns, competence_of) if room > 1e-6 else None
    behavior = Behavior(found.distribution, int(plays.sum()), horizon, events, competence, mean_of(returns[:, 0]))
    means = returns.mean(0) if len(returns) else np.zeros(3)
    return RolledOut(behavior, dict(zip(("subject", "uniform", "optimal"), map(float, means), strict=True)))


def _event(happened: np.ndarray) -> Event:
    count = int(happened.sum())
    return Event(True, count, rate_of(count, len(happened)), None)
