"""Levels as a sequence, seeds of any kind, views, values, and constructors by name."""

import inspect
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mesascope as ms
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.text import print_level
from mesascope.worlds.levels import Level
from mesascope.worlds.registry import WORLDS
from mesascope.worlds.views import View

SIZE = 5


@pytest.fixture(scope="module")
def world():
    return ms.worlds.red_doors(size=SIZE)


@pytest.fixture(scope="module")
def levels(world):
    return world.draw(0, 3)


def test_a_loop_over_levels_ends(levels):
    found = list(itertools.islice(levels, 10))
    assert len(found) == len(levels) == levels.count == 3
    assert [level.text for level in found] == [print_level(levels, i) for i in range(3)]


@pytest.mark.parametrize("index", [3, -4, np.int64(3)])
def test_past_the_end_is_an_index_error(levels, index):
    with pytest.raises(IndexError, match="of 3"):
        levels[index]


@pytest.mark.parametrize("index", [0, -3, np.int32(0)])
def test_a_number_gives_one_level(levels, index):
    level = levels[index]
    assert isinstance(level, Level)
    assert str(level) == level.text == print_level(levels, 0)
    assert level._repr_html_().startswith("<svg")
    assert level.text in repr(level)


@pytest.mark.parametrize("index", [slice(1, 3), np.array([1, 2]), jnp.array([1, 2]), np.array([False, True, True])])
def test_slices_and_arrays_give_batches(levels, index):
    some = levels[index]
    assert type(some) is type(levels)
    assert [level.text for level in some] == [level.text for level in levels][1:]
    assert some.vocabulary is levels.vocabulary


def test_arrays_select_inside_compiled_code(levels):
    some = jax.jit(lambda levels, order: levels[order])(levels, jnp.array([2, 0]))
    assert [level.text for level in some] == [levels[2].text, levels[0].text]


@pytest.mark.parametrize("seed", [7, np.int64(7), np.uint8(7), jnp.int32(7), named_key(7), jax.random.key(7)])
def test_equal_seeds_of_any_kind_give_equal_levels(world, seed):
    wanted = world.draw(jax.random.key(7), 2)
    found = world.draw(seed, np.int64(2))
    assert jax.tree.all(jax.tree.map(np.array_equal, wanted, found))


@pytest.mark.parametrize("count", [0, -1])
def test_no_levels_cannot_be_drawn(world, count):
    with pytest.raises(UsageError, match="levels: expected a whole number from 1 on"):
        world.draw(0, count)


def test_a_distribution_that_is_not_there_is_named(world):
    with pytest.raises(UsageError, match="blue-door"):
        world.draw(0, 1, "blue-dor")


def test_optimal_values_are_exact_and_of_the_objective_that_is_asked_for(world):
    levels = world.draw(0, 2)
    values = np.asarray(world.optimal_values(levels))
    assert values.shape == (2, (SIZE - 2) ** 2)
    np.testing.assert_allclose(values[0], np.asarray(world.optimal_values(levels[0])))
    np.testing.assert_allclose(
        np.asarray(world.optimal_values()), np.asarray(world.optimal_values(world.draw(0, 1)))[0]
    )
    # One step from the door is worth 1, k steps from it the discount to the power of k - 1.
    best = values[values > 0]
    assert best.max() == 1
    np.testing.assert_allclose(
        np.log(best) / np.log(world.discount), np.round(np.log(best) / np.log(world.discount)), atol=1e-3
    )
    assert np.asarray(world.optimal_values(levels, "-door")).max() == 0
    with pytest.raises(UsageError, match="feature"):
        world.optimal_values(levels, "dor")


def test_views_show_the_level_the_agent_or_the_state(world, levels):
    states = jnp.array([[0, 8], [4, 4], [2, 1]])
    shown = np.asarray(world.observe(levels))
    full = np.asarray(world.observe(levels, "full", states))
    assert full.shape == (3, 2, 3, 3, shown.shape[-1] + 1)
    for level, place in np.ndindex(3, 2):
        assert (full[level, place, ..., :-1] == shown[level]).all()
        assert np.flatnonzero(full[level, place, ..., -1]) == [states[level, place]]
    assert (np.asarray(world.observe(levels, "map", states))[:, 1] == shown).all()
    assert (np.asarray(world.observe(levels, "state-id", states)) == np.asarray(states)).all()
    assert world.observe(levels, "state-id").shape == (3, 9)
    assert world.views["full"].channels[-1] == "agent"
    assert [name for name, view in world.views.items() if view.shows_all_states] == ["map"]
    with pytest.raises(UsageError, match="view of red-doors"):
        world.observe(levels, "mapp")


def test_a_map_of_states_shows_what_is_left_in_each():
    world = KeysAndChests(size=7, keys=1, chests=1)
    levels = world.draw(0, 2)
    cells = 25
    maps = np.asarray(world.observe(levels)).reshape(2, -1, 5, 5, 4)
    assert maps.shape[1] == world.views_per_level
    seen = np.asarray(world.observe(levels, "map", jnp.array([[3, cells + 3], [3, 2 * cells + 3]])))
    np.testing.assert_array_equal(seen, maps[[[0, 0], [1, 1]], [[0, 1], [0, 2]]])


def test_a_view_can_be_added(world, levels):
    corner = View("whether the agent is in the first cell", lambda levels, states: states == 0)
    more = world.with_view("corner", corner)
    assert list(more.views) == [*world.views, "corner"]
    assert np.asarray(more.observe(levels, "corner"))[:, :2].tolist() == [[True, False]] * 3
    assert vars(more) == vars(world)


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_has_a_constructor_of_its_name(name):
    make = getattr(ms.worlds, name.replace("-", "_"))
    world = make(size=7)
    assert type(world) is WORLDS[name]
    assert world.size == 7
    assert inspect.signature(make) == inspect.signature(WORLDS[name])
    with pytest.raises(UsageError, match="size"):
        make(siz=7)


def test_constructors_are_listed_and_others_are_not_there():
    assert sorted(name.replace("_", "-") for name in dir(ms.worlds)) == sorted([*WORLDS, "from-gymnasium", "from-xsb"])
    with pytest.raises(AttributeError, match="no attribute 'blue_doors'"):
        _ = ms.worlds.blue_doors


def test_a_picture_has_the_policy_the_path_and_the_values_of_states(world, levels):
    level = levels[0]
    policy = np.full((9, 4), 0.25, np.float32)
    picture = world.picture(level, policy=policy, path=[0, 1, 1], values=world.optimal_values(level), title="one level")
    for part in ("ms-dot", "ms-agent", "ms-good", "one level"):
        assert part in picture
    with pytest.raises(ValueError, match="a table of 8 states for a level of 9"):
        world.picture(level, policy=policy[1:])


def test_a_picture_of_levels_with_more_states_than_cells_is_of_the_first_states():
    world = KeysAndChests(size=7, keys=1, chests=1)
    level = world.draw(0, 1)[0]
    states = world.tables(level.batch).states
    policy = np.zeros((states, 4), np.float32)
    policy[:25, 3], policy[25:, 0] = 1, 1
    assert world.picture(level, policy=policy) == world.picture(level, policy=np.tile([0, 0, 0, 1.0], (states, 1)))
    assert world.drawing(level.batch, 0).shown == "as long as nothing is taken"
