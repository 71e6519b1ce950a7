"""Intervals against closed forms and by their coverage."""

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.statistics import bootstrap, bootstrap_mean, bootstrap_ratio, wilson
from tests.core import twins


@hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_solves_the_score_equation(counts):
    found = wilson(*counts)
    assert found.interval == pytest.approx(twins.wilson(*counts), abs=1e-9)
    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1


def test_wilson_of_a_published_example():
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611."""
    assert wilson(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_without_trials_knows_nothing():
    found = wilson(0, 0)
    assert np.isnan(found.value)
    assert found.interval == (0.0, 1.0)


@pytest.mark.parametrize("successes", [-1, 6])
def test_wilson_refuses_impossible_counts(successes):
    with pytest.raises(ValueError, match="in 5 trials"):
        wilson(successes, 5)


def test_wilson_covers():
    rng = np.random.default_rng(0)
    for rate in (0.05, 0.5, 0.9):
        hits = [wilson(k, 60).interval for k in rng.binomial(60, rate, 2_000)]
        assert 0.93 <= np.mean([low <= rate <= high for low, high in hits]) <= 0.985


def test_bootstrap_covers():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        low, high = bootstrap_mean(rng.exponential(1.0, 80)).interval
        covered += low <= 1.0 <= high
    # Percentile intervals of 80 skewed numbers cover a little less than they claim.
    assert 0.89 <= covered / 400 <= 0.97


def test_bootstrap_width_is_the_standard_error():
    sample = np.random.default_rng(2).normal(size=500)
    low, high = bootstrap_mean(sample).interval
    assert (high - low) / 2 == pytest.approx(1.96 * sample.std() / 500**0.5, rel=0.08)


def test_bootstrap_is_a_function_of_its_seed():
    sample = np.random.default_rng(3).normal(size=50)
    assert bootstrap_mean(sample, seed=1) == bootstrap_mean(sample, seed=1)
    assert bootstrap_mean(sample, seed=1) != bootstrap_mean(sample, seed=2)


def test_bootstrap_resamples_levels_as_wholes():
    """Columns that sum to one in each level sum to one in each resample."""
    share = np.random.default_rng(4).uniform(size=30)
    found = bootstrap(np.stack([share, 1 - share], 1), lambda means: means.sum(-1))
    assert found.interval == pytest.approx((1.0, 1.0))
    assert found.value == pytest.approx(1.0)


def test_ratio_is_of_sums():
    numerator, denominator = np.array([1.0, 3.0]), np.array([2.0, 8.0])
    found = bootstrap_ratio(numerator, denominator)
    assert found.value == pytest.approx(0.4)
    assert found.interval == pytest.approx((0.375, 0.5))


def test_ratio_leaves_out_resamples_without_a_denominator():
    found = bootstrap_ratio(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    assert found == (1.0, (1.0, 1.0))


def test_ratio_of_nothing_is_not_a_number():
    found = bootstrap_ratio(np.zeros(3), np.zeros(3))
    assert np.isnan([found.value, *found.interval]).all()


def test_bootstrap_of_no_levels_is_not_a_number():
    found = bootstrap_mean(np.zeros(0))
    assert np.isnan([found.value, *found.interval]).all()
