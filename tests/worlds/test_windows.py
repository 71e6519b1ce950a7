"""What agents are shown: windows against windows cut a place at a time, agents on the map, and pictures."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_level
from mesascope.worlds.grids.tiles import TILE
from mesascope.worlds.grids.turning import turning
from mesascope.worlds.registry import make_world
from tests.worlds import turning_twin as twin

COUNT = 3
CASES = {
    "moves": ("red-doors", {"size": 7, "salience": 0.5}),
    "turns": ("red-doors", {"size": 7, "salience": 0.5, "movement": "turn"}),
    "stages": ("keys-and-chests-partial", {"size": 7, "keys": 1, "chests": 1}),
}


@functools.cache
def shown(case):
    """A world, its levels, the map of each stage, and what is seen in all states, by view."""
    name, config = CASES[case]
    world = make_world(name, **config)
    levels = world.draw(2, COUNT)

    @jax.jit
    def look(levels):
        states = world.locate(levels).shape[1]
        every = jnp.broadcast_to(jnp.arange(states), (COUNT, states))
        return world.map(levels), {view: world.observe(levels, view, every) for view in world.views}

    maps, seen = jax.tree.map(np.asarray, look(levels))
    return world, levels, maps.reshape(COUNT, -1, *maps.shape[1:]), seen


@pytest.mark.parametrize("case", CASES)
@given(data=st.data(), size=st.sampled_from([5, 7]))
@settings(max_examples=40, deadline=None)
def test_windows_are_cut_from_the_map(case, data, size):
    world, levels, maps, seen = shown(case)
    (height, width), headings = levels.interior, max(len(world.headings), 1)
    level = data.draw(st.integers(0, COUNT - 1))
    state = data.draw(st.integers(0, seen["state-id"].shape[1] - 1))
    stage, heading, cell = np.unravel_index(state, (maps.shape[1], headings, height * width))
    outside = np.zeros(maps.shape[-1])
    outside[0] = 1
    if world.extra_channels:
        outside[-1] = maps[level, stage, 0, 0, -1]
    look = twin.LOOKS[heading] if headings > 1 else None
    expected = twin.window(maps[level, stage], *divmod(int(cell), width), look, size, outside)
    np.testing.assert_array_equal(seen[f"egocentric-{size}"][level, state], expected)
    assert world.views[f"egocentric-{size}"].channels == (*world.vocabulary.channels, *world.extra_channels)


@pytest.mark.parametrize("case", CASES)
def test_the_full_view_is_the_map_and_the_agent(case):
    world, levels, maps, seen = shown(case)
    height, width = levels.interior
    headings = max(len(world.headings), 1)
    full, channels = seen["full"], maps.shape[-1]
    for state in range(full.shape[1]):
        stage, heading, cell = np.unravel_index(state, (maps.shape[1], headings, height * width))
        np.testing.assert_array_equal(full[:, state, ..., :channels], maps[:, stage])
        agents = np.zeros((height, width, headings))
        agents[(*divmod(int(cell), width), heading)] = 1
        np.testing.assert_array_equal(full[0, state, ..., channels:], agents)
    assert full.max() <= world.views["full"].high == 1.0


def test_without_a_heading_the_agent_stands_in_the_middle():
    level = parse_level("#####\n#R..#\n#.#.#\n#..b#\n#####")
    world = RedDoors(size=5)
    seen = np.asarray(world.observe(level, "egocentric-5", jnp.array([[1]])))[0, 0]
    walls = ["".join("#" if cell else "." for cell in row) for row in seen[..., 0]]
    assert walls == ["#####", "#####", "#...#", "#.#.#", "#...#"]
    assert np.argwhere(seen[..., world.channels.index("door")]).tolist() == [[2, 1]]


def test_with_a_heading_the_agent_looks_up_from_the_last_row():
    level = parse_level("#####\n#R..#\n#.#.#\n#..b#\n#####")
    world = turning(RedDoors(size=5))
    left = 2 * 9 + 2  # looks left from the top right corner, at the door two cells ahead
    seen = np.asarray(world.observe(level, "egocentric-5", jnp.array([[left]])))[0, 0]
    walls = ["".join("#" if cell else "." for cell in row) for row in seen[..., 0]]
    assert walls == ["#####", "#####", "...##", ".#.##", "...##"]
    assert np.argwhere(seen[..., world.channels.index("door")]).tolist() == [[2, 2]]
    assert np.argwhere(seen[..., world.channels.index("ball")]).tolist() == [[4, 0]]


@pytest.mark.parametrize("case", CASES)
def test_pictures_tell_states_apart_that_the_full_view_tells_apart(case):
    _, levels, maps, seen = shown(case)
    height, width = levels.interior
    pixels = seen["rgb"]
    assert pixels.dtype == np.uint8
    assert pixels.shape[2:] == ((height + 2) * TILE, (width + 2) * TILE, 3)
    # A thing below the agent is not in the picture: states in free cells are compared.
    flat, alike = pixels[0].reshape(len(pixels[0]), -1), seen["full"][0].reshape(len(pixels[0]), -1)
    free = [s for s in range(len(flat)) if maps[0, 0].reshape(height * width, -1)[s % (height * width)].max() == 0]
    assert len(np.unique(flat[free], axis=0)) == len(np.unique(alike[free], axis=0))
    border = np.ones(pixels.shape[2:4], bool)
    border[TILE:-TILE, TILE:-TILE] = False
    assert len(np.unique(pixels[0, 0][border], axis=0)) == 1


def test_a_picture_hides_the_colors_that_the_map_hides():
    level = parse_level("#####\n#R..#\n#.#.#\n#..b#\n#####")
    states = jnp.array([[4]])
    bright, dark = (np.asarray(RedDoors(size=5, salience=s).observe(level, "rgb", states)) for s in (1.0, 0.0))
    door = np.s_[0, 0, TILE + 3, TILE + 3]
    assert len(set(dark[door].tolist())) == 1
    assert bright[door][0] > 2 * bright[door][1]
