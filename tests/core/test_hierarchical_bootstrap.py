"""Nested measurements: resamples against all that are possible, and how often intervals hold."""

from collections import Counter
from fractions import Fraction
from itertools import product

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks import nested_intervals as nested
from mesascope.core.hierarchical_bootstrap import hierarchical_bootstrap, resampled_statistic, unit_means
from mesascope.core.statistics import mean_over_seeds

RAGGED = [[[1, 5], [2]], [[8, 9, 13]], [[4]]]
"""Episodes on levels of seeds."""

TREES = st.lists(
    st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=4), min_size=1, max_size=4), min_size=1, max_size=5
)


def flat(tree):
    """Values with the labels of their seed and level, in a shuffled order."""
    rows = np.array([(v, s, f) for s, seed in enumerate(tree) for f, level in enumerate(seed) for v in level])
    rows = np.random.default_rng(0).permutation(rows)
    return rows[:, 0].astype(float), [rows[:, 1], rows[:, 2]]


def slow_mean(tree):
    """Mean of means."""
    return Fraction(tree) if isinstance(tree, int) else sum(map(slow_mean, tree)) / len(tree)


def slow_resamples(tree, levels):
    """Every resample of a tree, each as likely as how often it comes."""
    if levels == 0 or isinstance(tree, int):
        return [tree]
    kept = [slow_resamples(branch, levels - 1) for branch in tree]
    return [
        list(branches)
        for drawn in product(range(len(tree)), repeat=len(tree))
        for branches in product(*(kept[i] for i in drawn))
    ]


def slow_distribution(tree, levels):
    """Chance of every mean that a resample can have."""
    if levels == 0 or isinstance(tree, int):
        return {slow_mean(tree): Fraction(1)}
    inner = Counter()
    for branch in tree:
        for value, chance in slow_distribution(branch, levels - 1).items():
            inner[value] += chance / len(tree)
    total = {Fraction(0): Fraction(1)}
    for _ in tree:
        summed = Counter()
        for (a, p), (b, q) in product(total.items(), inner.items()):
            summed[a + b / len(tree)] += p * q
        total = summed
    return dict(total)


def test_the_twin_is_every_resample_one_by_one():
    tree = [[[1, 5], [2]], [[8]]]
    for levels in (1, 2):
        every = [slow_mean(one) for one in slow_resamples(tree, levels)]
        # A resample of a branch with more of its own counts more often in the list: weigh each draw of the top alike.
        assert set(every) == set(slow_distribution(tree, levels))


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_resamples_come_as_often_as_all_that_are_possible_say(levels):
    values, groups = flat(RAGGED)
    count = 20_000
    found = np.sort(resampled_statistic(values, groups, levels=levels, resamples=count))
    exact = sorted((float(v), float(p)) for v, p in slow_distribution(RAGGED, levels).items())
    points, chances = np.array(exact).T
    below = np.searchsorted(found, points + 1e-9) / count
    assert np.abs(below - np.cumsum(chances)).max() < 1.95 / count**0.5, (
        "Kolmogorov and Smirnov's, one run in a thousand"
    )
    if levels == 1:
        assert set(found.round(9)) <= set(points.round(9))


@hypothesis.settings(max_examples=50, deadline=None, derandomize=True)
@given(TREES)
def test_the_point_is_the_mean_of_means_and_units_are_those_of_the_top(tree):
    values, groups = flat(tree)
    np.testing.assert_allclose(unit_means(values, groups), [float(slow_mean(seed)) for seed in tree], atol=1e-9)
    found = hierarchical_bootstrap(values, groups, resamples=200)
    assert found.value == pytest.approx(float(slow_mean(tree)))
    assert np.isnan(found.interval.low) or found.interval.low <= found.value <= found.interval.high
    assert not np.isfinite(found.interval.low) or len(tree) > 1


def test_labels_of_one_level_are_told_apart_by_the_level_above():
    seed, level = ["b", "b", "a", "a"], [7, 7, 7, 8]
    np.testing.assert_allclose(unit_means(np.array([1.0, 3.0, 5.0, 9.0]), [seed, level]), [7.0, 2.0])


def test_of_a_mean_of_few_units_it_is_students_interval():
    values, groups = flat(RAGGED)
    found = hierarchical_bootstrap(values, groups, resamples=200_000)
    student = mean_over_seeds(unit_means(values, groups))
    assert found.value == pytest.approx(student.value)
    np.testing.assert_allclose(found.interval, student.interval, atol=0.01 * (student.interval.high - student.value))


def test_of_many_units_it_is_the_percentiles():
    values = np.random.default_rng(1).exponential(size=(40, 3))
    seed = np.repeat(np.arange(40), 3)
    found = hierarchical_bootstrap(values.ravel(), [seed], resamples=20_000)
    means = values.mean(1)[np.random.default_rng(2).integers(40, size=(20_000, 40))].mean(1)
    tail = stats.norm.cdf(-stats.t.ppf(0.975, 39) * np.sqrt(40 / 39))
    assert 0.018 < tail < 0.025, "a little farther out than a percentile interval"
    np.testing.assert_allclose(found.interval, np.quantile(means, [tail, 1 - tail]), atol=0.02)
    assert found.interval.high - found.value > found.value - found.interval.low, "a skewed sample, a skewed interval"


@pytest.mark.parametrize("spread", ["between seeds", "on all levels", "within seeds"])
def test_five_ragged_units_are_covered_and_values_taken_for_independent_are_not(spread):
    """As the page on intervals measures with more samples."""
    draw = nested.DRAWS[spread]
    assert 0.92 < nested.held(nested.whole_units, draw, 5, 400) < 0.98
    if spread == "between seeds":
        assert nested.held(nested.pooled, draw, 5, 150) < 0.6
        assert nested.held(nested.every_level, draw, 5, 200) < 0.9
    if spread == "within seeds":
        assert nested.held(nested.every_level, draw, 5, 400) >= 0.97, "counted twice"


def test_one_unit_and_few_that_agree_have_no_interval():
    many = np.random.default_rng(0).normal(size=500)
    assert np.isnan(hierarchical_bootstrap(many, [np.zeros(500, int)], levels=None).interval).all()
    assert np.isnan(hierarchical_bootstrap(np.ones(60), [np.arange(60) % 6]).interval).all()
    assert hierarchical_bootstrap(np.ones(60), [np.arange(60) % 30]).interval == pytest.approx((1.0, 1.0))
    assert np.isnan(hierarchical_bootstrap(many[:0], [many[:0]]).value)


def test_a_statistic_that_no_mean_gives():
    """The median of everything: unit means do not say it."""

    def median(weights, values):
        order = np.argsort(values)
        return values[order][(weights[:, order].cumsum(1) < 0.5 - 1e-12).sum(1)]

    values, seed = np.arange(21.0), np.repeat([0, 1, 2], 7)
    found = hierarchical_bootstrap(values, [seed], median)
    assert found.value == 10.0
    assert found.interval.low < 3 < 17 < found.interval.high


def test_the_same_seed_gives_the_same_interval_however_many_fit_into_memory(monkeypatch):
    values, groups = flat(RAGGED)
    once = hierarchical_bootstrap(values, groups, levels=3)
    assert hierarchical_bootstrap(values, groups, levels=3) == once
    assert hierarchical_bootstrap(values, groups, levels=3, seed=1) != once
    monkeypatch.setattr("mesascope.core.hierarchical_bootstrap._AT_ONCE", 100)
    np.testing.assert_allclose(hierarchical_bootstrap(values, groups, levels=3).interval, once.interval, rtol=0.1)


@pytest.mark.parametrize(
    ("groups", "levels", "says"),
    [([[0, 1]], 1, "for each of the 3 values, found 2"), ([], 2, "1 to 1"), ([], 0, "levels=0")],
)
def test_what_does_not_fit_is_refused(groups, levels, says):
    with pytest.raises(ValueError, match=says):
        hierarchical_bootstrap(np.ones(3), groups, levels=levels)
    with pytest.raises(ValueError, match="at least one array"):
        unit_means(np.ones(3), [])
