"""Levels of every distribution, drawn once for all tests of the worlds."""

import functools

import jax
import pytest

from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.world import TRAINING

LEVELS = 500


@functools.cache
def draw(distribution, **knobs):
    world = RedDoors(**knobs)
    return jax.jit(lambda key: world.draw(key, LEVELS, distribution))(named_key(7, "tests", distribution))


@pytest.fixture(scope="session")
def drawn():
    """`drawn(distribution, **knobs)`: 500 levels of red-doors, the same for everybody who asks."""
    return draw


@pytest.fixture(scope="session", params=[TRAINING, *RedDoors.shifts])
def distribution(request):
    return request.param
