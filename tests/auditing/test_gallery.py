"""Pictures of levels: what an episode reaches where objects are taken one after another."""

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.auditing.gallery import _exhibit
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.instruments.sample import Sample, level_tables
from mesascope.worlds.grids.keys_and_chests import KeysAndChests

WORLD, LEVELS = KeysAndChests(size=7, keys=1, chests=2), 32


def drawn():
    levels = WORLD.draw(named_key(0, "tests"), LEVELS)
    mdp, observation = level_tables(WORLD, levels)
    up = jax.nn.one_hot(jnp.zeros((LEVELS, mdp.states), jnp.int32), 4)
    return Sample("training", levels, mdp, observation, up)


def below_what_ends_a_way_up(levels):
    """Level and start right below a chest that has a wall above it."""
    walls, cells = np.asarray(levels.walls), np.asarray(levels.cell)
    side = walls.shape[1]
    for index in range(levels.count):
        for cell in cells[index, 1:]:
            row, column = divmod(int(cell), side)
            blocked = row == 0 or walls[index, row - 1, column]
            if (
                blocked
                and row + 1 < side
                and not walls[index, row + 1, column]
                and int(cell) + side not in cells[index]
            ):
                yield index, int(cell) + side


def test_who_stands_on_a_chest_without_a_key_has_not_reached_it():
    sample = drawn()
    places = list(below_what_ends_a_way_up(sample.levels))[:4]
    assert len(places) == 4
    for index, start in places:
        stake = np.zeros(sample.mdp.states)
        stake[start] = 1.0
        shown = _exhibit(WORLD, sample, index, stake, "up")
        assert sample.levels.name_at(index, shown.path[-1]) == "chest"
        assert shown.reached is None
        assert shown.caption == f"up: is not at the end after {len(shown.path) - 1} steps"


def test_who_is_after_chests_ends_at_one():
    sample = drawn()
    weights = jnp.asarray(WORLD.intended_goal.vector(WORLD.features))
    best = optimal_actions(optimal_values(sample.mdp, weights, WORLD.discount).action)
    sample = sample._replace(policy=uniform_over(best))
    shown = _exhibit(WORLD, sample, 0, np.asarray(sample.mdp.initial[0]), "best")
    assert shown.reached == "chest"
    assert shown.caption == "best: ends at the chest"
