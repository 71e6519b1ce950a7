"""What a subject that walks does: behavior and returns from sampled episodes, one on each level."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE, Rollout, draw_starts, rollout
from mesascope.core.solver import evaluate, optimal_values, uniform_policy
from mesascope.core.statistics import Estimate, bootstrap, bootstrap_mean, wilson
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.instruments.behavior import NOTHING, Behavior, Event
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import TRAINING, AbstractWorld

HORIZON_PER_STATE = 2
"""Moves after which an episode is cut, for each cell of the level."""


class EpisodeBatch(NamedTuple):
    """Levels with one start on each, and what is earned from there at the base objective by others."""

    levels: AbstractLevels
    mdp: FiniteMDP
    observation: Observation
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


def rolled_out(
    world: AbstractWorld, subject: AbstractSubject, grounds: EpisodeBatch, key: PRNGKeyArray, pauses: int = 0
) -> Rollout:
    """One episode on each level; the same key gives the same random numbers to every subject and every pause."""
    limit = HORIZON_PER_STATE * grounds.mdp.states
    return rollout(
        subject, grounds.observation, grounds.mdp, grounds.start, key, world.discount, limit, jnp.array(pauses)
    )


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


class RolledOut(NamedTuple):
    """Behavior, and the mean returns it was made from. Everything carries sampling error; nothing is exact."""

    behavior: Behavior
    returns: dict[str, float]


def measure_walked_behavior(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, count: int, distribution: str
) -> RolledOut:
    """What is touched first, competence and mean return at the base objective, from one episode on each level."""
    levels = draw_walked(world, key, count, distribution)
    grounds = prepare(world, levels, key)
    walked = rolled_out(world, subject, grounds, named_key(key, "walk"))
    offered, playable = (grounds.mdp.features != 0).any((0, 1, 2, 3)), grounds.mdp.initial.sum(-1) > 0
    found = jax.device_get((offered, playable, walked.fired > 0, walked.ended))
    offers, plays, fired, ended = (np.asarray(part) for part in found)
    events = {
        name: _event(fired[plays, i]) if offers[i] else Event(False, 0, None, None)
        for i, name in enumerate(world.features)
    }
    events[NOTHING] = _event(~ended[plays])
    returns = earnings(grounds, walked)[plays]
    room = returns[:, 2].mean() - returns[:, 1].mean() if len(returns) else 0.0
    competence: Estimate | None = bootstrap(returns, competence_of) if room > 1e-6 else None
    behavior = Behavior(
        distribution, int(plays.sum()), walked.cell.shape[1], events, competence, bootstrap_mean(returns[:, 0])
    )
    means = returns.mean(0) if len(returns) else np.zeros(3)
    return RolledOut(behavior, dict(zip(("subject", "uniform", "optimal"), map(float, means), strict=True)))


def _event(happened: np.ndarray) -> Event:
    count = int(happened.sum())
    return Event(True, count, wilson(count, len(happened)), None)
