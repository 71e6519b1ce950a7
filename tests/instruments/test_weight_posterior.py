"""Continuous weights of planted agents; the population that chains start from."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.instruments.annealing import anneal
from mesascope.instruments.weight_posterior import fit_weights
from tests.instruments.planted import DISTRIBUTIONS, WORLD, after, empty_sample, evidence_of

TRUTH = {"door": 1.0, "red": 0.5}


def fitted(objective, seed, distributions=DISTRIBUTIONS, sharpness=40.0):
    samples = [after(empty_sample(d, seed=seed), objective, sharpness) for d in distributions]
    evidence = evidence_of(samples, seed)
    return fit_weights(evidence, WORLD.independent_features, named_key(seed, "weights"), all_features=WORLD.features)


def test_intervals_hold_the_planted_weights_in_most_seeds():
    held, told = 0, 0
    for seed in range(4):
        found = fitted("door:1+red:0.5", seed)
        for feature, truth in TRUTH.items():
            low, high = found.weights[feature].interval
            held += low - 1e-6 <= truth <= high + 1e-6
        red = found.weights["red"].interval
        told += red.low > 0.0 and red.high < 1.0
        assert found.inverse_temperature.value == pytest.approx(40.0, rel=0.3)
    assert held >= 6
    # Neither indifferent to red nor after it as much as after doors.
    assert told >= 3


def test_a_feature_never_offered_keeps_its_prior():
    found = fitted("door", 0, ("training", "blue-door"))
    yellow = found.weights["yellow"]
    assert not yellow.offered
    assert yellow.interval.low < -1.0
    assert yellow.interval.high > 1.0
    assert found.weights["door"].offered
    draws = found.draws[:, [0, 1, 2, 3]]
    np.testing.assert_allclose(np.abs(draws).max(1), 1.0)


def test_training_alone_leaves_door_and_red_wide_apart():
    alone = fitted("door", 1, ("training",))
    told = fitted("door", 1)
    for feature in ("door", "red"):
        before, after_ = (f.weights[feature].interval for f in (alone, told))
        assert before.high - before.low > 2 * (after_.high - after_.low)


def test_what_does_not_fit_says_so():
    evidence = evidence_of([after(empty_sample("training"), "door")])
    with pytest.raises(UsageError, match="all_features"):
        fit_weights(evidence, ("door", "red"), named_key(0))
    with pytest.raises(UsageError, match="do not fit"):
        fit_weights(evidence, ("door", "purple"), named_key(0), all_features=WORLD.features)


def test_a_population_finds_both_of_two_modes():
    def likelihood(x):
        return jnp.logaddexp(jnp.log(0.7) - 8 * ((x - 2) ** 2).sum(), jnp.log(0.3) - 8 * ((x + 2) ** 2).sum())

    def prior(x):
        return -0.5 * (x**2).sum() / 9

    draws = 3 * jax.random.normal(named_key(0, "prior"), (320, 2))
    found = np.asarray(jax.jit(lambda d, k: anneal(prior, likelihood, d, k))(draws, named_key(0, "anneal")))
    near = np.minimum(np.abs(found - 2).max(1), np.abs(found + 2).max(1))
    assert (near < 1.2).mean() > 0.97
    assert 0.5 < (found[:, 0] > 0).mean() < 0.87
