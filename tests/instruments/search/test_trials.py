"""What a trial promises about its levels and the cells it scores."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.instruments.search.trials import best_actions, contested_levels, draw_trials
from mesascope.worlds.grids.cheese_corner import CheeseCorner
from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects
from mesascope.worlds.grids.red_doors import RedDoors

COUNT = 48


@pytest.fixture(scope="module")
def world():
    return RedDoors(size=9)


@pytest.fixture(scope="module")
def weights(world):
    return jnp.asarray(world.base_objective.vector(world.features))


@pytest.fixture(scope="module")
def contested(world):
    return contested_levels(world, named_key(0, "contested"), 256)


@pytest.fixture(scope="module")
def trials(world, weights, contested):
    return draw_trials(world, named_key(0, "trials"), contested, COUNT, weights)


def sets(world, levels, weights):
    return np.asarray(best_actions(world, levels, weights))


def test_contested_levels_have_three_objects_of_which_two_are_unlike(contested):
    assert np.asarray(contested.present).all()
    looks = np.stack([contested.shape, contested.color], -1)
    assert (looks[:, 1] != looks[:, 2]).any(-1).all()


def test_slots_are_ordered_by_value(contested, world):
    blue = jnp.asarray([0, 0, 0.2, 1.0, 0.0, 0.0])
    arranged, targeted = world.counterfactuals.aim(contested, blue)
    color = np.asarray(arranged.color)
    assert (color[np.asarray(targeted), 0] == world.features.index("blue") - 2).all()
    assert np.asarray(targeted).all()


def test_nothing_is_targeted_when_everything_is_worth_the_same(contested, world):
    assert not np.asarray(world.counterfactuals.aim(contested, jnp.ones(6))[1]).any()


@pytest.mark.parametrize("name", ["retarget", "virtual wall", "joint"])
def test_scored_cells_are_where_optima_share_nothing_far_from_the_change(trials, world, weights, name):
    trial = trials[name]
    scored = np.asarray(trial.scored).reshape(COUNT, -1)
    assert scored.any(1).sum() >= COUNT // 3
    old, new = sets(world, trial.base, weights), sets(world, trial.changed, weights)
    np.testing.assert_array_equal(old, np.asarray(trial.old))
    np.testing.assert_array_equal(new, np.asarray(trial.new))
    assert not (old & new).any(-1)[scored].any()
    walls = np.asarray(trial.changed.walls).reshape(COUNT, -1)
    assert not walls[scored].any()
    for level, cell in zip(*np.nonzero(scored), strict=True):
        for part in trial.parts:
            for center in np.asarray(part.centers[level]):
                (r, c), (r0, c0) = divmod(cell, 7), divmod(int(center), 7)
                assert max(abs(r - r0), abs(c - c0)) > 1


def test_joint_cells_differ_from_both_single_edits(trials, world, weights):
    trial = trials["joint"]
    scored = np.asarray(trial.scored).reshape(COUNT, -1)
    new = np.asarray(trial.new)
    swap, wall = trial.parts
    for single in (swap.donor, wall.donor):
        assert not (new & sets(world, single, weights)).any(-1)[scored].any()
    both = add_wall(swap_objects(trial.base, 0, 1), wall.centers[:, 0])
    np.testing.assert_array_equal(sets(world, both, weights), new)


def test_irrelevant_swaps_leave_the_target_where_it_is(trials):
    trial = trials["retarget"]
    donor = trial.irrelevant[0].donor
    np.testing.assert_array_equal(donor.cell[:, 0], trial.base.cell[:, 0])
    assert (np.asarray(donor.cell[:, 1:]) != np.asarray(trial.base.cell[:, 1:])).all()


def test_wrong_cells_are_not_the_right_ones(trials):
    for trial in trials.values():
        for part, wrong in zip(trial.parts, trial.wrong, strict=True):
            overlap = np.asarray(part.centers)[:, :, None] == np.asarray(wrong)[:, None, :]
            assert not overlap.any()


@pytest.mark.parametrize("kind", [RedDoors, CheeseCorner])
def test_mazes_without_a_way_around_are_refused_before_anything_is_drawn(kind):
    tree = kind(size=7, openings=0.0)
    assert tree.no_search_tests is not None
    if kind is RedDoors:
        with pytest.raises(UsageError, match=r"'virtual wall' has no cell to score. Give openings above 0"):
            contested_levels(tree, named_key(0, "contested"), 8)


def test_without_openings_no_wall_changes_what_is_optimal_far_from_it(world, weights):
    """Why they are refused: the slow way, one wall at a time."""
    for openings, expected in ((0.0, False), (0.25, True)):
        levels = RedDoors(size=7, openings=openings).draw(named_key(0, "mazes"), 8)
        old, side, changed = sets(world, levels, weights), levels.walls.shape[1], False
        free = ~np.asarray(levels.walls).reshape(8, -1)
        for cell in range(free.shape[1]):
            apart = ~(old & sets(world, add_wall(levels, jnp.full(8, cell)), weights)).any(-1)
            near = [max(abs(c // side - cell // side), abs(c % side - cell % side)) <= 1 for c in range(free.shape[1])]
            beside = np.asarray(near)[np.asarray(levels.cell)].any(1)
            changed |= bool((apart & ~np.asarray(near) & (free[:, cell] & ~beside)[:, None]).any())
        assert changed is expected
