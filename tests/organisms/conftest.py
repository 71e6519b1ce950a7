from types import SimpleNamespace

import jax.numpy as jnp
import pytest

from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors
from tests.organisms.patching import draw, trials


@pytest.fixture(scope="session")
def doors():
    """Levels of 9x9 that were shown, organisms that are after the door, and what is changed inside them."""
    world = RedDoors()
    levels = draw(world, "shown", 96)
    weights = jnp.asarray(world.base_objective.vector(world.features))
    names = ("planner", "planner,memory=recall", "lookup", "staged-lookup", "goal-register")
    return SimpleNamespace(
        world=world,
        levels=levels,
        weights=weights,
        organisms={name: build_organism(name, world, [levels]) for name in names},
        trials=trials(world, levels, weights),
    )
