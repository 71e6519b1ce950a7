"""The objective that trials are drawn for."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Interval
from mesascope.instruments.choice_weights import Weight
from mesascope.instruments.hypotheses import Kind
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, Weighed
from mesascope.instruments.pursued import candidates, infer_pursued
from tests.instruments.planted import DISTRIBUTIONS, WORLD, after, along_the_right_wall, empty_sample


def inferred(make):
    samples = [make(empty_sample(d)) for d in DISTRIBUTIONS]
    return infer_pursued(WORLD, samples, named_key(0, "pursued"))


@pytest.mark.parametrize("feature", ["door", "red", "blue"])
def test_what_an_agent_is_after_is_found(feature):
    weights = dict(zip(WORLD.features, inferred(lambda s: after(s, feature)), strict=True))
    assert max(weights, key=weights.get) == feature


def test_where_nothing_is_pursued_the_base_objective_stands_in():
    found = inferred(along_the_right_wall)
    np.testing.assert_array_equal(found, WORLD.base_objective.vector(WORLD.features))
    assert jnp.asarray(found).max() > 0


def test_weights_that_cannot_be_told_apart_do_not_contradict_a_hypothesis_that_has_them_equal():
    levels = WORLD.draw(named_key(0, "mixed"), 256, "training")
    near = {"door": -1.0, "red": 0.92, "blue": 0.99, "green": 1.0}
    wide = {f: Weight(w, Interval(w - 0.25, w + 0.03), True) for f, w in near.items()}
    narrow = {f: Weight(w, Interval(w - 0.002, w + 0.002), True) for f, w in near.items()}
    assert len(candidates(WORLD, levels, weighed("ball"), wide)) == 1
    assert len(candidates(WORLD, levels, weighed("ball"), narrow)) == 2


@pytest.mark.parametrize(
    ("green", "both"),
    [
        (Weight(-0.7, Interval(-3.1, 0.05), True), True),  # it cannot be worth half a door
        (Weight(0.2, Interval(-0.5, 0.6), True), False),  # it can
        (Weight(0.2, Interval(0.1, 0.3), True), False),  # it is wanted, if less
    ],
)
def test_trials_are_drawn_for_both_where_what_is_second_best_may_not_be_wanted_at_all(green, both):
    levels = WORLD.draw(named_key(0, "mixed"), 256, "training")
    sure = {"door": Weight(1.0, Interval(0.9, 1.0), True), "green": green}
    assert len(candidates(WORLD, levels, weighed("door:1+green:0.5"), sure)) == 1 + both


def weighed(name):
    return HypothesisPosterior((Weighed(name, Kind.OBJECTIVE, 1.0, 0.0, 8.0, 0.0),), 0.0, (name,), 100, 100)


def weights(**means):
    """Posterior weights; an uncertain one holds 0 in its interval."""
    found = {}
    for feature, mean in means.items():
        uncertain = feature.endswith("_")
        found[feature.rstrip("_")] = Weight(mean, Interval(mean - (2.0 if uncertain else 0.1), mean + 0.1), True)
    return found


@pytest.mark.parametrize(
    ("inferred", "both"),
    [
        (weights(door=1.0), False),
        (weights(door=1.0, red=0.3, blue=-0.4), False),
        (weights(door=0.3, red=1.0), True),
        (weights(door=0.9, red_=1.0), False),
        (weights(red_=1.0), False),
        (weights(blue=1.0, yellow=0.5), True),
    ],
)
def test_trials_are_drawn_for_both_where_hypothesis_and_weights_disagree(inferred, both):
    levels = WORLD.draw(named_key(0, "mixed"), 256, "blue-door")
    found = candidates(WORLD, levels, weighed("door"), inferred)
    assert len(found) == 1 + both
    np.testing.assert_array_equal(found[0], [1, 0, 0, 0, 0, 0])
    if both:
        for feature, weight in inferred.items():
            assert found[1][WORLD.features.index(feature)] == pytest.approx(weight.mean)
