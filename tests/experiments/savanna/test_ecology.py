import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.experiments.savanna import ecology as world
from mesascope.experiments.savanna.ecology import Ecology, draw_contexts, outcomes_of, shifted

SMALL = Ecology(contexts=5, correlation=0.9)


@pytest.fixture(scope="module")
def many():
    return draw_contexts(jax.random.key(0), SMALL, 4_000)


def correlations(contexts):
    percepts = np.asarray(contexts.percepts).reshape(-1, 4)
    outcomes = np.asarray(contexts.outcomes).reshape(-1, 2)
    return np.corrcoef(percepts.T, outcomes.T)[:4, 4:]


def test_taste_goes_with_calories_and_touch_with_births(many):
    expected = [[0.9, 0], [0, 0.9], [0, 0], [0, 0]]
    np.testing.assert_allclose(correlations(many), expected, atol=0.03)
    np.testing.assert_allclose(np.std(many.outcomes, (0, 1)), 1.0, atol=0.03)


def test_a_change_of_the_law_moves_outcomes_and_nothing_else(many):
    later = shifted(many, SMALL, world.SUDDEN)
    np.testing.assert_allclose(correlations(later), [[0, 0], [0, 0], [0.9, 0], [0, 0.9]], atol=0.03)
    assert (later.percepts == many.percepts).all()
    half_way = outcomes_of(many.percepts, many.chance, 0.9, np.pi / 4)
    np.testing.assert_allclose(np.std(half_way, (0, 1)), 1.0, atol=0.03)


def test_candy_is_one_option_that_tastes_and_starves(many):
    where = jnp.arange(4_000) % 4
    there = shifted(many, SMALL, world.CANDY, where)
    row = np.arange(4_000)
    assert (np.asarray(there.percepts)[row, where, 0] == 4.0).all()
    assert (np.asarray(there.outcomes)[row, where, 0] == -1.0).all()
    moved = np.asarray((there.percepts != many.percepts).any(-1) | (there.outcomes != many.outcomes).any(-1))
    assert (moved.sum(-1) == 1).all()


def test_contraception_leaves_the_act_and_takes_the_births(many):
    there = shifted(many, SMALL, world.CONTRACEPTION)
    assert (there.outcomes[..., 1] == 0).all()
    assert (there.outcomes[..., 0] == many.outcomes[..., 0]).all()
    assert (there.percepts == many.percepts).all()


def test_other_shifts_there_are_none(many):
    with pytest.raises(UsageError, match="unknown shift 'candi': did you mean 'candy'"):
        shifted(many, SMALL, "candi")


@pytest.mark.parametrize(("knob", "value"), [("contexts", 0), ("correlation", 1.1), ("cost", -1.0), ("options", 1)])
def test_knobs_out_of_range_are_refused(knob, value):
    with pytest.raises(UsageError, match=f"{knob} .*{value}"):
        Ecology(**{knob: value})
