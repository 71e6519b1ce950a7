"""Values by fronts of bits: those of the general solver and of a slow twin, in any maze and for any objective."""

import dataclasses

import hypothesis
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.worlds.grids import world as grid_world
from mesascope.worlds.grids.coin import Coin
from mesascope.worlds.grids.fronts import fits, front_values
from mesascope.worlds.grids.grid import ABSENT, MOVES, GridLevels, grid_tables
from mesascope.worlds.grids.red_doors import RedDoors

settings = hypothesis.settings(max_examples=25, deadline=None, derandomize=True)


@st.composite
def any_levels(draw, height=4, width=5, count=6):
    """Any walls, and up to three objects anywhere: on walls, in one cell, enclosed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    walls = rng.random((count, height, width)) < draw(st.sampled_from([0.0, 0.3, 0.7]))
    cell = rng.integers(0, height * width, (count, 3)).astype(np.int32)
    shape = rng.integers(-1, 2, (count, 3)).astype(np.int32)
    color = np.where(shape == ABSENT, ABSENT, rng.integers(0, 4, (count, 3))).astype(np.int32)
    return GridLevels(*map(jnp.asarray, (walls, cell, shape, color)))


def by_breadth(levels, index, worth, discount):
    """State values of one level, cell by cell: the best object that a breadth-first search comes to, objects being ends."""
    walls, (height, width) = np.asarray(levels.walls[index]), levels.interior
    reward = {}
    for cell, shape, value in zip(
        np.asarray(levels.cell[index]).tolist(), np.asarray(levels.shape[index]), worth[index], strict=True
    ):
        if shape != ABSENT:
            reward[cell] = reward.get(cell, 0.0) + value
    found = np.zeros(height * width)
    for start in range(height * width):
        if start in reward:
            continue
        steps, queue = {start: 0}, [start]
        for here in queue:
            for down, right in MOVES:
                r, c = here // width + down, here % width + right
                there = r * width + c
                if not (0 <= r < height and 0 <= c < width) or walls[r, c] or there in steps:
                    continue
                steps[there] = steps[here] + 1
                if there not in reward:
                    queue.append(there)
        reached = [value * discount ** (steps[cell] - 1) for cell, value in reward.items() if cell in steps]
        found[start] = max([0.0, *reached])
    return found


@settings
@given(any_levels(), st.lists(st.floats(-2, 2, width=16), min_size=6, max_size=6), st.sampled_from([0.5, 0.9, 0.97]))
def test_values_are_those_of_the_general_solver_and_of_a_search_cell_by_cell(levels, weights, discount):
    weights = jnp.asarray(weights, jnp.float32)
    found, general = front_values(levels, weights, discount), optimal_values(grid_tables(levels), weights, discount)
    np.testing.assert_allclose(found.state, general.state, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.action, general.action, rtol=1e-5, atol=1e-6)
    shape, color = np.asarray(levels.shape), np.asarray(levels.color)
    worth = np.asarray(weights)[shape] + np.asarray(weights)[2 + color]
    for index in range(len(levels)):
        expected = by_breadth(levels, index, worth, discount)
        np.testing.assert_allclose(found.state[index], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("world", [RedDoors(size=9), RedDoors(size=13), RedDoors(size=25), Coin(size=8, length=11)])
def test_worlds_are_solved_by_fronts_with_the_same_actions(world, monkeypatch):
    called = []
    monkeypatch.setattr(grid_world, "front_values", lambda *args: called.append(1) or front_values(*args))
    levels = world.draw(3, 64)
    weights = jnp.asarray([1.0, -0.4, 0.3, 0.7, 0.0, 0.2][: len(world.features)])
    found, general = world.solve(levels, weights), optimal_values(world.tables(levels), weights, world.discount)
    assert called, "without tables"
    assert fits(levels)
    np.testing.assert_allclose(found.state, general.state, rtol=1e-5, atol=1e-7)
    assert (optimal_actions(found.action) == optimal_actions(general.action)).all()


def test_levels_that_do_not_fit_and_tables_of_ones_own_are_solved_from_tables():
    levels = RedDoors(size=5).draw(0, 2)
    wide = dataclasses.replace(levels, walls=jnp.zeros((2, 3, 32), bool))
    crowded = dataclasses.replace(
        levels, **{part: jnp.tile(getattr(levels, part), 2) for part in ("cell", "shape", "color")}
    )
    assert not fits(wide)
    assert not fits(crowded)

    class Still(RedDoors):
        def tables(self, levels):
            tables = super().tables(levels)
            return dataclasses.replace(tables, features=jnp.zeros_like(tables.features))

    assert not Still(size=5).solve(levels, jnp.ones(6)).state.any()
    assert RedDoors(size=5).solve(levels, jnp.ones(6)).state.any()
