"""Weights from decisions: planted agents recovered, what was not offered said so, and populations that agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core import tempered_sampler
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rng import named_key
from mesascope.core.statistics import Interval
from mesascope.core.tempered_sampler import mixing, sample_tempered
from mesascope.instruments import choice_weights
from mesascope.instruments.choice_weights import ENOUGH, _resolved, fit_choice_weights
from mesascope.instruments.decisions import observe_decisions, pool_decisions
from tests.instruments.planted import DISTRIBUTIONS, WORLD, after, empty_sample, optimally_after

FREE = WORLD.independent_features


def decisions_of(plant, distributions=DISTRIBUTIONS):
    samples = [plant(empty_sample(d)) for d in distributions]
    return pool_decisions(
        [
            observe_decisions(WORLD.outcomes(s.levels), s.mdp, s.policy, named_key(1, s.distribution), WORLD.discount)
            for s in samples
        ]
    )


def fit(decisions, free=FREE):
    return fit_choice_weights(decisions, free, WORLD.features, WORLD.discount, named_key(0, "fit"))


@pytest.fixture(scope="module")
def of_a_door_agent():
    return decisions_of(lambda s: after(s, "door"))


@pytest.mark.parametrize(
    ("plant", "objective", "truth"),
    [
        (after, "door", {"door": 1.0, "red": 0.0}),
        (optimally_after, "red", {"red": 1.0, "door": 0.0}),
        pytest.param(after, "door:1+red:0.5", {"door": 1.0, "red": 0.5}, marks=pytest.mark.long),
        pytest.param(optimally_after, "red:1+door:-0.5", {"red": 1.0, "door": -0.5}, marks=pytest.mark.long),
    ],
)
def test_planted_weights_lie_in_their_intervals(plant, objective, truth):
    found = fit(decisions_of(lambda s: plant(s, objective)))
    for feature, weight in truth.items():
        interval = found.weights[feature].interval
        assert interval.low <= weight <= interval.high, (feature, interval)
    best = max(truth, key=truth.get)
    assert found.weights[best].mean > 0.9
    assert found.wanted[0] == best
    assert not {feature for feature, weight in truth.items() if weight <= 0} & set(found.wanted)
    assert found.diagnostics.r_hat < 1.05
    assert found.diagnostics.effective_sample_size >= ENOUGH
    assert found.draws.shape[1] == len(FREE)
    assert found.draws.max() <= 1.0 + 1e-6


@pytest.mark.long
def test_what_no_object_had_is_said_to_be_unoffered():
    found = fit(decisions_of(lambda s: after(s, "door"), DISTRIBUTIONS[:1]))
    assert found.weights["door"].offered
    assert not found.weights["yellow"].offered
    assert "yellow" not in found.wanted


@pytest.mark.long
def test_an_agent_that_wanders_wants_nothing_beyond_doubt():
    found = fit(decisions_of(lambda s: s))
    assert found.wanted == ()
    assert found.chooser["walks blindly"].value + found.lapse.value > 0.2


def test_no_choices_and_unknown_features_are_errors(of_a_door_agent):
    with pytest.raises(UsageError, match="do not fit"):
        fit(of_a_door_agent, ("dor",))
    none = jax.tree.map(jnp.zeros_like, of_a_door_agent)
    with pytest.raises(UsageError, match="no choice"):
        fit(none)


def test_populations_that_disagree_are_seen():
    drawn = np.random.default_rng(0).standard_normal((4, 64, 16, 2))
    alike = mixing(drawn)
    assert alike.r_hat < 1.02
    assert alike.effective_sample_size > 2000
    drawn[0, ..., 1] += 2.0
    apart = mixing(drawn)
    assert apart.r_hat > 1.2
    assert apart.effective_sample_size < alike.effective_sample_size / 4
    assert mixing(np.zeros((4, 64, 16, 1))).r_hat == 1.0


def test_a_walk_that_hardly_moves_is_worth_few_draws():
    rng = np.random.default_rng(1)
    stuck = rng.standard_normal((4, 64, 1, 1)) + 0.01 * rng.standard_normal((4, 64, 16, 1))
    assert 80 < mixing(stuck).effective_sample_size < 300


def test_the_sampler_draws_a_normal_posterior():
    """Three standard normal coordinates, one of them seen once with error 0.5: posterior mean 0.8, variance 0.2."""
    drawn = jax.jit(lambda key: sample_tempered(lambda z: -0.5 * ((z[0] - 1.0) / 0.5) ** 2, 3, key))(named_key(0, "t"))
    position = np.asarray(drawn.position).reshape(-1, 3)
    assert bool(drawn.reached)
    np.testing.assert_allclose(position.mean(0), [0.8, 0.0, 0.0], atol=0.12)
    np.testing.assert_allclose(position.var(0), [0.2, 1.0, 1.0], rtol=0.2)


def test_a_sampler_out_of_stages_says_so(monkeypatch, of_a_door_agent):
    monkeypatch.setattr(tempered_sampler, "_MOST_STAGES", 1)
    drawn = jax.jit(lambda key: sample_tempered(lambda z: -0.5e6 * (z**2).sum(), 3, key))(named_key(0, "t"))
    assert not bool(drawn.reached)
    monkeypatch.setattr(choice_weights, "_sample", lambda *_: (None, False))
    with pytest.raises(SubjectError, match="did not reach the posterior"):
        fit(of_a_door_agent)


def test_an_end_at_nothing_is_as_wide_as_the_noise_of_choice():
    assert _resolved(Interval(0.0, 0.0), 0.1) == Interval(-0.1, 0.1)
    assert _resolved(Interval(-0.5, 0.0), 0.1) == Interval(-0.5, 0.1)
    assert _resolved(Interval(0.2, 1.0), 0.1) == Interval(0.2, 1.0)
