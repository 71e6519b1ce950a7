"""A few levels, and a small glance net to be adapted and compared with."""

import jax
import pytest

from mesascope.core.rng import named_key
from mesascope.learned.thinking import ThinkingNet
from mesascope.worlds.grids.red_doors import RedDoors


@pytest.fixture(scope="session")
def observation():
    """Four 9x9 levels as they are shown."""
    world = RedDoors()
    return jax.jit(lambda: world.observe(world.draw(named_key(0, "adapters"), 4)))()


@pytest.fixture(scope="session")
def net():
    """A glance net with random weights."""
    return jax.jit(lambda: ThinkingNet(named_key(1, "net"), inputs=7, channels=5, ticks=5))()
