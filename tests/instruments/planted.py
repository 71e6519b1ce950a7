"""Agents whose objective is known because their policy is computed from it, on levels of a small world."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over, uniform_policy
from mesascope.instruments.evidence import evidence_from_policy, pool
from mesascope.instruments.sample import Sample
from mesascope.worlds.grids.grid import grid_outcomes
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=7)
DISTRIBUTIONS = ("training", "blue-door", "novel-color")
LEVELS = 64


@functools.lru_cache(maxsize=32)
def empty_sample(distribution, seed=0, levels=LEVELS, world=WORLD):
    """Levels and tables, and no policy worth the name."""
    drawn, mdp, observation = _tables(world, named_key(seed, distribution), levels, distribution)
    return Sample(distribution, drawn, mdp, observation, uniform_policy(mdp))


@functools.partial(jax.jit, static_argnums=(0, 2, 3))
def _tables(world, key, levels, distribution):
    drawn = world.draw(key, levels, distribution)
    return drawn, world.tables(drawn), world.observe(drawn)


def action_values_of(sample, objective):
    weights = Objective.parse(objective, WORLD.features).vector(WORLD.features)
    return optimal_values(sample.mdp, jnp.asarray(weights)).action


def after(sample, objective, sharpness=60.0):
    """The sample as an agent answers it that is after an objective: optimally, but for softmax noise."""
    return sample._replace(policy=jax.nn.softmax(sharpness * action_values_of(sample, objective), -1))


def optimally_after(sample, objective):
    """The same without noise, uniform over ties."""
    return sample._replace(policy=uniform_over(optimal_actions(action_values_of(sample, objective))))


def along_the_right_wall(sample):
    """A wall-follower, cell by cell in plain Python."""
    successor = np.asarray(sample.mdp.successor[..., 0])
    policy = np.zeros(successor.shape, np.float32)
    right_of = {0: 3, 1: 2, 2: 0, 3: 1}
    for level, state in np.ndindex(*successor.shape[:2]):
        free = [a for a in range(4) if successor[level, state, a] != state]
        along = [a for a in free if right_of[a] not in free]
        for action in along or free or range(4):
            policy[level, state, action] = 1.0
    return sample._replace(policy=jnp.asarray(policy / policy.sum(-1, keepdims=True)))


def evidence_of(samples, seed=0):
    """One episode of each level of each sample."""
    return pool(
        [
            evidence_from_policy(grid_outcomes(s.levels), s.mdp, s.policy, named_key(seed, "episodes", s.distribution))
            for s in samples
        ]
    )
