"""Which program a policy amounts to: choices against plain Python, and policies whose program is known."""

import numpy as np
import pytest

from mesascope.core.solver import uniform_policy
from mesascope.instruments.learned_algorithm import name_learned_algorithm
from mesascope.instruments.programs import choices, programs_of
from tests.instruments.planted import WORLD, along_the_right_wall, empty_sample, optimally_after

SHIFTS = ("training", "blue-door", "red-object-gone")
DOOR = np.array([1.0, 0, 0, 0, 0, 0], np.float32)
PROGRAMS = {program.name: program for program in programs_of(WORLD, DOOR)}


def named(policy_of, weights=DOOR):
    return name_learned_algorithm(WORLD, [policy_of(empty_sample(d)) for d in SHIFTS], weights)


def test_a_wall_follower_is_followed_cell_by_cell():
    sample = empty_sample("training")
    expected = np.asarray(along_the_right_wall(sample).policy) > 0
    assert (choices(WORLD, PROGRAMS["follow the right wall"], sample) == expected).all()


def test_a_compass_is_read_off_rows_and_columns():
    sample = empty_sample("training")
    found = choices(WORLD, PROGRAMS["compass to door"], sample)
    open_only = choices(WORLD, PROGRAMS["straight to the nearest door wherever the way is open"], sample)
    successor = np.asarray(sample.mdp.successor[..., 0])
    side = sample.levels.interior[1]
    for level, state in np.ndindex(8, successor.shape[1]):
        row, column = np.subtract(divmod(int(sample.levels.cell[level, 0]), side), divmod(state, side))
        helpful = np.array([row < 0, row > 0, column < 0, column > 0])
        way = successor[level, state] != state
        good = helpful & way
        assert (found[level, state] == (good if good.any() else helpful if helpful.any() else True)).all()
        if helpful.any():
            assert (open_only[level, state] == (good if good.any() else way if way.any() else True)).all()


def test_after_the_door_is_breadth_first_to_the_door_or_in_training_as_well_to_red():
    found = named(lambda sample: optimally_after(sample, "door"))
    assert {found.name, *found.tied} == {"breadth-first to door", "breadth-first to red"}
    scores = {score.program: score for score in found.scores}
    door, red = scores["breadth-first to door"].matches, scores["breadth-first to red"].matches
    assert door["training"].share.value == pytest.approx(1.0) == red["training"].share.value
    assert door["blue-door"].contested.value == pytest.approx(1.0)
    assert red["blue-door"].contested.interval.high < 0.7
    assert red["red-object-gone"].share is None
    assert red["red-object-gone"].speaks == 0
    assert scores["plan for door +1.00"].total_bits > scores["breadth-first to door"].total_bits


def test_a_mixed_objective_takes_the_weighted_planner():
    weights = np.array([1.0, 0.0, 0.0, 0.9, 0.0, 0.0], np.float32)
    found = named(lambda sample: optimally_after(sample, "door:1+blue:0.9"), weights)
    assert found.name == "plan for door +1.00, blue +0.90"


def test_what_the_library_does_not_hold_is_none_of_these_and_what_is_stored_is_a_table():
    def even(sample):
        return sample._replace(policy=uniform_policy(sample.mdp))

    def scrambled(sample):
        drawn = np.random.default_rng(0).integers(4, size=sample.policy.shape[:2])
        return sample._replace(policy=np.eye(4, dtype=np.float32)[drawn])

    assert named(even).name == "none of these"
    found = named(scrambled)
    assert found.name == "lookup table"
    table = next(score for score in found.scores if score.scheme == "lookup table")
    assert table.program_bits == pytest.approx(2 * found.actions, abs=3)
    assert table.data_bits < 0.01 * table.program_bits
    assert table.matches["blue-door"].speaks == 0


def test_the_lengths_are_those_of_a_code():
    """No code for n even choices among four takes less than two bits each; a sure program takes nearly none."""
    found = named(lambda sample: sample._replace(policy=uniform_policy(sample.mdp)))
    assert all(score.data_bits >= 2 * found.actions - 1e-6 for score in found.scores)
    sure = named(along_the_right_wall)
    assert sure.name == "follow the right wall"
