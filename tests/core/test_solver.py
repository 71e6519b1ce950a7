"""The solver against its twins, on random MDPs of both kinds, with and without a band."""

import hypothesis
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core import mdp as tables
from mesascope.core import solver
from tests.core import twins
from tests.core.strategies import STATES, any_mdp, discounts, mdps, objectives, policies

settings = hypothesis.settings(max_examples=20, deadline=None, derandomize=True)
some_mdp = st.one_of(any_mdp(), mdps(outcomes=3, band=2))


def hints(mdp):
    return {"band": mdp.band, "moves": mdp.moves, "stage": mdp.stage}


def close(found, expected, tolerance=2e-5):
    """Within `tolerance` of the largest magnitude there, or of 1."""
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        np.asarray(found), expected, rtol=0, atol=tolerance * max(1.0, np.abs(expected).max(initial=0))
    )


@settings
@given(some_mdp, objectives(), policies())
def test_tables(mdp, weights, policy):
    for level, twin in enumerate(twins.tables(mdp)):
        close(tables.expected_features(mdp)[level], twins.expected_features(twin), 1e-6)
        close(tables.rewards(mdp, weights)[level], twins.rewards(twin, weights), 1e-6)
        matrix = twins.transitions(twin, policy[level])
        close(tables.policy_transitions(mdp, policy)[level], matrix, 1e-6)
        mass = twin.initial
        close(tables.arrivals(mdp, policy, mdp.initial)[level], mass @ matrix, 1e-6)


@settings
@given(mdps(outcomes=3, band=2), policies())
def test_band_holds_the_dense_transitions(mdp, policy):
    dense, band = tables.policy_transitions(mdp, policy), tables.banded_transitions(mdp, policy)
    for s in range(STATES):
        for d in range(-2, 3):
            expected = dense[:, s, s + d] if 0 <= s + d < STATES else 0.0
            np.testing.assert_allclose(band[s, 2 + d], expected, atol=1e-6)


def test_band_is_required(tiny):
    with pytest.raises(ValueError, match="band"):
        tables.banded_transitions(tiny, solver.uniform_policy(tiny))


@settings
@given(some_mdp, objectives(), discounts())
def test_optimal_values(mdp, weights, discount):
    found = solver.optimal_values(mdp, weights, discount)
    for level, twin in enumerate(twins.tables(mdp)):
        values, q = twins.optimal(twin, weights, discount)
        close(found.state[level], values)
        close(found.action[level], q)


@settings
@given(some_mdp, objectives(), discounts())
def test_optimal_set_has_every_tie_and_nothing_else(mdp, weights, discount):
    allowed = np.asarray(solver.optimal_actions(solver.optimal_values(mdp, weights, discount).action))
    for level, twin in enumerate(twins.tables(mdp)):
        q = twins.optimal(twin, weights, discount)[1]
        behind = q.max(-1, keepdims=True) - q
        scale = np.abs(q).max(-1, keepdims=True)
        assert allowed[level][behind <= 1e-9].all()
        assert not allowed[level][behind > 2e-4 * scale + 1e-6].any()


@settings
@given(some_mdp, objectives(), discounts(), st.sampled_from([0.25, 1.0, 8.0]))
def test_soft_optimal_values(mdp, weights, discount, inverse_temperature):
    found = solver.soft_optimal_values(mdp, weights, inverse_temperature, discount)
    for level, twin in enumerate(twins.tables(mdp)):
        values, q = twins.soft_optimal(twin, weights, inverse_temperature, discount)
        close(found.state[level], values, 5e-5)
        close(found.action[level], q, 5e-5)


def test_soft_optimal_policy_tends_to_the_optimal_one(tiny):
    weights = jnp.array([1.0])
    hard = solver.optimal_values(tiny, weights)
    soft = solver.soft_optimal_values(tiny, weights, 1e4)
    close(soft.state, hard.state, 1e-3)


@settings
@given(some_mdp, objectives(), policies(), discounts())
def test_policy_evaluation_occupancy_and_feature_returns(mdp, weights, policy, discount):
    solved = solver.solve_policy(mdp, policy, tables.rewards(mdp, weights), discount)
    values = solver.evaluate(mdp, policy, tables.rewards(mdp, weights), discount)
    visits = solver.occupancy(mdp, policy, discount)
    counts = solver.feature_returns(mdp, policy, discount)
    for level, twin in enumerate(twins.tables(mdp)):
        expected = twins.evaluate(twin, policy[level], twins.rewards(twin, weights), discount)
        close(values[level], expected)
        close(solved.values[level], expected)
        close(visits[level], twins.occupancy(twin, policy[level], discount))
        close(solved.visits[level], twins.occupancy(twin, policy[level], discount))
        close(counts[level], twins.feature_returns(twin, policy[level], discount))
        # The two roads to a return: values at the starts, and visits times features.
        close(counts[level] @ weights, twin.initial @ expected)


@hypothesis.settings(settings, max_examples=12)
@given(any_mdp(), objectives(), objectives(), discounts())
def test_return_range_is_that_of_all_deterministic_policies(mdp, goal, weights, discount):
    allowed = solver.optimal_actions(solver.optimal_values(mdp, goal, discount).action)
    least, greatest = solver.optimal_return_range(mdp, allowed, weights, discount)
    mean = solver.feature_returns(mdp, solver.uniform_over(allowed), discount) @ weights
    for level, twin in enumerate(twins.tables(mdp)):
        low, high = twins.return_range(twin, np.asarray(allowed[level]), weights, discount)
        close(least[level], low, 5e-5)
        close(greatest[level], high, 5e-5)
        assert low - 1e-4 <= float(mean[level]) <= high + 1e-4


@settings
@given(some_mdp, objectives(), st.sampled_from([0.5, 2.0, 4.0]))
def test_scaling_an_objective_leaves_its_optimal_set(mdp, weights, scale):
    values = solver.optimal_values(mdp, weights).action
    scaled = solver.optimal_values(mdp, weights * np.float32(scale)).action
    np.testing.assert_array_equal(solver.optimal_actions(values), solver.optimal_actions(scaled))


@settings
@given(some_mdp, objectives(), policies(), st.permutations(range(3)))
def test_levels_do_not_depend_on_their_batch(mdp, weights, policy, order):
    order = np.asarray(order)
    moved = tables.FiniteMDP(
        *(x[order] for x in (mdp.successor, mdp.probability, mdp.features, mdp.terminal, mdp.initial)), **hints(mdp)
    )
    reward, moved_reward = tables.rewards(mdp, weights), tables.rewards(moved, weights)
    allowed = solver.optimal_actions(solver.optimal_values(mdp, weights).action)
    for here, there in (
        (solver.optimal_values(mdp, weights).action, solver.optimal_values(moved, weights).action),
        (solver.evaluate(mdp, policy, reward), solver.evaluate(moved, policy[order], moved_reward)),
        (solver.occupancy(mdp, policy), solver.occupancy(moved, policy[order])),
        (
            solver.optimal_return_range(mdp, allowed, weights)[0],
            solver.optimal_return_range(moved, allowed[order], weights)[0],
        ),
    ):
        np.testing.assert_array_equal(np.asarray(here)[order], there)


@settings
@given(some_mdp, objectives(), policies())
def test_nothing_happens_after_the_end(mdp, weights, policy):
    ended = np.asarray(mdp.terminal)
    values = solver.optimal_values(mdp, weights)
    assert not np.asarray(values.state)[ended].any()
    assert not np.asarray(values.action)[ended].any()
    assert not np.asarray(tables.expected_features(mdp))[ended].any()
    assert not np.asarray(tables.policy_transitions(mdp, policy))[ended].any()
    assert not np.asarray(solver.evaluate(mdp, policy, tables.rewards(mdp, weights)))[ended].any()


@hypothesis.settings(settings, max_examples=8)
@given(any_mdp(), objectives(), policies(), discounts())
def test_sweeps_and_solves_agree(mdp, weights, policy, discount):
    """The same levels with unreachable states added, beyond what is solved directly."""
    more = solver._DIRECT_UP_TO + 1 - STATES

    def longer(x):
        return jnp.pad(x, ((0, 0), (0, more)) + ((0, 0),) * (x.ndim - 2))

    padded = tables.FiniteMDP(
        *(longer(x) for x in (mdp.successor, mdp.probability, mdp.features)),
        terminal=longer(~mdp.terminal) == 0,
        initial=longer(mdp.initial),
    )
    reward = tables.rewards(mdp, weights)
    direct = solver.solve_policy(mdp, policy, reward, discount)
    swept = solver.solve_policy(padded, longer(policy), longer(reward), discount)
    close(swept.values[:, :STATES], direct.values, 5e-5)
    # Sums of many small arrivals round at every sweep: float32 sweeps are good to about 1 / (1 - g) roundings.
    close(swept.visits[:, :STATES], direct.visits, 2e-4)


def test_memoryless_discount_sees_one_step(tiny):
    values = solver.optimal_values(tiny, jnp.array([1.0]), 0.0)
    np.testing.assert_array_equal(values.state, [[0.0, 1.0, 0.0]])


def test_undiscounted_ways_to_an_end_are_worth_what_they_reach(tiny):
    np.testing.assert_array_equal(solver.optimal_values(tiny, jnp.array([1.0]), 1.0).state, [[1.0, 1.0, 0.0]])


@pytest.mark.parametrize("discount", [0.99, 0.999])
def test_rewards_for_ever_converge(tiny, discount):
    """A feature that fires on standing still is worth 1 / (1 - g)."""
    fires = tiny.features.at[0, 0, 0, 0, 0].set(1.0)
    forever = tables.FiniteMDP(tiny.successor, tiny.probability, fires, tiny.terminal, tiny.initial)
    found = solver.optimal_values(forever, jnp.array([1.0]), discount).state[0, 0]
    assert abs(float(found) * (1 - discount) - 1) < 2e-4


def test_a_far_reward_is_told_from_none():
    """A corridor of 400 cells, an end at its last: at a discount of 0.9 its first cell is worth about 1e-18."""
    states = 400
    right = np.minimum(np.arange(states) + 1, states - 1)
    left = np.maximum(np.arange(states) - 1, 0)
    successor = np.stack([left, right], 1)[None, :, :, None].astype(np.int32)
    end = np.arange(states) == states - 1
    corridor = tables.FiniteMDP(
        successor=jnp.asarray(successor),
        probability=jnp.ones(successor.shape),
        features=jnp.asarray((successor == states - 1)[..., None].astype(np.float32)),
        terminal=jnp.asarray(end)[None],
        initial=jnp.full((1, states), 1 / states),
        band=1,
    )
    values = solver.optimal_values(corridor, jnp.array([1.0]), 0.9)
    exact = np.where(end, 0.0, 0.9 ** (states - 2.0 - np.arange(states)))
    np.testing.assert_allclose(values.state[0], exact, rtol=1e-4)
    np.testing.assert_array_equal(
        np.asarray(solver.optimal_actions(values.action))[0, :-1], np.tile([False, True], (states - 1, 1))
    )
    rightward = solver.uniform_over(solver.optimal_actions(values.action))
    evaluated = solver.evaluate(corridor, rightward, tables.rewards(corridor, jnp.array([1.0])), 0.9)
    np.testing.assert_allclose(evaluated[0], exact, rtol=1e-4)


def test_weights_that_cancel_leave_no_reward(tiny):
    three = tables.FiniteMDP(
        tiny.successor, tiny.probability, jnp.repeat(tiny.features, 3, -1), tiny.terminal, tiny.initial
    )
    assert not np.asarray(tables.rewards(three, jnp.array([0.3, -0.1, -0.2]))).any()


def test_ties_may_wander_for_ever_where_nothing_is_to_be_gained(tiny):
    """Of an objective that shuns the end, all that never gets there is optimal, and the range says so."""
    allowed = solver.optimal_actions(solver.optimal_values(tiny, jnp.array([-1.0])).action)
    np.testing.assert_array_equal(allowed[0, :2], [[True, True], [True, False]])
    least, greatest = solver.optimal_return_range(tiny, allowed, jnp.array([1.0]))
    assert (float(least[0]), float(greatest[0])) == (0.0, 0.0)
    # With nothing wanted at all, everything is allowed: from never to as soon as can be.
    anything = solver.optimal_actions(solver.optimal_values(tiny, jnp.array([0.0])).action)
    assert np.asarray(anything).all()
    least, greatest = solver.optimal_return_range(tiny, anything, jnp.array([1.0]))
    np.testing.assert_allclose((least[0], greatest[0]), (0.0, 0.97), rtol=1e-6)
    least, greatest = solver.optimal_return_range(tiny, anything, jnp.array([-1.0]))
    np.testing.assert_allclose((least[0], greatest[0]), (-0.97, 0.0), rtol=1e-6)
