"""Values of touching each object first give the optimal values of every objective."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values
from mesascope.instruments.first_touch import action_values, first_touch
from mesascope.worlds.grids.grid import object_features
from mesascope.worlds.grids.red_doors import RedDoors

DISTRIBUTIONS = ("training", "blue-door", "denser")


@pytest.fixture(scope="module", params=DISTRIBUTIONS)
def solved(request):
    world = RedDoors(size=7)
    levels = world.draw(named_key(11, request.param), 32, request.param)
    mdp = world.tables(levels)
    return world, levels, mdp, first_touch(world.outcomes(levels), mdp, world.discount)


@pytest.mark.parametrize("seed", range(6))
def test_any_objective_is_solved_as_by_value_iteration(solved, seed):
    world, levels, mdp, touch = solved
    # The signs differ from seed to seed: some objectives want everything, some nothing, most a mixture.
    weights = np.random.default_rng(seed).normal((seed - 2) / 2, 1.0, len(world.features)).astype(np.float32)
    worth = (object_features(levels) @ weights)[:, None]
    found = action_values(touch.enters, touch.reach, jnp.broadcast_to(worth, touch.enters.shape[:3]))
    expected = optimal_values(mdp, jnp.asarray(weights), world.discount).action
    live = ~np.asarray(mdp.terminal) & (np.asarray(mdp.initial) > 0)
    np.testing.assert_allclose(np.asarray(found)[live], np.asarray(expected)[live], atol=2e-5)


def test_reach_is_the_discounted_shortest_way_around_other_objects(solved):
    _, levels, mdp, touch = solved
    successor, terminal = np.asarray(mdp.successor[..., 0]), np.asarray(mdp.terminal)
    reach = np.asarray(touch.reach)
    for level in range(4):
        for slot in np.flatnonzero(np.asarray(levels.present[level])):
            distance = walk_back(successor[level], terminal[level], int(levels.cell[level, slot]))
            for state, action in np.ndindex(*successor.shape[1:]):
                if not terminal[level, state] and mdp.initial[level, state] > 0:
                    after = distance[successor[level, state, action]]
                    assert reach[level, state, slot, action] == pytest.approx(0.97**after, abs=1e-5)


def walk_back(successor, terminal, goal):
    """Steps to the goal through cells that hold nothing, by Bellman and Ford; infinite where there is no way."""
    distance = np.full(len(successor), np.inf)
    distance[goal] = 0.0
    for _ in range(len(successor)):
        for state in range(len(successor)):
            if not terminal[state]:
                distance[state] = min(distance[state], 1 + distance[successor[state]].min())
    return distance


def test_nothing_is_entered_from_an_end_or_through_a_wall(solved):
    _, levels, mdp, touch = solved
    here = np.arange(mdp.states)[:, None]
    still = np.asarray(mdp.successor[..., 0]) == here
    enters = np.asarray(touch.enters)
    assert not enters.transpose(0, 1, 3, 2)[still].any()
    assert not enters[np.asarray(mdp.terminal)].any()
    assert (np.asarray(touch.reach)[enters] == 1.0).all()
    assert not np.asarray(touch.reach)[~np.asarray(levels.present)[:, None, :, None] & np.ones_like(enters)].any()
