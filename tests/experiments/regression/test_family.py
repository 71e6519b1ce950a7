"""Every algorithm of the family against its NumPy twin."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.experiments.regression.contexts import draw, pool_of_tasks
from mesascope.experiments.regression.instruments import family
from tests.experiments.regression import twins

POOL = pool_of_tasks(named_key(3), 8)


@pytest.fixture(scope="module")
def contexts():
    return draw(named_key(1), 5, POOL)


def rows(contexts):
    return zip(*(np.asarray(part, np.float64) for part in contexts[:3]), strict=True)


def weights(answer, contexts):
    return np.asarray(answer, np.float64), list(rows(contexts))


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_descent(contexts, steps):
    found, every = weights(family.descent_weights(contexts, 1.3, steps), contexts)
    for w, (x, y, _) in zip(found, every, strict=True):
        np.testing.assert_allclose(w, twins.descent(x, y, 1.3, steps), rtol=1e-4, atol=1e-5)


def test_preconditioned_descent(contexts):
    rates, shrinks = [1.1, 2.0, 3.0], [0.7, -0.4, 0.3]
    found = -family.token_steps(contexts, jnp.array(rates), jnp.array(shrinks))[-1][:, -1, -1]
    for answer, (x, y, q) in zip(np.asarray(found), rows(contexts), strict=True):
        np.testing.assert_allclose(answer, twins.preconditioned(x, y, q, rates, shrinks), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("steps", "scaled"), [(1, False), (3, False), (3, True)])
def test_newton(contexts, steps, scaled):
    found, every = weights(family.newton_weights(contexts, 1.5, steps, scaled), contexts)
    for w, (x, y, _) in zip(found, every, strict=True):
        np.testing.assert_allclose(w, twins.newton(x, y, 1.5, steps, scaled), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [0.9, 50.0])
def test_many_steps_do_not_diverge_whatever_their_size(contexts, size):
    for answers in (family.newton_weights(contexts, size, 12), family.descent_weights(contexts, size, 32)):
        assert float(abs(answers - contexts.task).max()) < 20


def test_the_bound_of_the_largest_eigenvalue_is_one_and_close(contexts):
    second = np.asarray(family.moments(contexts)[0], np.float64)
    found, largest = np.asarray(family.largest(jnp.asarray(second))), np.linalg.eigvalsh(second).max(1)
    assert ((found >= largest * (1 - 1e-5)) & (found <= largest * 8 ** (1 / 64) * (1 + 1e-5))).all()


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_conjugate_gradients(contexts, steps):
    found, every = weights(family.conjugate_weights(contexts, steps), contexts)
    for w, (x, y, _) in zip(found, every, strict=True):
        np.testing.assert_allclose(w, twins.krylov(x, y, steps), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_ridge(contexts, penalty):
    found, every = weights(family.ridge_weights(contexts, penalty), contexts)
    for w, (x, y, _) in zip(found, every, strict=True):
        np.testing.assert_allclose(w, twins.ridge(x, y, penalty), rtol=1e-3, atol=1e-4)


def test_what_fits_nothing(contexts):
    smooth, near = family.smoothed(contexts, 1.5), family.nearest(contexts, 3)
    known = family.remembered(contexts, POOL, 2.0)
    for s, n, k, (x, y, q) in zip(*map(np.asarray, (smooth, near, known)), rows(contexts), strict=True):
        np.testing.assert_allclose(s, twins.smoother(x, y, q, 1.5), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(n, twins.nearest(x, y, q, 3), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            k, twins.remembered(x, y, q, np.asarray(POOL, np.float64), 2.0), rtol=1e-3, atol=1e-4
        )


def test_newton_and_conjugate_gradients_end_at_least_squares(contexts):
    exact = np.asarray(contexts.task)
    np.testing.assert_allclose(family.newton_weights(contexts, 1.5, 20), exact, atol=1e-2)
    np.testing.assert_allclose(family.conjugate_weights(contexts, 8), exact, atol=1e-2)


def test_the_family_holds_remembered_tasks_only_where_there_are_some():
    assert {a.group for a in family.family(POOL, 2)} - {a.group for a in family.family(None, 2)} == {"remembered tasks"}
    names = [a.name for a in family.family(POOL, 3)]
    assert len(set(names)) == len(names)
    assert [a.steps for a in family.family(None, 3) if not a.iterates and a.steps] == [1] * 4


def test_one_context_does_not_depend_on_another(contexts):
    few = jax.tree.map(lambda x: x[:2], contexts)
    for algorithm in family.family(POOL, 2):
        own = algorithm.answers(jnp.array(algorithm.start), algorithm.steps or 0, contexts)[:2]
        np.testing.assert_allclose(
            own, algorithm.answers(jnp.array(algorithm.start), algorithm.steps or 0, few), rtol=1e-4
        )
