"""The evolution strategy: one generation beside a slow twin, and what it refuses."""

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.base_optimizers.protocol import training_levels
from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import begin
from mesascope.core.errors import UsageError
from mesascope.core.subject import policy_table
from tests.base_optimizers.conftest import GLANCE
from tests.core import twins

OPTIONS = {"updates": 30, "batch": 4, "warmup": 0, "floor": 1.0, "population": 8, "spread": 0.2, "learning_rate": 0.01}


def flat(subject):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(eqx.filter(subject, eqx.is_inexact_array))])


def test_a_generation_steps_along_the_steps_weighted_by_rank(world):
    optimizer = build_base_optimizer("evolution", OPTIONS)
    state = begin(optimizer, world, "glance", GLANCE, seed=0)
    after, metrics = eqx.filter_jit(optimizer.update)(state, world)
    mean, rest = eqx.partition(state.subject, eqx.is_inexact_array)
    strategy = optimizer._strategy(mean)
    population, _ = strategy.ask(state.update_key("steps"), state.optimizer, strategy.default_params)
    levels = training_levels(state.key(), world, optimizer.batch, 0, 0)
    observation, batch = world.observe(levels), world.tables(levels)
    weights = world.base_objective.vector(world.features)

    def slow_return(subject):
        policies = np.asarray(policy_table(subject.logits(observation)), float)
        tables = twins.tables(batch)
        return np.mean(
            [twins.policy_return(t, p, weights, world.discount) for t, p in zip(tables, policies, strict=True)]
        )

    networks = [eqx.combine(jax.tree.map(lambda x, i=i: x[i], population), rest) for i in range(8)]
    returns = np.array([slow_return(network) for network in networks])
    ranks = np.argsort(np.argsort(-returns)) / 7 - 0.5  # the best is the lowest: evosax minimizes
    steps = np.stack([flat(network) - flat(state.subject) for network in networks]) / 0.2
    np.testing.assert_allclose(steps[:4], -steps[4:], atol=1e-4)
    slope = ranks @ steps / (8 * 0.2)
    expected = -0.01 * slope / (np.abs(slope) + 1e-8)  # the first step of Adam
    np.testing.assert_allclose(flat(after.subject) - flat(state.subject), expected, atol=2e-4)
    assert metrics.mean_return == pytest.approx(slow_return(state.subject), abs=1e-4)


def test_an_odd_population_is_refused():
    with pytest.raises(UsageError, match="population 7 of evolution: .* even"):
        build_base_optimizer("evolution", {"population": 7})
