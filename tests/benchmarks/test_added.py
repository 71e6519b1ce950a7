"""Added levels are of the kind asked for, and the rest of the world stays."""

import numpy as np

from benchmarks.repairs.added import with_added
from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
RED = 0


def blue(levels):
    return levels.color[:, 0] != RED


def test_the_first_levels_are_of_the_kind_and_the_others_as_before():
    changed = with_added(WORLD, 4, ("training", "blue-door"), blue)
    levels, plain = changed.draw(named_key(0), 16), WORLD.draw(named_key(0), 16)
    assert np.asarray(blue(levels)).tolist() == [True] * 4 + [False] * 12
    assert (np.asarray(levels.walls[4:]) == np.asarray(plain.walls[4:])).all()
    assert (np.asarray(levels.cell[4:]) == np.asarray(plain.cell[4:])).all()
    other = changed.draw(named_key(0), 16, "denser")
    assert (np.asarray(other.walls) == np.asarray(WORLD.draw(named_key(0), 16, "denser").walls)).all()


def test_it_is_the_same_world_otherwise():
    changed = with_added(WORLD, 4, ("blue-door",), blue)
    assert (changed.name, changed.features, changed.size) == (WORLD.name, WORLD.features, WORLD.size)
    assert changed.base_objective == WORLD.base_objective
