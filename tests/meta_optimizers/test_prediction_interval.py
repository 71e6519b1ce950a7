"""The interval of what was chosen less what was not: its coverage, and that it finds a lucky winner."""

import math

import numpy as np
import pytest

from mesascope.meta_optimizers.prediction_interval import excess_over


def test_one_other_seed_gives_no_interval():
    found = excess_over([0.1], [0.3])
    assert found.value == pytest.approx(-0.2)
    assert all(map(math.isnan, found.interval))


@pytest.mark.parametrize("chosen", [1, 3, 10])
@pytest.mark.parametrize("of_the_levels", [0.0, 1.0, 3.0])
def test_where_nothing_was_chosen_the_excess_holds_zero_as_often_as_it_says(chosen, of_the_levels):
    """The tuner's seeds share one bench of levels, every other seed has its own: the tuner's are not independent."""
    rng = np.random.default_rng(chosen)
    held = 0
    for _ in range(2_000):
        ours = of_the_levels * rng.normal() + rng.normal(size=chosen)
        theirs = of_the_levels * rng.normal(size=5) + rng.normal(size=5)
        found = excess_over(ours, theirs)
        held += found.interval.low <= 0 <= found.interval.high
    assert held / 2_000 >= 0.935
    if chosen == 1:
        assert held / 2_000 < 0.965, "a single seed is one draw exactly"


def test_the_best_of_many_is_found_too_good():
    """The winner of a hundred configurations that are all alike: the luck that meta-level overfitting is made of."""
    rng = np.random.default_rng(0)
    above = 0
    for _ in range(200):
        best = rng.normal(size=100).max()
        above += excess_over([best], rng.normal(size=10)).interval.low > 0
    assert above > 0.5 * 200
