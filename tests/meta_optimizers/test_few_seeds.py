"""Intervals over a few seeds: beside SciPy's own test, and their coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from mesascope.meta_optimizers.few_seeds import excess_over, mean_of


def test_the_interval_is_students():
    values = [0.2, 0.5, 0.4, 0.9]
    found = mean_of(values)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.value == pytest.approx(0.5)
    assert found.interval == pytest.approx((low, high))


def test_one_seed_has_no_interval():
    found = mean_of([0.3])
    assert found.value == pytest.approx(0.3)
    assert all(map(math.isnan, found.interval))
    assert all(map(math.isnan, excess_over([0.1], [0.3]).interval))


@pytest.mark.parametrize("chosen", [1, 3])
def test_where_nothing_was_chosen_the_excess_holds_zero_as_often_as_it_says(chosen):
    rng = np.random.default_rng(chosen)
    held = 0
    for _ in range(2_000):
        found = excess_over(rng.normal(size=chosen), rng.normal(size=5))
        held += found.interval.low <= 0 <= found.interval.high
    assert 0.935 < held / 2_000 < 0.965


def test_the_best_of_many_is_found_too_good():
    """The winner of a hundred configurations that are all alike: the luck that meta-level overfitting is made of."""
    rng = np.random.default_rng(0)
    above = 0
    for _ in range(200):
        best = rng.normal(size=100).max()
        above += excess_over([best], rng.normal(size=10)).interval.low > 0
    assert above > 0.5 * 200
