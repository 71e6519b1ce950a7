"""The package's own tests: each of its parts keeps the promises of its kind. Run them where the package is installed."""

import jax
import pytest

import mesascope as ms
from mesascope.conformance.check_subject import check_subject
from mesascope.conformance.check_world import check_world
from mesascope.instruments.registry import INSTRUMENTS
from mesascope.learned.registry import ARCHITECTURES, build, config_of
from mesascope.organisms.registry import ORGANISMS
from mesascope.worlds.registry import WORLDS, make_world


@pytest.fixture(scope="module")
def world():
    return make_world("two-lamps", size=5)


def test_entry_points_are_found():
    assert "two-lamps" in WORLDS
    assert "one-glance" in ARCHITECTURES
    assert "lamp-seeker" in ORGANISMS
    assert "dithering" in INSTRUMENTS


def test_the_world(world):
    check_world(world)


def test_the_architecture(world):
    net = build("one-glance", {"channels": 3}, key=jax.random.key(0), inputs=len(world.channels))
    check_subject(net, world.observe(world.draw(0, 4)))
    assert config_of(net) == ("one-glance", {"channels": 3})


def test_the_organism(world):
    seeker = ms.build_organism("lamp-seeker", world)
    check_subject(seeker, world.observe(world.draw(0, 4)))


def test_the_instrument(world):
    ms.check_instrument(INSTRUMENTS["dithering"], world, ms.build_organism("lamp-seeker", world))
