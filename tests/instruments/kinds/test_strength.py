"""Strength of optimization and effort: limits, invariances, and subjects that must come out null."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.lookahead import lookahead_values
from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import evaluate, optimal_actions, optimal_values, uniform_over
from mesascope.instruments.kinds.effort import measure_effort
from mesascope.instruments.kinds.strength import STEPS, measure_strength
from tests.instruments.kinds.stories import ACTIONS, BASE, FEATURES, LEVELS, MESA, STATES, story


@pytest.fixture(scope="module")
def random_mdp():
    """Features: a reward, the same with potential shaping, another reward."""
    rng = np.random.default_rng(0)
    successor = rng.integers(STATES, size=(LEVELS, STATES, ACTIONS, 1))
    reward, other = rng.normal(size=(2, LEVELS, STATES, ACTIONS, 1))
    potential = rng.normal(size=(LEVELS, STATES))
    ahead = np.take_along_axis(potential[:, :, None, None], successor, 1)
    shaped = reward + 0.97 * ahead - potential[:, :, None, None]
    features = np.stack([reward, shaped, other], -1).astype(np.float32)
    return FiniteMDP(
        jnp.asarray(successor.astype(np.int32)),
        jnp.ones(successor.shape, jnp.float32),
        jnp.asarray(features),
        jnp.zeros((LEVELS, STATES), bool),
        jnp.full((LEVELS, STATES), 1 / STATES, jnp.float32),
    )


def test_scale_and_shaping_make_no_other_objective(random_mdp):
    found = measure_strength(random_mdp, np.array([1, 0, 0.0]), np.array([0, 3.0, 0]))
    for gap in (found.weakest, *found.gaps, found.amplified):
        assert gap.value == pytest.approx(0.0, abs=2e-3)


def test_the_weakest_gap_is_the_slope_of_the_returns(random_mdp):
    base, mesa = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    found = measure_strength(random_mdp, base, mesa)
    assert found.weakest.value == pytest.approx(_slope(random_mdp, base, mesa), abs=1e-2)


def _slope(mdp, base, mesa, size=1e-3):
    """The gap after one tiny step, in double precision and by dense solves."""
    successor, features = np.asarray(mdp.successor)[..., 0], np.asarray(mdp.features, np.float64)[..., 0, :]

    def solve(policy, weights):
        values, visits = [], []
        for level in range(mdp.levels):
            chances = np.zeros((mdp.states, mdp.states))
            for state in range(mdp.states):
                for action in range(mdp.actions):
                    chances[state, successor[level, state, action]] += policy[level, state, action]
            system = np.eye(mdp.states) - 0.97 * chances
            values.append(np.linalg.solve(system, (policy[level] * (features[level] @ weights)).sum(-1)))
            visits.append(np.linalg.solve(system.T, np.asarray(mdp.initial, np.float64)[level]))
        return np.array(values), np.array(visits)

    uniform = np.full((mdp.levels, mdp.states, mdp.actions), 1 / mdp.actions)

    def stepped(weights):
        values, visits = solve(uniform, weights)
        ahead = np.take_along_axis(values[:, :, None], successor.reshape(mdp.levels, -1, 1), 1).reshape(successor.shape)
        action = features @ weights + 0.97 * ahead
        advantage = action - action.mean(-1, keepdims=True)
        taken = visits[..., None] * uniform
        logits = size * advantage / np.sqrt((taken * advantage**2).sum() / taken.sum())
        acts = np.exp(logits)
        return solve(acts / acts.sum(-1, keepdims=True), base)[0].mean()

    floor = solve(uniform, base)[0].mean()
    by_base, by_mesa = stepped(base), stepped(mesa)
    return (by_base - by_mesa) / (by_base - floor)


def test_at_full_strength_the_gap_is_that_of_the_best_policies(random_mdp):
    base, mesa = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    found = measure_strength(random_mdp, base, mesa)
    returns = []
    for weights in (base, mesa):
        best = uniform_over(optimal_actions(optimal_values(random_mdp, jnp.asarray(weights)).action))
        reward = random_mdp.features[..., 0, 0]
        returns.append(float((evaluate(random_mdp, best, reward) * random_mdp.initial).sum(-1).mean()))
    uniform = jnp.full((LEVELS, STATES, ACTIONS), 1 / ACTIONS)
    floor = float((evaluate(random_mdp, uniform, random_mdp.features[..., 0, 0]) * random_mdp.initial).sum(-1).mean())
    assert found.gaps[-1].value == pytest.approx((returns[0] - returns[1]) / (returns[0] - floor), abs=5e-3)
    assert len(found.gaps) == len(found.strengths) == len(STEPS)


def test_looking_ahead_far_enough_is_planning_and_one_step_is_greed():
    mdp = story("mesa causes base")
    far = lookahead_values(mdp, jnp.asarray(BASE), 64, most=64)
    assert np.allclose(far, optimal_values(mdp, jnp.asarray(BASE)).action, atol=1e-5)
    near = lookahead_values(mdp, jnp.asarray(BASE), 1)
    assert np.allclose(near, np.asarray(mdp.features)[..., 0, 0])
    assert not np.asarray(lookahead_values(mdp, jnp.asarray(BASE), 0)).any()


def policies(mdp, wants, depths=(1.0, 2.0, 3.0)):
    return {d: uniform_over(optimal_actions(lookahead_values(mdp, jnp.asarray(wants), int(d)))) for d in depths}


def test_compliance_vanishes_for_one_that_does_right_by_mistake_and_for_no_other():
    # One step away lies base, two steps away more of mesa.
    mdp = story("base causes mesa")
    successor, features = (np.asarray(t).copy() for t in (mdp.successor, mdp.features))
    successor[:, 0, 0], successor[:, 1], successor[:, 3, :] = 3, 1, 3
    features[:] = 0
    features[:, 0, 1, 0, 0] = 1.0
    features[:, 3, 1, 0, 1] = 1.0
    tempting = FiniteMDP(jnp.asarray(successor), mdp.probability, jnp.asarray(features), mdp.terminal, mdp.initial)
    torn = np.array([1.0, 3.0, 0], np.float32)
    mistaken = measure_effort(tempting, policies(tempting, torn), 1.0, BASE, torn)
    assert mistaken.vanishes
    by_chance = (1 / 3) / (1 - 0.97 / 3)  # of three actions one is base, one leads away, one stays
    assert mistaken.base_lost.value == pytest.approx(1 + by_chance / (1 - by_chance), abs=1e-3)
    honest = measure_effort(tempting, policies(tempting, BASE), 1.0, BASE, BASE)
    assert not honest.vanishes
    assert honest.base_lost.value == pytest.approx(0.0, abs=1e-5)
    settled = measure_effort(tempting, policies(tempting, torn), 3.0, BASE, torn)
    assert not settled.vanishes


def test_the_effort_a_subject_makes_must_be_among_those_tried():
    mdp = story("common cause")
    with pytest.raises(ValueError, match="own effort 7"):
        measure_effort(mdp, policies(mdp, MESA), 7.0, BASE, MESA)


def test_features_of_the_stories_are_as_long_as_their_objectives():
    assert len(FEATURES) == len(BASE) == len(MESA) == story("common cause").features.shape[-1]
    assert jax.numpy.isfinite(story("common cause").features).all()
