"""Reference readers do what they say, and a network's state is all that its answer depends on."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.experiments.regression.contexts import PAIRS, draw, pool_of_tasks, relabeled
from mesascope.experiments.regression.networks import fresh
from mesascope.experiments.regression.organisms import Memorizer, Smoother, constructed_descent
from mesascope.experiments.regression.reader import sensitivities
from tests.experiments.regression import twins

POOL = pool_of_tasks(named_key(3), 8)


@pytest.fixture(scope="module")
def contexts():
    return draw(named_key(1), 6, POOL)


def rows(contexts):
    return zip(*(np.asarray(part, np.float64) for part in contexts[:3]), strict=True)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_constructed_weights_are_steps_of_gradient_descent(contexts, steps):
    answers = constructed_descent(jnp.full(steps, 1.3), jnp.zeros(steps))(contexts)
    for answer, (x, y, q) in zip(np.asarray(answers), rows(contexts), strict=True):
        assert answer == pytest.approx(twins.descent(x, y, 1.3, steps) @ q, abs=1e-5)


def test_constructed_weights_shrink_inputs(contexts):
    answers = constructed_descent(jnp.array([1.1, 2.0]), jnp.array([0.7, 0.0]))(contexts)
    for answer, (x, y, q) in zip(np.asarray(answers), rows(contexts), strict=True):
        assert answer == pytest.approx(twins.preconditioned(x, y, q, [1.1, 2.0], [0.7, 0.0]), abs=1e-5)


def test_the_derivative_by_the_query_is_the_weight_of_the_step(contexts):
    slopes = sensitivities(constructed_descent(jnp.array([1.3]), jnp.zeros(1)), contexts)
    for slope, (x, y, _) in zip(np.asarray(slopes), rows(contexts), strict=True):
        np.testing.assert_allclose(slope, twins.descent(x, y, 1.3, 1), atol=1e-5)


def test_the_memorizer_knows_its_tasks_and_no_other(contexts):
    reader = Memorizer(POOL)
    np.testing.assert_allclose(reader(contexts), contexts.right, atol=1e-3)
    fresh_tasks = draw(named_key(2), 64)
    assert float(((reader(fresh_tasks) - fresh_tasks.right) ** 2).mean()) > 0.3 * float((fresh_tasks.right**2).mean())


def test_the_smoother_averages(contexts):
    for answer, (x, y, q) in zip(np.asarray(Smoother(1.5)(contexts)), rows(contexts), strict=True):
        assert answer == pytest.approx(twins.smoother(x, y, q, 1.5), abs=1e-5)


@pytest.mark.parametrize("attention", ["linear", "softmax"])
def test_the_order_of_pairs_does_not_matter_and_going_on_from_a_state_is_the_answer(contexts, attention):
    net = fresh(named_key(4), attention, 2, 12, 3)
    turned = contexts._replace(inputs=contexts.inputs[:, ::-1], labels=contexts.labels[:, ::-1])
    np.testing.assert_allclose(net(contexts), net(turned), rtol=1e-4, atol=1e-5)
    states = net.states(contexts)
    assert len(states) == 3
    for layer in range(3):
        np.testing.assert_allclose(net.go_on(states[layer], layer), net(contexts), rtol=1e-5, atol=1e-6)
    assert np.abs(np.asarray(net(relabeled(contexts, PAIRS - 1, 5.0)) - net(contexts))).max() > 1e-4


def test_contexts_are_what_they_say():
    both = draw(named_key(5), 50, None, 2.0, True)
    assert float(jnp.abs(both.inputs).max()) <= 2.0
    assert float(jnp.abs(both.inputs).max()) > 1.9
    np.testing.assert_allclose(np.einsum("lpf,lf->lp", both.inputs, both.task), both.labels, rtol=1e-4, atol=1e-4)
    assert not np.allclose(both.right, both.fitting)
    home = draw(named_key(5), 50)
    np.testing.assert_array_equal(home.right, home.fitting)
    pooled = draw(named_key(5), 50, POOL)
    assert all((np.asarray(task) == np.asarray(POOL)).all(1).any() for task in pooled.task)
