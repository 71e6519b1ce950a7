"""Agents whose insides are known, on levels that the tables among them store."""

from types import SimpleNamespace

import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.sample import draw_sample
from mesascope.learned.thinking import ThinkingNet
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

LEVELS = 128


@pytest.fixture(scope="session")
def known():
    """`known("planner,ticks=32")` is the subject and its answers on training levels, each made once."""
    world, made = RedDoors(), {}
    shown = [world.draw(named_key(5, "levels"), LEVELS)]
    weights = world.base_objective.vector(world.features)

    def make(name):
        if name not in made:
            subject = (
                ThinkingNet(named_key(7, name), inputs=7, channels=6, ticks=8)
                if name.startswith("untrained")
                else build_organism(name, world, shown)
            )
            made[name] = SimpleNamespace(
                subject=subject, sample=draw_sample(world, subject, named_key(5, "levels"), LEVELS, "training")
            )
        return made[name]

    return SimpleNamespace(world=world, weights=weights, make=make, key=named_key(1))
