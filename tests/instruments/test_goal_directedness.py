"""MEG against a slow twin, against finite differences, and on agents whose goal-directedness is known."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.instruments.goal_directedness import measure_goal_directedness
from mesascope.instruments.pursuit import conduct, predict, pursuit_values
from mesascope.worlds.grids.red_doors import RedDoors
from tests.instruments.planted import WORLD, after, empty_sample, optimally_after

DISCOUNT = 0.97


@pytest.fixture(scope="module")
def erratic():
    sample = empty_sample("blue-door", levels=3)
    return sample._replace(policy=jax.nn.softmax(jax.random.normal(named_key(1, "erratic"), sample.policy.shape), -1))


def slow_gain(mdp, policy, weights, level):
    """Soft value iteration and the policy's visits in double precision, ends as states that go on for ever."""
    successor = np.asarray(mdp.successor[level, :, :, 0])
    terminal = np.asarray(mdp.terminal[level])
    reward = np.where(terminal[:, None], 0.0, np.asarray(mdp.features[level, :, :, 0], np.float64) @ weights)
    goes = np.where(terminal[:, None], np.arange(len(successor))[:, None], successor)
    values = np.zeros(len(goes))
    for _ in range(1500):
        q = reward + DISCOUNT * values[goes]
        values = q.max(1) + np.log(np.exp(q - q.max(1, keepdims=True)).sum(1))
    logs = q - values[:, None]
    mass, gain = np.asarray(mdp.initial[level], np.float64), 0.0
    chosen = np.asarray(policy[level], np.float64)
    for step in range(700):
        live = mass * ~terminal
        gain += DISCOUNT**step * (live[:, None] * chosen * (logs + np.log(4))).sum()
        mass = np.zeros_like(mass)
        np.add.at(mass, goes, live[:, None] * chosen)
    return gain


@pytest.mark.parametrize("seed", range(3))
def test_gain_and_gradient_are_those_of_a_slow_twin(erratic, seed):
    weights = 10.0 * np.random.default_rng(seed).normal(size=len(WORLD.features))
    seen = conduct(erratic.mdp, erratic.policy, DISCOUNT)
    found = predict(erratic.mdp, seen, jnp.asarray(weights, jnp.float32), DISCOUNT)

    def mean_gain(w):
        return np.mean([slow_gain(erratic.mdp, erratic.policy, w, level) for level in range(3)])

    expected = [slow_gain(erratic.mdp, erratic.policy, weights, level) for level in range(3)]
    np.testing.assert_allclose(np.asarray(found.gain), expected, rtol=2e-3, atol=2e-3)
    for feature in (0, 2, 5):
        ahead = np.zeros_like(weights)
        ahead[feature] = 1e-3
        slope = (mean_gain(weights + ahead) - mean_gain(weights - ahead)) / 2e-3
        assert float(found.gradient[feature]) == pytest.approx(slope, abs=2e-3)


def test_no_weights_are_chance(erratic):
    seen = conduct(erratic.mdp, erratic.policy, DISCOUNT)
    found = predict(erratic.mdp, seen, jnp.zeros(len(WORLD.features)), DISCOUNT)
    np.testing.assert_allclose(np.asarray(found.gain), 0.0, atol=1e-5)


def test_the_uniform_agent_scores_nothing():
    found = measure_goal_directedness(WORLD, empty_sample("blue-door"), levels=64)
    for estimate in (found.meg, *found.by_feature.values()):
        assert estimate.value == pytest.approx(0.0, abs=1e-3)
    assert set(found.signs.values()) == {0}


def test_the_only_optimal_policy_scores_nearly_everything():
    # A maze without loops and with nothing but a door has one way there.
    tree = empty_sample("blue-door-alone", world=RedDoors(size=7, openings=0.0))
    found = measure_goal_directedness(WORLD, optimally_after(tree, "door"), levels=64)
    assert found.meg.interval.low > 0.97
    assert found.by_feature["door"].value == pytest.approx(found.meg.value, abs=1e-2)
    assert set(found.by_feature) == {"door", "blue"}


@functools.lru_cache(maxsize=4)
def directed(objective, sharpness=30.0):
    return measure_goal_directedness(WORLD, after(empty_sample("blue-door"), objective, sharpness), levels=64)


def test_the_feature_that_is_pursued_predicts_best():
    for objective in ("door", "red"):
        scores = directed(objective).by_feature
        assert max(scores, key=lambda f: scores[f].value) == objective
        assert directed(objective).signs[objective] == 1
        assert directed(objective).meg.value >= scores[objective].value - 0.02


def test_flight_has_a_negative_sign():
    assert directed("-ball").signs["ball"] == -1


def test_a_sharper_agent_is_more_goal_directed():
    assert directed("door").meg.value < directed("door", 300.0).meg.value


def test_soft_pursuit_finds_its_own_weights():
    sample = empty_sample("blue-door")
    weights = jnp.asarray(Objective.parse("door:20+red:10", WORLD.features).vector(WORLD.features))
    policy = jax.nn.softmax(pursuit_values(sample.mdp, weights, DISCOUNT), -1)
    found = measure_goal_directedness(WORLD, sample._replace(policy=policy), levels=64).weights
    assert found["door"] + found["blue"] == pytest.approx(20.0, rel=0.03)
    assert found["red"] == pytest.approx(10.0, rel=0.03)
    assert found["green"] == pytest.approx(0.0, abs=0.3)
