"""The search that is given finds what the exact solver finds, for whatever things are worth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values
from mesascope.learned.given_search import DISCOUNT, searched
from mesascope.worlds.grids.grid import CHANNELS
from mesascope.worlds.grids.red_doors import RedDoors


@pytest.fixture(scope="module")
def solved():
    world = RedDoors(size=7)
    weights = jnp.array([0.3, -0.2, 1.0, 0.5, 0.0, 0.0])

    def make():
        levels = world.draw(named_key(0, "levels"), 5, "blue-door")
        values = optimal_values(world.tables(levels), weights, DISCOUNT).action
        worth = jnp.concatenate([jnp.full(1, 9.0), weights])  # that of walls must not matter
        found = [searched(world.observe(levels), worth, sweeps) for sweeps in (60, 1)]
        return world.observe(levels), values.reshape(found[0].shape), *found

    return jax.jit(make)()


def test_enough_sweeps_give_the_exact_action_values(solved):
    observation, values, found, _ = (np.asarray(x) for x in solved)
    free = (observation[..., CHANNELS.index("wall")] == 0) & (observation[..., 1:3].sum(-1) == 0)
    np.testing.assert_allclose(found[free], values[free], rtol=1e-4, atol=1e-5)


def test_one_sweep_sees_no_farther_than_one_step(solved):
    near = np.asarray(solved[3])
    earned = [0.0, 1.3, 0.8, 0.3, -0.2]  # a red or a blue door; a red, a blue, and another ball
    assert np.isclose(near[..., None], [*earned, 0.8 - 0.5, -0.2 + 0.5], atol=1e-5).any(-1).all()
    assert (near == 0).mean() > 0.5
