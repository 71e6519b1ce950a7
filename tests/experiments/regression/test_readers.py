"""Reference readers do what they say, and a network's state is all that its answer depends on."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import SubjectError
from mesascope.core.rng import named_key
from mesascope.experiments.regression.contexts import (
    MARKED,
    PAIRS,
    Look,
    draw,
    least_squares,
    pool_of_tasks,
    relabeled,
)
from mesascope.experiments.regression.instruments.family import ridge_weights
from mesascope.experiments.regression.learners import learner_of
from mesascope.experiments.regression.networks import fresh
from mesascope.experiments.regression.organisms import Marked, Memorizer, Newton, Smoother, constructed_descent
from mesascope.experiments.regression.reader import ask, sensitivities
from mesascope.experiments.regression.returns import best_answers
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
    turned = contexts._replace(
        inputs=contexts.inputs[:, ::-1], labels=contexts.labels[:, ::-1], marks=contexts.marks[:, ::-1]
    )
    np.testing.assert_allclose(net(contexts), net(turned), rtol=1e-4, atol=1e-5)
    states = net.states(contexts)
    assert len(states) == 3
    for layer in range(3):
        np.testing.assert_allclose(net.go_on(states[layer], layer), net(contexts), rtol=1e-5, atol=1e-6)
    assert np.abs(np.asarray(net(relabeled(contexts, PAIRS - 1, 5.0)) - net(contexts))).max() > 1e-4


def test_contexts_are_what_they_say():
    both = draw(named_key(5), 50, None, Look(2.0), True)
    assert float(jnp.abs(both.inputs).max()) <= 2.0
    assert float(jnp.abs(both.inputs).max()) > 1.9
    np.testing.assert_allclose(np.einsum("lpf,lf->lp", both.inputs, both.task), both.labels, rtol=1e-4, atol=1e-4)
    assert not np.allclose(both.right, both.fitting, atol=0.1)
    home = draw(named_key(5), 50)
    np.testing.assert_allclose(home.right, home.fitting, atol=1e-2)
    pooled = draw(named_key(5), 50, POOL)
    assert all((np.asarray(task) == np.asarray(POOL)).all(1).any() for task in pooled.task)


def test_marked_pairs_are_of_the_task_that_is_asked_and_the_others_are_not():
    marked = draw(named_key(5), 200, None, Look(marked=1.0))
    made = {"asked": marked.asked, "task": marked.task}
    off = {name: np.abs(np.einsum("lpf,lf->lp", marked.inputs, w) - marked.labels) for name, w in made.items()}
    of_asked = np.asarray(marked.marks) > 0
    assert (of_asked.sum(1) == MARKED).all()
    assert off["asked"][of_asked].max() < 1e-4
    assert off["task"][~of_asked].max() < 1e-4
    assert np.median(off["asked"][~of_asked]) > 0.3
    np.testing.assert_allclose(Marked()(marked), marked.right, atol=2e-2)
    assert float(((marked.fitting - marked.right) ** 2).mean()) > 0.1 * float((marked.right**2).mean())


def test_noise_and_conditioning_are_as_asked():
    noisy = draw(named_key(5), 400, None, Look(noise=0.5))
    left = np.asarray(noisy.labels) - np.einsum("lpf,lf->lp", noisy.inputs, noisy.task)
    assert left.std() == pytest.approx(0.5, rel=0.05)
    narrow = np.asarray(draw(named_key(5), 2_000, None, Look(condition=100.0)).inputs)
    variances = narrow.reshape(-1, narrow.shape[-1]).var(0)
    assert variances[0] / variances[-1] == pytest.approx(100, rel=0.1)
    assert variances[0] == pytest.approx(1 / 3, rel=0.05)


def test_no_answer_has_less_error_than_the_best(contexts):
    noisy = draw(named_key(6), 2_000, None, Look(noise=0.5))
    best = best_answers(noisy, 0.5, None, False, False)

    def error(answers):
        return float(((answers - noisy.right) ** 2).mean())

    for penalty in (1e-6, 0.05, 1.0):
        other = (least_squares(noisy.inputs, noisy.labels, penalty) * noisy.query).sum(-1)
        assert error(best) <= error(other) + 1e-6
    np.testing.assert_array_equal(best_answers(contexts, 0.0, None, False, False), contexts.right)
    assert not best_answers(contexts, 0.0, None, False, True).any()
    pooled = draw(named_key(6), 200, POOL, Look(noise=0.5))
    by_pool = best_answers(pooled, 0.5, POOL, False, False)
    by_prior = best_answers(pooled, 0.5, None, False, False)
    errors = [float(((answers - pooled.right) ** 2).mean()) for answers in (by_pool, by_prior)]
    assert errors[0] < 0.5 * errors[1]


def test_the_newton_reader_takes_steps_of_newton(contexts):
    for answer, (x, y, q) in zip(np.asarray(Newton(0.9, 3)(contexts)), rows(contexts), strict=True):
        assert answer == pytest.approx(twins.newton(x, y, 0.9, 3) @ q, rel=1e-3, abs=1e-4)


def ridge_learner(inputs, labels, marks, query):
    """In NumPy, one context at a time."""
    return [twins.ridge(x, y, 0.1) @ q for x, y, q in zip(inputs, labels, query, strict=True)]


def test_a_learner_of_ones_own_is_asked_as_a_reader_is(contexts):
    learner = learner_of(ridge_learner, "python:mine:ridge")
    wanted = (ridge_weights(contexts, 0.1) * contexts.query).sum(-1)
    np.testing.assert_allclose(ask(learner, contexts), wanted, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(sensitivities(learner, contexts), ridge_weights(contexts, 0.1), atol=2e-2)
    assert learner.layers == 0


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        (lambda inputs: 0, "failed"),
        (lambda inputs, labels, marks, query: query, r"found shape \(3, 8\)"),
        (lambda inputs, labels, marks, query: query[:, 0] / 0, "not finite"),
        (Smoother, "expected a function"),
        (3, "is a int"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_no_learner_is_refused(learner, said):
    with pytest.raises(SubjectError, match=said):
        learner_of(learner, "python:mine:made")
