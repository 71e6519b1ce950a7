"""Steps of an environment looked up again in the world's own tables."""

import functools

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from mesascope.environments.episodes import BLOCK


@eqx.filter_jit
def tables_of(world, levels):
    return world.tables(levels)


@eqx.filter_jit
def look(world, view, levels, states):
    return world.observe(levels, view, states)


class Replay:
    """The tables of every level that an environment names, and what is seen in it."""

    def __init__(self, world, view, distribution="training"):
        self.world, self.view, self.distribution = world, view, distribution
        self.tables = functools.cache(self._tables)
        weights = dict(world.base_objective.weights)
        self.weights = np.array([weights.get(name, 0.0) for name in world.features])

    def _tables(self, seed):
        levels = self.world.draw(seed, BLOCK, self.distribution)
        return levels, tables_of(self.world, levels)

    def check_start(self, seed, level, state):
        """The state is one that an episode may start in."""
        assert np.asarray(self.tables(seed)[1].initial)[level, state] > 0

    def check_step(self, seed, level, before, action, after, reward, terminated, fired):
        """The step is one of the table."""
        mdp = self.tables(seed)[1]
        successor, features = np.asarray(mdp.successor), np.asarray(mdp.features)
        assert successor[level, before, action, 0] == after
        np.testing.assert_array_equal(features[level, before, action, 0], fired)
        assert reward == features[level, before, action, 0] @ self.weights
        assert terminated == np.asarray(mdp.terminal)[level, after]

    def check_observation(self, seed, level, state, observation):
        """What is shown is the view of the state."""
        levels = self.tables(seed)[0][jnp.asarray([level])]
        expected = look(self.world, self.view, levels, jnp.array([[state]]))[0, 0]
        np.testing.assert_array_equal(expected, observation)
