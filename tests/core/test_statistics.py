"""Intervals against closed forms, and that they hold what they claim to hold."""

from math import comb

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binomtest

from benchmarks.intervals import BOUNDED, FEW_UNITS, UNBOUNDED
from mesascope.core.statistics import (
    NO_INTERVAL,
    difference_of_means,
    mean_of,
    mean_over_seeds,
    rate_of,
    ratio_of,
    statistic_of,
)
from tests.core import interval_twins as twins

REPEATS = 8_000
COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@hypothesis.settings(max_examples=100, deadline=None, derandomize=True)
@given(COUNTS)
def test_rates_have_the_exact_interval_of_scipy(counts):
    found = rate_of(*counts)
    assert found.interval == pytest.approx(tuple(binomtest(*counts).proportion_ci(0.95, "exact")), abs=1e-9)
    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1


def test_rate_of_a_published_example():
    """Newcombe 1998, table I: 81 of 263 gives 0.2527 to 0.3676; 0 of 20 gives 0 to 0.1684."""
    assert rate_of(81, 263).interval == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert rate_of(0, 20).interval == pytest.approx((0.0, 0.1684), abs=5e-5)


def test_rate_without_trials_knows_nothing():
    found = rate_of(0, 0)
    assert np.isnan(found.value)
    assert found.interval == (0.0, 1.0)


@pytest.mark.parametrize("successes", [-1, 6])
def test_rate_refuses_impossible_counts(successes):
    with pytest.raises(ValueError, match="in 5 trials"):
        rate_of(successes, 5)


@pytest.mark.parametrize("trials", [1, *FEW_UNITS, 60])
def test_rates_hold_at_every_rate(trials):
    """Exactly, as the sum over counts whose interval holds the rate."""
    intervals = np.array([rate_of(k, trials).interval for k in range(trials + 1)])
    for rate in (0.001, 0.01, 0.05, 0.18, 0.5, 0.9):
        weights = np.array([_binomial(k, trials, rate) for k in range(trials + 1)])
        assert weights[(intervals[:, 0] <= rate) & (rate <= intervals[:, 1])].sum() >= 0.95 - 1e-9


def _binomial(k, n, p):
    return comb(n, k) * p**k * (1 - p) ** (n - k)


@pytest.mark.parametrize("units", FEW_UNITS)
def test_intervals_of_few_units_are_those_of_the_formulas(units):
    rng = np.random.default_rng(units)
    rows, others = rng.normal(size=(2, 5, units))
    for one, other, mean, welch, ratio in zip(
        rows,
        others,
        zip(*twins.student(rows), strict=True),
        zip(*twins.welch(rows, others), strict=True),
        zip(*twins.jackknifed_ratio(rows, 9 + others), strict=True),
        strict=True,
    ):
        assert mean_of(one).interval == mean_over_seeds(one).interval == pytest.approx(mean)
        assert difference_of_means(one, other).interval == pytest.approx(welch)
        assert ratio_of(one, 9 + other).interval == pytest.approx(ratio)
    shares = rng.beta(0.5, 0.5, size=(5, units))
    for one, low, high in zip(shares, *twins.gaffke(shares), strict=True):
        assert mean_of(one, 0, 1).interval == pytest.approx((low, high), abs=0.03)


@pytest.mark.parametrize("units", FEW_UNITS)
@pytest.mark.parametrize("name", BOUNDED)
def test_means_of_units_with_two_bounds_hold_whatever_the_distribution(name, units):
    """Rare events, heavy skew, and an agent that seldom fails among them."""
    draw, mean = BOUNDED[name]
    rows = draw(np.random.default_rng(units), 600 * units).reshape(600, units)
    assert twins.hold(twins.gaffke(rows), mean) >= 0.95


@pytest.mark.parametrize("units", FEW_UNITS)
@pytest.mark.parametrize("name", [name for name, kind in UNBOUNDED.items() if kind.claimed])
def test_means_differences_and_ratios_of_even_units_hold(name, units):
    draw, mean, _ = UNBOUNDED[name]
    first, second = (draw(np.random.default_rng((units, k)), REPEATS * units).reshape(REPEATS, units) for k in (0, 1))
    assert 0.935 <= twins.hold(twins.student(first), mean) <= 0.98
    assert 0.935 <= twins.hold(twins.welch(first, second), 0.0) <= 0.995
    scale = np.random.default_rng(1).uniform(0.6, 1.4, first.shape)
    assert 0.93 <= twins.hold(twins.jackknifed_ratio(scale * (first + 10), scale), mean + 10) <= 0.98


def test_skewed_units_and_rare_events_are_why_bounds_are_asked_for():
    """What the page says that Student's interval does not hold."""
    for name, most in (("exponential", 0.91), ("2 % are 1, others 0", 0.5)):
        draw, mean, claimed = UNBOUNDED[name]
        rows = draw(np.random.default_rng(0), REPEATS * 5).reshape(REPEATS, 5)
        assert not claimed
        assert twins.hold(twins.student(rows), mean) < most


def test_one_unit_has_no_interval():
    """A count apart, whose exact interval holds also of one."""
    one = np.array([0.83])
    for found in (
        mean_of(one),
        mean_of(one, 0, 1),
        mean_over_seeds(one),
        mean_over_seeds(one, 0.0, 1.0),
        difference_of_means(one, np.ones(4)),
        ratio_of(one, np.array([1.0])),
        ratio_of(np.array([0.83, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])),
        statistic_of(one[:, None], lambda m: m[:, 0]),
    ):
        assert np.isfinite(found.value)
        assert np.isnan(found.interval).all()


@pytest.mark.parametrize("units", FEW_UNITS)
def test_units_that_agree_have_no_interval_of_width_zero(units):
    same, rng = np.full(units, 0.9), np.random.default_rng(0)
    assert np.isnan(mean_of(same).interval).all()
    assert np.isnan(mean_over_seeds(same, most=1.0).interval).all()
    assert np.isnan(difference_of_means(np.ones(units), same).interval).all()
    assert np.isnan(difference_of_means(rng.normal(size=units), same).interval).all()
    assert np.isnan(ratio_of(3 * same, 4 * same).interval).all()
    for found in (mean_of(same, 0, 1), mean_over_seeds(same, 0, 1)):
        assert found.interval.low < 0.9 < found.interval.high
    found = difference_of_means(np.ones(units), same, 0, 1)
    assert -1 < found.interval.low < 0.1 < found.interval.high < 1


def test_a_mean_of_events_has_the_interval_of_their_count():
    events = np.array([0.0, 2.0, 0.0, 0.0])
    low, high = rate_of(1, 4).interval
    assert mean_of(events, 0, 2).interval == pytest.approx((2 * low, 2 * high))
    nearly = mean_of(np.array([0.0, 2.0, 0.0, 1e-6]), 0, 2)
    assert nearly.interval == pytest.approx((2 * low, 2 * high), abs=0.02)


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@given(hnp.arrays(np.float64, st.integers(2, 12), elements=st.floats(0, 1)))
def test_an_exact_interval_holds_its_mean_and_turns_with_its_units(units):
    found, turned = mean_of(units, 0, 1), mean_of(1 - units, 0, 1)
    assert 0 <= found.interval.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.interval.high <= 1
    assert turned.interval == pytest.approx((1 - found.interval.high, 1 - found.interval.low), abs=1e-9)


def test_what_is_a_bound_but_for_rounding_is_the_bound():
    assert mean_of(np.array([3e-21, 3e-21]), 0, 1).interval == mean_of(np.zeros(2), 0, 1).interval


def test_an_exact_interval_narrows_to_that_of_the_bootstrap():
    units = np.random.default_rng(5).beta(2, 2, 2_000)
    assert mean_of(units, 0, 1).interval == pytest.approx(mean_of(units).interval, abs=2e-3)


def test_the_jackknife_of_a_mean_is_students():
    units = np.random.default_rng(6).normal(size=7)
    found = statistic_of(units[:, None], lambda m: m[:, 0])
    assert found.interval == pytest.approx(mean_of(units).interval)


def test_bootstrap_covers():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        low, high = mean_of(rng.exponential(1.0, 80)).interval
        covered += low <= 1.0 <= high
    # Percentile intervals of 80 skewed numbers cover a little less than they claim.
    assert 0.89 <= covered / 400 <= 0.97


def test_bootstrap_width_is_the_standard_error():
    sample = np.random.default_rng(2).normal(size=500)
    low, high = mean_of(sample).interval
    assert (high - low) / 2 == pytest.approx(1.96 * sample.std() / 500**0.5, rel=0.08)


def test_bootstrap_is_a_function_of_its_seed():
    sample = np.random.default_rng(3).normal(size=50)
    assert mean_of(sample, seed=1) == mean_of(sample, seed=1)
    assert mean_of(sample, seed=1) != mean_of(sample, seed=2)


def test_bootstrap_resamples_levels_as_wholes():
    """Columns that sum to one in each level sum to one in each resample."""
    share = np.random.default_rng(4).uniform(size=30)
    found = statistic_of(np.stack([share, 1 - share], 1), lambda means: means.sum(-1))
    assert found.interval == pytest.approx((1.0, 1.0))
    assert found.value == pytest.approx(1.0)


def test_ratio_is_of_sums():
    assert ratio_of(np.array([1.0, 3.0]), np.array([2.0, 8.0])).value == pytest.approx(0.4)
    many = ratio_of(np.tile([1.0, 3.0], 40), np.tile([2.0, 8.0], 40))
    assert many.value == pytest.approx(0.4)
    assert 0.375 < many.interval.low < 0.4 < many.interval.high < 0.5


def test_ratio_counts_only_units_that_say_something():
    few = np.array([0.2, 0.5, 0.4]), np.array([1.0, 1.0, 1.0])
    padded = (np.concatenate([part, np.zeros(97)]) for part in few)
    assert ratio_of(*padded) == ratio_of(*few)


def test_ratio_leaves_out_resamples_without_a_denominator():
    """Of forty units that all count, one alone has a denominator."""
    found = ratio_of(np.full(40, 1e-3), np.eye(40)[0])
    assert np.isfinite([found.value, *found.interval]).all()


def test_ratio_of_nothing_is_not_a_number():
    found = ratio_of(np.zeros(3), np.zeros(3))
    assert np.isnan([found.value, *found.interval]).all()


def test_bootstrap_of_no_levels_is_not_a_number():
    found = mean_of(np.zeros(0))
    assert np.isnan([found.value, *found.interval]).all()
    assert np.isnan(NO_INTERVAL).all()
