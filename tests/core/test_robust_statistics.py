"""The interquartile mean and the probability of improvement: values of slow twins, and intervals that hold what they say."""

import numpy as np
import pytest
from scipy import stats

from mesascope.core.robust_statistics import interquartile_mean, probability_of_improvement


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 20])
def test_interquartile_mean_is_scipys(count):
    values = np.random.default_rng(count).normal(size=count)
    assert interquartile_mean(values).value == pytest.approx(stats.trim_mean(values, 0.25))
    assert np.isnan(interquartile_mean(values).interval.low) == (count == 1)


def test_one_strange_seed_does_not_move_it():
    values = np.array([0.5, 0.51, 0.52, 0.53, 0.54, 0.5, 0.51, 0.52])
    strange = np.append(values[:-1], -100.0)
    assert abs(interquartile_mean(strange).value - interquartile_mean(values).value) < 0.02
    assert abs(strange.mean() - values.mean()) > 10


@pytest.mark.parametrize("count", [4, 5, 10, 20])
def test_interval_of_the_interquartile_mean_covers(count):
    """Of a symmetric distribution its true value is the middle, with tails (Student, 3 degrees), and with none at all."""
    rng, shape = np.random.default_rng(0), (1_500, count)
    for drawn in (rng.normal(size=shape), rng.standard_t(3, size=shape), rng.uniform(-1, 1, size=shape)):
        held = np.mean([(i := interquartile_mean(row).interval).low <= 0 <= i.high for row in drawn])
        assert held > 0.92, (count, held)


def test_probability_of_improvement_is_that_of_mann_and_whitney():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 5, 7).astype(float), rng.integers(1, 6, 9).astype(float)
    assert probability_of_improvement(a, b).value == pytest.approx(stats.mannwhitneyu(a, b).statistic / 63)
    low, high = probability_of_improvement(a, b).interval
    p = stats.brunnermunzel(a, b).pvalue
    assert (low <= 0.5 <= high) == (p >= 0.05), "the interval holds one half where the test finds nothing"


@pytest.mark.parametrize("sizes", [(5, 5), (10, 10), (20, 10)])
@pytest.mark.parametrize("apart", [0.0, 1.0, 3.0])
def test_interval_of_the_probability_of_improvement_covers(sizes, apart):
    rng = np.random.default_rng(2)
    truth = stats.norm.cdf(apart / 2**0.5)
    held = 0
    for _ in range(800):
        first, second = rng.normal(apart, 1, sizes[0]), rng.normal(0, 1, sizes[1])
        low, high = probability_of_improvement(first, second).interval
        held += low <= truth <= high
    assert held / 800 > (0.92 if min(sizes) > 5 else 0.88)


def test_all_of_one_kind_above_all_of_the_other():
    found = probability_of_improvement(np.arange(5.0, 10.0), np.arange(5.0))
    assert found.value == 1.0
    assert found.interval == pytest.approx((0.025 ** (1 / 5), 1.0))
    assert probability_of_improvement(np.arange(5.0), np.arange(5.0, 10.0)).interval.low == 0.0
    assert np.isnan(probability_of_improvement(np.ones(1), np.zeros(4)).interval.low)
    assert np.isnan(probability_of_improvement(np.ones(3), np.ones(3)).interval.low), "ties say nothing of the spread"
