"""Sokoban: states, pushes and values against a twin that walks the text; what is drawn; what agents are shown."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.worlds.grids.sokoban.levels import NONE
from mesascope.worlds.grids.sokoban.world import SLOTS, Sokoban
from mesascope.worlds.registry import make_world
from mesascope.worlds.world import TRAINING
from tests.worlds import sokoban_twin as twin

COUNT = 100
WORLD = Sokoban()
SAME_SIZE = (TRAINING, "crossed", "denser")


@functools.cache
def draw(name):
    return jax.device_get(WORLD.draw(named_key(5, "tests"), COUNT, name))


@eqx.filter_jit
def solve(levels, weights):
    from mesascope.core.solver import optimal_values

    mdp = WORLD.tables(levels)
    return mdp, optimal_values(mdp, weights, WORLD.discount).state


def states_of(levels, index):
    """The twin's state for each state number that can be reached."""
    level = twin.read(levels.text(index))
    width = levels.interior[1]
    hues = [("plain", "red", "blue")[hue] for hue in levels.box_hue[index]]

    def place(cell):
        return (int(cell) // width + 1, int(cell) % width + 1)

    cells = levels.walls[index].size
    named = {}
    for number, cell in zip(*np.nonzero(levels.reached[index]), strict=True):
        boxes = frozenset((place(at), hue) for at, hue in zip(levels.boxes[index, number], hues, strict=True))
        named[int(number) * cells + int(cell)] = (place(cell), boxes)
    return level, named


@pytest.mark.parametrize("name", SAME_SIZE)
def test_states_pushes_and_values_are_those_of_the_twin(name):
    levels = draw(name)
    weights = jnp.eye(5)[3]
    mdp, state_values = jax.device_get(solve(jax.tree.map(jnp.asarray, levels), weights))
    largest = 0.0
    for index in range(COUNT if name == TRAINING else 12):
        level, named = states_of(levels, index)
        found = twin.explore(level)
        assert set(named.values()) == set(found)
        assert len(named) == len(found) == int(levels.state_counts[index])
        number = {state: at for at, state in named.items()}
        best = twin.values(level, found, "red-target", WORLD.discount)
        assert mdp.initial[index, number[(level.player, level.boxes)]] == 1
        for state, row in found.items():
            at = number[state]
            assert mdp.terminal[index, at] == twin.over(level, state[1])
            for action, (after, fired) in enumerate(row):
                assert mdp.successor[index, at, action, 0] == number[after]
                assert mdp.features[index, at, action, 0].tolist() == fired
            largest = max(largest, abs(state_values[index, at] - best[state]))
    assert largest < 1e-6
    assert state_values[mdp.initial > 0].max() > 0.5


def test_what_cannot_be_reached_leads_nowhere():
    levels = draw(TRAINING)
    mdp = jax.device_get(solve(jax.tree.map(jnp.asarray, levels), jnp.eye(5)[3])[0])
    unreached = ~levels.reached.reshape(COUNT, -1)
    assert mdp.terminal[unreached].all()
    here = np.broadcast_to(np.arange(mdp.terminal.shape[1])[:, None], mdp.successor.shape[1:3])
    assert (mdp.successor[..., 0] == here)[unreached].all()
    assert not mdp.features[unreached].any()


def test_in_training_each_color_of_box_goes_with_one_color_of_target_and_every_level_can_be_solved():
    for name in (TRAINING, "crossed"):
        levels = draw(name)
        mdp, _ = jax.device_get(solve(jax.tree.map(jnp.asarray, levels), jnp.eye(5)[3]))
        fires = mdp.features[..., 0, :]
        same, other = (3, 4) if name == TRAINING else (4, 3)
        np.testing.assert_array_equal(fires[..., 1], fires[..., same])
        np.testing.assert_array_equal(fires[..., 2], fires[..., other])
        assert (fires[..., 1] > 0).any((1, 2)).all()
        ends = mdp.terminal & levels.reached.reshape(COUNT, -1)
        assert ends.any(1).all()


def test_a_share_of_pushes_cannot_be_undone():
    """From some state of nearly every level the red target can no longer be filled, and the level goes on."""
    levels = draw(TRAINING)
    mdp, value = jax.device_get(solve(jax.tree.map(jnp.asarray, levels), jnp.eye(5)[3]))
    empty = ~(levels.boxes[..., None] == levels.target[:, None, None, :1]).any((2, 3))
    stuck = levels.reached & empty[..., None] & (value.reshape(levels.reached.shape) == 0)
    assert stuck.any((1, 2)).mean() > 0.7
    assert not mdp.terminal[stuck.reshape(COUNT, -1)].any()


def test_equal_seeds_give_equal_levels():
    again = jax.device_get(WORLD.draw(named_key(5, "tests"), COUNT))
    assert jax.tree.all(jax.tree.map(np.array_equal, draw(TRAINING), again))
    assert len({draw(TRAINING).text(i) for i in range(COUNT)}) > 0.9 * COUNT


def test_shifts_hold_what_they_say():
    assert {hue for i in range(COUNT) for hue in draw("red-box-gone").box_hue[i].tolist()} == {2}
    alone = draw("blue-box-alone")
    assert alone.text(0).splitlines()[-2:] == ["Boxes: blue", "Targets: red"]
    assert draw("crossed").walls.tolist() == draw(TRAINING).walls.tolist()
    assert draw("denser").walls.mean() > draw(TRAINING).walls.mean()


def test_views_show_boxes_where_they_are():
    levels = jax.tree.map(jnp.asarray, draw(TRAINING))[:4]
    seen = np.asarray(WORLD.observe(levels)).reshape(4, SLOTS[6], 4, 4, 7)
    boxes = np.asarray(levels.boxes)
    for index in range(4):
        for number in range(SLOTS[6]):
            used = boxes[index, number, 0] != NONE
            assert np.flatnonzero(seen[index, number, ..., 2]).tolist() == ([boxes[index, number, 0]] if used else [])
            assert np.flatnonzero(seen[index, number, ..., 3]).tolist() == ([boxes[index, number, 1]] if used else [])
            assert np.flatnonzero(seen[index, number, ..., 5]).tolist() == [levels.target[index, 0]]
    start = levels.player[:, None]
    full = np.asarray(WORLD.observe(levels, "full", start))
    assert [np.flatnonzero(full[i, 0, ..., -1]).tolist() for i in range(4)] == start.tolist()
    pixels = np.asarray(WORLD.observe(levels, "rgb", start))[:, 0]
    for i in range(4):
        place = np.argwhere(levels.walls[i] & True)[0] + 1 if levels.walls[i].any() else (0, 0)
        assert (pixels[i, place[0] * 8, place[1] * 8] == pixels[i, 0, 0]).all(), "a wall looks as the border does"
        assert len(np.unique(pixels[i].reshape(-1, 3), axis=0)) == 5, "floor, wall, red, blue and the player"


def test_text_in_a_state_has_player_and_boxes_there():
    levels = jax.tree.map(jnp.asarray, draw(TRAINING))[:1]
    _, named = states_of(draw(TRAINING), 0)
    for state in list(named)[::17]:
        shown = twin.read(WORLD.text_in_state(levels, 0, state))
        assert (shown.player, shown.boxes) == named[state]


def test_agents_that_turn_push_as_well():
    world = make_world("sokoban", movement="turn")
    assert world.actions == ("left", "right", "forward")
    levels = jax.tree.map(jnp.asarray, draw(TRAINING))[:4]
    turning, plain = world.tables(levels), WORLD.tables(levels)
    assert turning.states == 4 * plain.states
    forward = np.asarray(turning.features[:, :, 2, 0]).reshape(4, -1, 4, 16, 5)
    np.testing.assert_array_equal(
        np.moveaxis(forward, 2, 3), np.asarray(plain.features[..., 0, :]).reshape(4, -1, 16, 4, 5)
    )
    assert "^" in world.text_in_state(levels, 0, int(levels.player[0]))


@pytest.mark.parametrize("config", [{"size": 5}, {"size": 11}, {"density": 0.6}, {"density": -0.1}])
def test_what_the_world_does_not_take(config):
    with pytest.raises(UsageError, match=f"{next(iter(config))} .*: "):
        Sokoban(**config)
