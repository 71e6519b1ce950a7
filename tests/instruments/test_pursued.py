"""The objective that trials are drawn for."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.pursued import infer_pursued
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
