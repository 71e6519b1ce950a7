"""Agents of known weights answer as their classes say, and what is inferred of them holds their weights."""

import numpy as np
import pytest

from mesascope.calibration.choosers import CLASSES, action_values, known_chooser, solve_levels
from tests.instruments.planted import WORLD, action_values_of, empty_sample

COLUMNS = tuple(WORLD.features.index(f) for f in WORLD.independent_features)


@pytest.fixture(scope="module")
def solved():
    sample = empty_sample("blue-door")
    return sample, solve_levels(WORLD, sample.levels)


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_answers_with_probabilities_and_scaled_weights(solved, name):
    agent = known_chooser(name, COLUMNS, len(WORLD.features), np.random.default_rng(3))
    policy = agent.answer(solved[1])
    assert (policy >= 0).all()
    np.testing.assert_allclose(policy.sum(-1), 1.0)
    assert agent.weights.max() == 1.0 or agent.weights.min() == -1.0
    assert (agent.inverse_temperature is None) == ("known" not in name)


def test_values_are_those_of_the_solver(solved):
    sample, parts = solved
    weights = np.array([1.0, 0.0, 0.5, -0.5, 0.0, 0.0])
    expected = np.asarray(action_values_of(sample, "door:1+red:0.5+blue:-0.5"))
    going_on = ~np.asarray(sample.mdp.terminal)
    np.testing.assert_allclose(action_values(parts, weights)[going_on], expected[going_on], atol=2e-5)


def test_a_greedy_agent_takes_best_actions_alone(solved):
    agent = known_chooser("greedy, ties at random", COLUMNS, len(WORLD.features), np.random.default_rng(0))
    spread = np.zeros(len(WORLD.features))
    spread[list(COLUMNS)] = agent.weights
    values = action_values(solved[1], spread)
    assert np.allclose(
        values[agent.answer(solved[1]) > 0],
        np.broadcast_to(values.max(-1, keepdims=True), values.shape)[agent.answer(solved[1]) > 0],
    )
