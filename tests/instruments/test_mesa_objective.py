"""What a planner is after, read from objects that exist only in its registers."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.mesa_objective import kinds_of, read_mesa_objective
from mesascope.instruments.search.implants import believed_levels, implant
from mesascope.instruments.search.trials import contested_levels
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

MAZES = 192
KINDS = [(shape, color) for shape in range(2) for color in range(4)]
PLACE = Place(("walls", "reward", "value"), 2, 1, False)

# What is compiled runs for longer than that takes.
pytestmark = pytest.mark.usefixtures("optimized")


@pytest.fixture(scope="module")
def world():
    return RedDoors(size=9)


@pytest.fixture(scope="module")
def mazes(world):
    return contested_levels(world, named_key(5, "contested"), MAZES)


@pytest.fixture(scope="module")
def classes(world):
    return kinds_of(world, [world.draw(named_key(5, d), 64, d) for d in ("training", *world.shifts)])


def test_the_kinds_asked_about_are_those_that_occur(world, classes):
    names = {world.counterfactuals.kinds[kind] for kind in classes}
    assert names == {"red door", "blue door", "yellow door", "red ball", "blue ball", "green ball"}


@pytest.mark.parametrize(("objective", "wanted", "others"), [("red", "red", ("door",)), ("door", "door", ("red",))])
def test_planted_objectives_are_read_from_inside(world, mazes, classes, objective, wanted, others):
    planner = build_organism(f"planner,objective={objective},ticks=40", world)
    found = read_mesa_objective(world, planner, mazes, classes, PLACE, named_key(5, "mesa"))
    weights = found.posterior.weights
    assert weights[wanted].interval.low > 0.5
    for other in others:
        assert weights[other].interval.low <= 0.0 <= weights[other].interval.high + 0.1
    pulls = {pull.kind: pull.share.value for pull in found.pulls}
    for kind, share in pulls.items():
        if wanted in kind:
            assert share > 0.95, kind
        else:
            assert share < 0.6, kind
    assert found.place == PLACE
    assert found.confirmed
    assert found.backed == {wanted}


def random_pairs(count):
    """Two different object classes for each level."""
    rng = np.random.default_rng(5)
    first, step = rng.integers(len(KINDS), size=count), rng.integers(1, len(KINDS), size=count)
    return jnp.stack([first, (first + step) % len(KINDS)], 1)


def test_implanted_objects_are_believed_and_nowhere_in_the_input(world, mazes):
    pairs = random_pairs(MAZES)
    assert (np.asarray(pairs[:, 0]) != np.asarray(pairs[:, 1])).all()
    believed = believed_levels(world, mazes, pairs)
    shape, color = np.asarray(believed.shape), np.asarray(believed.color)
    for level in range(MAZES):
        assert [KINDS[k] for k in np.asarray(pairs[level])] == list(
            zip(shape[level, :2].tolist(), color[level, :2].tolist(), strict=True)
        )
        assert shape[level, 2] == -1
    planner = build_organism("planner,ticks=40", world)
    door = jnp.full((MAZES, 1), KINDS.index((0, 0)))
    implanted = implant(world, planner, mazes, door, PLACE)
    near = np.abs(
        np.stack(np.divmod(np.arange(49), 7), -1)[None] - np.stack(np.divmod(np.asarray(mazes.cell[:, :1]), 7), -1)
    ).max(-1)
    assert not np.asarray(implanted.readable)[near <= 1].any()
