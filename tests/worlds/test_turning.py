"""Turning and going forward: tables against a slow twin, step counts against breadth-first search, and the configuration."""

import functools

import equinox as eqx
import numpy as np
import pytest

from mesascope.conformance.check_world import check_world
from mesascope.core.errors import UsageError
from mesascope.worlds.card import describe
from mesascope.worlds.config import with_config
from mesascope.worlds.grids.coin import Coin
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.turning import turning
from mesascope.worlds.registry import make_world
from tests.worlds import turning_twin as twin

WORLDS = {
    "red-doors": {"size": 5},
    "cheese-corner": {"size": 5},
    "coin": {"size": 5, "length": 5},
    "keys-and-chests": {"size": 7, "keys": 1, "chests": 2},
}
COUNT = 6


@functools.cache
def tables_of(name, movement):
    world = make_world(name, movement=movement, **WORLDS[name])
    levels = make_world(name, **WORLDS[name]).draw(1, COUNT)
    return world, levels, eqx.filter_jit(lambda levels: world.tables(levels))(levels)


@pytest.mark.parametrize("name", WORLDS)
def test_tables_are_those_of_the_slow_twin(name):
    _, levels, moves = tables_of(name, "move")
    world, _, turns = tables_of(name, "turn")
    cells = int(np.prod(levels.interior))
    assert world.actions == ("left", "right", "forward")
    np.testing.assert_array_equal(np.asarray(turns.probability), 1)
    for level in range(COUNT):
        parts = (
            moves.successor[level, ..., 0],
            moves.features[level, :, :, 0],
            moves.terminal[level],
            moves.initial[level],
        )
        after, fires, ends, start = twin.tables(*map(np.asarray, parts), cells)
        np.testing.assert_array_equal(np.asarray(turns.successor)[level, ..., 0], after)
        np.testing.assert_array_equal(np.asarray(turns.features)[level, :, :, 0], fires)
        np.testing.assert_array_equal(np.asarray(turns.terminal)[level], ends)
        np.testing.assert_allclose(np.asarray(turns.initial)[level], start)


@pytest.mark.parametrize("name", ["red-doors", "keys-and-chests"])
def test_optimal_values_are_powers_of_the_steps_that_a_search_counts(name):
    """Where one event of weight 1 ends the way, the best return is the discount to the power of the steps before it."""
    world, levels, mdp = tables_of(name, "turn")
    feature = "door" if name == "red-doors" else "key"
    values = np.asarray(world.optimal_values(levels, feature))
    fires = np.asarray(mdp.features)[..., 0, world.features.index(feature)] > 0
    after, terminal = np.asarray(mdp.successor)[..., 0], np.asarray(mdp.terminal)
    height, width = levels.interior
    for level in range(COUNT):
        live = np.where(terminal[level][:, None], np.arange(mdp.states)[:, None], after[level])
        before = (fires[level] & ~terminal[level][:, None]).any(-1)
        steps = twin.steps_to(live, before)
        expected = np.where(steps >= 0, world.discount ** np.maximum(steps, 0), 0.0)
        first = slice(0, 4 * height * width)  # with nothing gone; later no key is left
        np.testing.assert_allclose(values[level][first], expected[first], rtol=1e-4)
    assert (values > 0).any(-1).all()


def test_states_lie_in_their_cells_and_keep_their_order():
    world, levels, mdp = tables_of("keys-and-chests", "turn")
    at = np.asarray(world.locate(levels))
    assert at.shape == (COUNT, mdp.states)
    np.testing.assert_array_equal(at[0], np.arange(mdp.states) % 25)
    shown = np.asarray(world.observe(levels))
    assert len(shown) == COUNT * world.views_per_level == COUNT * 4 * 3
    channels = world.channels
    for view in range(12):
        facing = shown[view, 0, 0, -4:]
        assert facing.tolist() == np.eye(4)[view % 4].tolist()
        assert channels[-4:][int(facing.argmax())] == f"facing {('up', 'down', 'left', 'right')[view % 4]}"


@pytest.mark.slow
def test_a_world_of_turns_keeps_the_contract():
    check_world(make_world("coin", movement="turn", **WORLDS["coin"]), levels=4)


def test_the_configuration_says_how_agents_move():
    world = make_world("red-doors", size=5, movement="turn")
    assert vars(world)["movement"] == "turn"
    assert "movement" not in vars(RedDoors())  # the hash of an audit is made of these
    again = with_config(type(world), **vars(world))
    assert type(again) is type(world) is type(turning(RedDoors(size=5)))
    assert turning(world) is world
    assert type(make_world("red-doors", movement="move")) is RedDoors
    card = describe(world)
    assert {key.name: key.what for key in card.config}["movement"]
    assert "heading" in card.sections["States and actions"]
    assert world.no_search_tests.startswith("not applicable")


def test_other_movements_are_refused():
    with pytest.raises(UsageError, match=r"unknown movement in coin 'trun': did you mean 'turn'\?"):
        with_config(Coin, movement="trun")
    with pytest.raises(UsageError, match="agents turn in this world"):
        with_config(type(turning(Coin())), movement="move")
    with pytest.raises(UsageError, match="config key"):
        make_world("keys-and-chests-partial", movement="turn")
    assert turning(KeysAndChests()).actions[2] == "forward"
