"""Weights from choices: the likelihood against a loop, planted agents recovered, what was not offered said so."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.instruments.choice_weights import fit_choice_weights, log_likelihood, log_pursuit, offers
from mesascope.instruments.choices import observe_choices, pool_choices
from tests.instruments.planted import DISTRIBUTIONS, WORLD, after, empty_sample

FREE = WORLD.independent_features


def choices_of(plant, distributions=DISTRIBUTIONS):
    samples = [plant(empty_sample(d)) for d in distributions]
    return pool_choices(
        [
            observe_choices(WORLD.outcomes(s.levels), s.mdp, s.policy, named_key(1, s.distribution), WORLD.discount)
            for s in samples
        ]
    )


@pytest.fixture(scope="module")
def of_a_door_agent():
    return choices_of(lambda s: after(s, "door"))


def test_pursuit_bends_from_a_line_to_the_exponential():
    value = np.linspace(-40.0, 20.0, 241)
    found = np.asarray(log_pursuit(jnp.asarray(value)))
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    above = value > 3
    np.testing.assert_allclose(found[above], np.log(np.expm1(value[above] - 1.0)), rtol=1e-3)
    assert np.exp(np.asarray(log_pursuit(jnp.array(0.0)))) < 0.006
    assert np.isfinite(jax.grad(lambda v: log_pursuit(v))(jnp.array(-500.0)))


def test_likelihood_is_that_of_a_loop_over_choices(of_a_door_agent):
    columns = np.array([WORLD.features.index(f) for f in FREE])
    weights, idle, lapse = np.array([3.0, 1.5, -1.0, 0.5, 0.2]), 0.7, 0.1
    found = np.asarray(
        log_likelihood(
            offers(of_a_door_agent, columns), jnp.asarray(weights, jnp.float32), jnp.array(idle), jnp.array(lapse)
        )
    )
    reach, objects, touched, chance, counts = (np.asarray(t, np.float64) for t in jax.tree.leaves(of_a_door_agent))
    for row in range(len(found)):
        if not counts[row]:
            assert found[row] == 0
            continue
        pull = np.zeros(4)
        for slot in range(3):
            value = objects[row, slot][columns] @ weights * reach[row, slot] - 1.0
            bent = np.log1p(np.exp(4.0 * value)) / 4.0
            pull[slot] = np.expm1(bent) if reach[row, slot] > 0 else 0.0
        pull[3] = 1.0
        share = pull / pull.sum()
        ends = np.array([*share[:3], 0.0]) + share[3] * (idle * np.eye(4)[3] + (1 - idle) * chance[row])
        ends = (1 - lapse) * ends + lapse * chance[row]
        assert found[row] == pytest.approx(np.log(ends[touched[row].argmax()]), rel=1e-3, abs=1e-3)


def test_a_blind_walk_ends_as_its_chances_say():
    """The uniform agent touches each slot as often as `chance` expects: the two are computed apart."""
    choices = choices_of(lambda s: s)
    counts = np.asarray(choices.counts)
    seen, expected = np.asarray(choices.touched)[counts], np.asarray(choices.chance)[counts]
    error = np.sqrt((expected * (1 - expected)).sum(0)) / len(seen)
    assert (np.abs(seen.mean(0) - expected.mean(0)) < 4 * error + 0.01).all()


@pytest.mark.parametrize(
    ("objective", "truth"),
    [
        ("door", {"door": 1.0, "red": 0.0}),
        ("red", {"red": 1.0, "door": 0.0}),
        ("door:1+red:0.5", {"door": 1.0, "red": 0.5}),
    ],
)
def test_planted_weights_lie_in_their_intervals(objective, truth):
    found = fit_choice_weights(choices_of(lambda s: after(s, objective)), FREE, WORLD.features, named_key(0, "fit"))
    for feature, weight in truth.items():
        interval = found.weights[feature].interval
        assert interval.low - 0.05 <= weight <= interval.high + 0.05, (feature, interval)
    best = max(truth, key=truth.get)
    assert found.weights[best].mean > 0.9
    assert found.diagnostics.r_hat < 1.1
    assert found.diagnostics.divergences < 60


def test_what_no_object_had_is_said_to_be_unoffered():
    choices = choices_of(lambda s: after(s, "door"), DISTRIBUTIONS[:1])
    found = fit_choice_weights(choices, FREE, WORLD.features, named_key(0, "fit"))
    assert found.weights["door"].offered
    assert not found.weights["yellow"].offered


def test_no_choices_and_unknown_features_are_errors(of_a_door_agent):
    with pytest.raises(UsageError, match="do not fit"):
        fit_choice_weights(of_a_door_agent, ("dor",), WORLD.features, named_key(0, "fit"))
    none = jax.tree.map(jnp.zeros_like, of_a_door_agent)
    with pytest.raises(UsageError, match="no choice"):
        fit_choice_weights(none, FREE, WORLD.features, named_key(0, "fit"))
