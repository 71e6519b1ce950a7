"""Steps by look-up against a walk in plain Python over the same tables."""

import jax
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.stepping import STARTS, as_channels, begin, look, make_stepper, step, walk_at_random
from mesascope.worlds.grids.text import parse_levels

WORLD, LEVELS, WALKERS, LIMIT = RedDoors(size=5), 6, 40, 7


@pytest.fixture(scope="module")
def levels():
    return WORLD.draw(named_key(3, "stepping"), LEVELS)


@pytest.fixture(scope="module")
def stepper(levels):
    return make_stepper(WORLD, levels, named_key(4), LIMIT)


def test_steps_are_those_of_a_loop(levels, stepper):
    mdp, rng = WORLD.tables(levels), np.random.default_rng(0)
    successor, terminal = np.asarray(mdp.successor)[..., 0], np.asarray(mdp.terminal)
    door = np.asarray(mdp.features)[..., 0, WORLD.features.index("door")]
    starts = np.asarray(stepper.starts).reshape(LEVELS, STARTS) - np.arange(LEVELS)[:, None] * mdp.states
    take = jax.jit(step)
    walkers = begin(stepper, named_key(5), WALKERS)
    where = [divmod(int(at), mdp.states) for at in walkers.at]
    age, ends = [0] * WALKERS, 0
    for _ in range(60):
        action = rng.integers(4, size=WALKERS).astype(np.int32)
        start = rng.integers(STARTS, size=WALKERS).astype(np.int32)
        walkers, stepped = jax.tree.map(np.asarray, take(stepper, walkers, action, start))
        for i in range(WALKERS):
            level, state = where[i]
            reached = successor[level, state, action[i]]
            terminated = terminal[level, reached]
            truncated = not terminated and age[i] + 1 >= LIMIT
            assert stepped.gain[i] == door[level, state, action[i]]
            assert (bool(stepped.terminated[i]), bool(stepped.truncated[i])) == (terminated, truncated)
            if terminated or truncated:
                ends += 1
                next_level = (level + 1) % LEVELS
                where[i], age[i] = (next_level, int(starts[next_level, start[i]])), 0
            else:
                where[i], age[i] = (level, int(reached)), age[i] + 1
        assert [divmod(int(at), mdp.states) for at in walkers.at] == where
        assert list(map(int, walkers.age)) == age
    assert ends > 100


def test_what_is_seen_is_the_observation_and_oneself(levels, stepper):
    walkers = begin(stepper, named_key(6), WALKERS)
    seen = np.asarray(as_channels(look(stepper, walkers), 7))
    expected = np.asarray(WORLD.observe(levels)).reshape(LEVELS, -1, 7) != 0
    states = expected.shape[1]
    for i, at in enumerate(np.asarray(walkers.at)):
        np.testing.assert_array_equal(seen[i, :, :7], expected[at // states])
        np.testing.assert_array_equal(seen[i, :, 7], np.arange(states) == at % states)


def test_a_random_walk_goes_from_level_to_level(levels, stepper):
    walkers, walk = walk_at_random(stepper, begin(stepper, named_key(7), 2000), named_key(8), 40, looking=True)
    assert walk.seen.shape == (40, 2000, 9)
    assert (np.asarray(walk.seen) >> 7 == 1).sum() == 40 * 2000
    again = walk_at_random(stepper, begin(stepper, named_key(7), 2000), named_key(8), 40, looking=False)
    assert again[1].seen is None
    np.testing.assert_array_equal(again[0].at, walkers.at)
    # Every walker is cut or ends at least once in LIMIT steps, and goes on to the next level.
    ended = np.asarray(walk.stepped.terminated | walk.stepped.truncated)
    assert ended.sum(0).min() >= 40 // LIMIT
    first = np.asarray(begin(stepper, named_key(7), 2000).at) // 9
    np.testing.assert_array_equal((first + ended.sum(0)) % LEVELS, np.asarray(walkers.at) // 9)


def test_starts_are_the_levels_own(levels, stepper):
    initial = np.asarray(WORLD.tables(levels).initial).reshape(-1)
    assert (initial[np.asarray(stepper.starts)] > 0).all()


def test_steps_that_cannot_be_dealt_out_are_refused(stepper):
    with pytest.raises(ValueError, match="multiple of 4"):
        walk_at_random(stepper, begin(stepper, named_key(7), 4), named_key(8), 6, looking=False)


ENCLOSED = "#######\n##...##\n#.###.#\n#.#R#.#\n#.###.#\n#.....#\n#######"
OPEN = ENCLOSED.replace("#.###.#\n#.....#", "#.#.#.#\n#.....#")


def test_a_level_without_a_start_is_refused_by_name():
    with pytest.raises(UsageError, match="level 1 of 2 has no start"):
        make_stepper(WORLD, parse_levels(f"{OPEN}\n\n{ENCLOSED}"), named_key(0), LIMIT)


def test_nobody_begins_in_a_pocket_from_which_nothing_is_reached():
    levels = parse_levels("#######\n#R..#.#\n###.###\n#.....#\n#######")
    walkers = begin(make_stepper(WORLD, levels, named_key(0), LIMIT), named_key(1), 500)
    assert set(np.asarray(walkers.at).tolist()) == {1, 2, 7, 10, 11, 12, 13, 14}
