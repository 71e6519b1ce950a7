"""The tables of grid levels against a twin that walks the level's text cell by cell."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.worlds.grids.grid import grid_tables, neighbors, reaches
from mesascope.worlds.grids.text import parse_level, print_level
from tests.worlds import twins

TWINNED = 60

ODD_ONES = {
    "an island without a way to the door": "######\n#R.#.#\n#..#.#\n#.##.#\n######",
    "a ball that blocks the way": "######\n#R.b.#\n#..###\n#....#\n######",
    "a door in a corner and open floor": "######\n#B...#\n#....#\n#..gr#\n######",
    "nothing but a door": "###\n#G#\n###",
    "a level higher than wide": "###\n#.#\n#.#\n#R#\n#.#\n###",
}


def compare(levels):
    mdp = grid_tables(levels)
    assert (np.asarray(mdp.probability) == 1).all()
    for index in range(levels.count):
        successor, features, terminal, initial = twins.tables(print_level(levels, index))
        np.testing.assert_array_equal(np.asarray(mdp.successor)[index, :, :, 0], successor)
        np.testing.assert_array_equal(np.asarray(mdp.terminal)[index], terminal)
        np.testing.assert_allclose(np.asarray(mdp.initial)[index], initial, rtol=1e-6)
        # No transition is ever taken from inside a wall or an object.
        live = ~np.asarray(levels.walls)[index].ravel() & ~terminal
        np.testing.assert_array_equal(np.asarray(mdp.features)[index, :, :, 0][live], features[live])


def test_tables_of_drawn_levels(drawn, distribution):
    compare(drawn(distribution)[:TWINNED])


@pytest.mark.parametrize("name", ODD_ONES)
def test_tables_of_odd_levels(name):
    compare(parse_level(ODD_ONES[name]))


def test_a_level_whose_door_nobody_reaches_starts_nowhere():
    mdp = grid_tables(parse_level("######\n#R#..#\n######"))
    assert np.asarray(mdp.initial).sum() == 0


def test_reachability_follows_one_way_steps():
    successor = jnp.array([[[1, 1], [2, 2], [2, 2], [3, 0]]])
    found = reaches(successor, jnp.array([[False, True, False, False]]))
    assert np.asarray(found).tolist() == [[True, True, False, True]]


def test_a_wall_and_the_border_leave_the_agent_in_place():
    successor = np.asarray(neighbors(jnp.array([[[False, True], [False, False]]])))[0]
    assert successor[0].tolist() == [0, 2, 0, 0]
    assert successor[3].tolist() == [3, 3, 2, 3]
