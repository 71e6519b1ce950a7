"""Imitation along the learner's own episodes: which levels of a batch are learned from."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.base_optimizers.episode_imitation import Lesson, only_with_starts
from mesascope.core.solver import optimal_actions, optimal_values


def test_another_level_takes_the_place_of_one_without_a_start(batch, world):
    mdp, observation, reward = batch
    weights = jnp.asarray(world.base_objective.vector(world.features))
    optimal = optimal_actions(optimal_values(mdp, weights, world.discount).action)
    idle = dataclasses.replace(mdp, initial=mdp.initial * jnp.array([1, 0, 1, 0])[:, None])
    found = only_with_starts(Lesson(observation, idle, optimal, reward, world.discount, 1, 1))
    for table, whole in zip(
        jax.tree.leaves(found[:4]), jax.tree.leaves((observation, idle, optimal, reward)), strict=True
    ):
        np.testing.assert_array_equal(table, whole[jnp.array([0, 2, 2, 0])])
    nowhere = dataclasses.replace(mdp, initial=0 * mdp.initial)
    assert only_with_starts(Lesson(observation, nowhere, optimal, reward, world.discount, 1, 1)).mdp.terminal.all()
