"""Sweeps over lattices against sweeps by gathers, on mazes and on batches that are cut into blocks."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core import grid_solver, solver
from mesascope.worlds.grids.red_doors import RedDoors

LEVELS = 96  # two blocks of 48


@pytest.fixture(scope="module")
def mazes():
    world = RedDoors(size=7)
    return world.tables(world.draw(jax.random.key(5), LEVELS))


@pytest.fixture(scope="module")
def gathered(mazes):
    """The same tables without the hint."""
    return dataclasses.replace(mazes, moves=None)


OBJECTIVES = [[1.0, 0, 0, 0, 0, 0], [0, 0, 1.0, -0.5, 0, 0.25], [-1.0, -1.0, 0, 0, 0, 0], [0.0] * 6]


@pytest.mark.parametrize("weights", OBJECTIVES)
def test_optimal_values_are_those_of_gathers(mazes, gathered, weights):
    found, expected = (solver.optimal_values(m, jnp.array(weights)) for m in (mazes, gathered))
    np.testing.assert_allclose(found.state, expected.state, rtol=1e-6, atol=0)
    np.testing.assert_allclose(found.action, expected.action, rtol=1e-6, atol=0)


def test_soft_values_are_those_of_gathers(mazes, gathered):
    weights = jnp.array(OBJECTIVES[1])
    found, expected = (solver.soft_optimal_values(m, weights, 8.0) for m in (mazes, gathered))
    np.testing.assert_allclose(found.action, expected.action, rtol=1e-5, atol=1e-5)


def test_range_over_ties_is_that_of_gathers(mazes, gathered):
    goal, weights = jnp.array(OBJECTIVES[2]), jnp.array(OBJECTIVES[1])
    allowed = solver.optimal_actions(solver.optimal_values(mazes, goal).action)
    for found, expected in zip(
        *(solver.optimal_return_range(m, allowed, weights) for m in (mazes, gathered)), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_a_level_is_worth_the_same_in_any_block(mazes):
    """Bit for bit: blocks of other sizes, and other levels beside it."""
    weights = jnp.array(OBJECTIVES[1])
    whole = solver.optimal_values(mazes, weights).action
    order = np.random.default_rng(0).permutation(LEVELS)[:24]
    part = solver.optimal_values(jax.tree.map(lambda x: x[order], mazes), weights).action
    np.testing.assert_array_equal(np.asarray(whole)[order], part)


@pytest.mark.parametrize(
    ("levels", "together"), [(1, 1), (64, 64), (1000, 40), (300, 60), (280, 56), (1536, 64), (67, 67)]
)
def test_blocks(levels, together):
    assert grid_solver._levels_together(levels) == together
    found = grid_solver.by_blocks(lambda x: x + 1, levels, jnp.arange(levels))
    np.testing.assert_array_equal(found, np.arange(levels) + 1)


def test_where_everything_is_done_side_by_side_no_batch_is_cut(monkeypatch):
    monkeypatch.setattr(grid_solver.jax, "default_backend", lambda: "gpu")
    assert [grid_solver._levels_together(n) for n in (1, 1000, 20_000, 65_536)] == [1, 1000, 20_000, 65_536]
    assert [solver._levels_together(n) for n in (1, 1000, 20_000, 65_536)] == [1, 1000, 20_000, 65_536]
    assert grid_solver._levels_together(2 * 65_536) == 65_536


def test_moves_are_required(gathered):
    with pytest.raises(ValueError, match="moves"):
        grid_solver.lattice(gathered, jnp.zeros((LEVELS, gathered.states, 4)))
