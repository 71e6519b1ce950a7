"""The solver on mazes against breadth-first search: far cells in float32, and everything a maze audit relies on."""

import jax
import numpy as np
import pytest

from mesascope.core import solver
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.worlds.grids.red_doors import RedDoors
from tests.core import twins

LEVELS = 6


@pytest.fixture(scope="module", params=[9, 13, 25])
def mazes(request):
    """Mazes without loops, the longest ways there are, and their tables."""
    world = RedDoors(size=request.param)
    levels = world.draw(jax.random.key(3), LEVELS, "denser")
    return world, levels, world.tables(levels)


def test_optimal_actions_are_those_of_shortest_paths(mazes):
    world, levels, mdp = mazes
    door = np.asarray(world.intended_goal.vector(world.features))
    allowed = np.asarray(solver.optimal_actions(solver.optimal_values(mdp, jax.numpy.asarray(door)).action))
    height, width = levels.interior
    farthest = 0
    for level in range(LEVELS):
        walls = np.asarray(levels.walls[level])
        cells = [divmod(int(c), width) for c in levels.cell[level]]
        present = np.asarray(levels.present[level])
        target, others = cells[0], [c for c, there in zip(cells[1:], present[1:], strict=True) if there]
        expected = twins.shortest_path_actions(walls, target, others)
        judged = expected.any(-1)
        found = allowed[level].reshape(height, width, 4)
        np.testing.assert_array_equal(found[judged], expected[judged])
        farthest = max(farthest, twins.steps_to(walls, target).max())
    assert farthest > 2 * height


def test_band_holds_and_changes_nothing(mazes):
    _, _, mdp = mazes
    here = np.arange(mdp.states)[:, None, None]
    assert np.abs(np.asarray(mdp.successor) - here).max() == mdp.band
    plain = FiniteMDP(mdp.successor, mdp.probability, mdp.features, mdp.terminal, mdp.initial)
    uniform = solver.uniform_policy(mdp)
    reward = rewards(mdp, jax.numpy.arange(1.0, 7.0))
    found, expected = (solver.solve_policy(m, uniform, reward) for m in (mdp, plain))
    np.testing.assert_allclose(found.values, expected.values, atol=2e-5)
    # An object walled in by others leaves its pocket's visits at the full horizon; compare by their size.
    np.testing.assert_allclose(found.visits, expected.visits, atol=2e-4, rtol=1e-4)


def test_value_is_the_discounted_distance(mazes):
    """PolicySummary from anywhere, the nearest object of any kind is worth 0.97 to the steps before the last."""
    world, levels, mdp = mazes
    anything = jax.numpy.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    values = np.asarray(solver.optimal_values(mdp, anything).state).reshape(LEVELS, *levels.interior)
    for level in range(LEVELS):
        walls, present = np.asarray(levels.walls[level]), np.asarray(levels.present[level])
        ends = [divmod(int(c), levels.interior[1]) for c in np.asarray(levels.cell[level])[present]]
        steps = np.stack([twins.steps_to(walls, end) for end in ends]).min(0)
        live = steps > 0
        np.testing.assert_allclose(values[level][live], world.discount ** (steps[live] - 1.0), rtol=3e-5)
        assert not values[level][steps == 0].any()
