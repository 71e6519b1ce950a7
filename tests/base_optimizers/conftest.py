"""One small world for all tests here, so that its programs are compiled once."""

import jax
import jax.numpy as jnp
import pytest

from mesascope.core.mdp import rewards
from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors

GLANCE = {"channels": 8, "ticks": 6}


@pytest.fixture(scope="session")
def world():
    return RedDoors(size=5)


@pytest.fixture(scope="session")
def batch(world):
    """Tables, observation and reward of four levels."""

    def make():
        levels = world.draw(named_key(0, "levels"), 4)
        mdp = world.tables(levels)
        return mdp, world.observe(levels), rewards(mdp, jnp.asarray(world.base_objective.vector(world.features)))

    return jax.jit(make)()
