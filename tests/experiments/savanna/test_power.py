"""RLO's formula for diversity, in units of the savanna."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.statistics import Estimate, Interval
from mesascope.experiments.savanna.diversity import _crossing, compare_with_formula
from mesascope.experiments.savanna.ecology import Ecology
from mesascope.experiments.savanna.phases import Phases, Point
from mesascope.experiments.savanna.power import Tradeoff, best_search, boundary, tradeoff, values_of, worth_of
from mesascope.experiments.savanna.selection import Life
from mesascope.experiments.savanna.shown_diversity import of_formula

COUNTS, COSTS = (1, 2, 4, 8, 16, 32, 64, 128), (0.0, 0.05, 0.15, 0.3, 0.5)


def test_bits_about_options_buy_what_they_buy():
    worth = worth_of(4)
    assert worth.bits[-1] == pytest.approx(2.0, abs=0.01)
    assert worth.offspring[-1] == pytest.approx(1.0294, abs=0.02), "the best of four normals"
    # Few bits tilt a choice a little: gain^2 = 2 x variance x nats, and options leave 3/4 of the variance within contexts.
    few = np.array([1e-3, 1e-2])
    np.testing.assert_allclose(worth.of(few), np.sqrt(2 * 0.75 * few * np.log(2)), rtol=0.05)
    assert (np.diff(worth.offspring) >= 0).all()
    np.testing.assert_allclose(worth.needed(worth.of(np.array([0.3, 1.2]))), [0.3, 1.2], atol=1e-6)


def test_bits_about_values_are_those_of_the_density_over_directions():
    found = values_of()
    angle = np.linspace(0, np.pi, 20_001)
    for sharpness in (0.5, 3.0, 40.0):
        # Directions in four dimensions: the angle to the pole has density proportional to its squared sine.
        alike = np.sin(angle) ** 2
        told = alike * np.exp(sharpness * (np.cos(angle) - 1))
        alike, told = alike / alike.sum(), told / told.sum()
        cosine = (told * np.cos(angle)).sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            bits = np.where(told > 0, told * np.log2(told / alike), 0)
        assert np.interp(cosine, found.cosine, found.bits) == pytest.approx(np.nansum(bits), rel=0.02)


@given(c=st.floats(0.1, 3), power=st.floats(1, 60), contexts=st.floats(1, 40))
@settings(max_examples=60, deadline=None)
def test_the_papers_example_has_the_papers_solution(c, power, contexts):
    bits = np.linspace(0, 400, 40_001)
    found = best_search(Tradeoff(bits, bits**2 / (2 * c)), power, contexts)
    assert found == pytest.approx(min(c * contexts, (2 * c * power) ** 0.5), abs=0.02)


def test_at_the_boundary_reflexes_and_values_are_worth_the_same():
    worth, values = worth_of(4), values_of()
    for cost in (0.0, 0.15, 0.5):
        count = boundary(tradeoff(4, 0.98, cost), 8.0)
        animal = worth.offspring[-1] * 0.98 * np.interp(8.0, values.bits, values.cosine) - cost
        assert worth.of(np.array([8.0 / count]))[0] == pytest.approx(animal, abs=0.01)
    assert boundary(tradeoff(4, 0.0, 0.0), 8.0) == float("inf"), "percepts tell nothing"
    assert best_search(tradeoff(4, 0.0, 0.0), 8.0, 128) == 0


def phases_of(edges):
    """Shares that turn where `edges` say, by cost; ten seeds alike but for a little."""
    points = []
    for count in COUNTS:
        for cost in COSTS:
            share = 1 / (1 + (edges[cost] / count) ** 4)
            seeds = tuple(float(np.clip(share + 0.02 * (i - 4.5) / 4.5, 0, 1)) for i in range(10))
            told = Estimate(share, Interval(share, share))
            points.append(Point(Life(cost, count, 0.5, 0.98), told, told, 1.0, seeds))
    return Phases(tuple(points), (), (), 10)


def test_a_planted_budget_is_found_and_the_costs_held_out_are_predicted():
    ecology = Ecology()
    edges = {cost: boundary(tradeoff(4, 0.98, cost), 8.0) for cost in COSTS}
    found = compare_with_formula(phases_of(edges), ecology)
    assert found.power == pytest.approx(8.0, rel=0.1)
    assert found.error_checked < 0.15 < found.constant
    assert [c.fitted for c in found.crossings] == [True, False, True, False, True]
    assert found.free == pytest.approx(4 * 0.75 / (1.0294 * 0.98) ** 2, rel=0.05), (
        "numbers of a genome over those of a context"
    )
    assert "fitted to every other cost" in of_formula(found).text


def test_a_boundary_that_does_not_move_as_the_formula_says_is_not_predicted():
    found = compare_with_formula(phases_of(dict.fromkeys(COSTS, 10.0)), Ecology())
    assert found.error_checked > 0.25 > found.constant


def test_where_shares_never_cross_nothing_is_found():
    found = compare_with_formula(phases_of(dict.fromkeys(COSTS, 0.01)), Ecology())
    assert all(c.found is None for c in found.crossings)
    assert np.isnan(found.error_checked)
    assert found.power is None
    assert found.search == ()
    shown = of_formula(found)
    assert shown.table is not None
    assert "nothing was fitted" in shown.text


def test_where_percepts_tell_nothing_search_never_pays():
    found = compare_with_formula(phases_of(dict.fromkeys(COSTS, 0.01)), Ecology(correlation=0.0))
    assert found.free == float("inf")


def test_straight_lines_between_fitted_boundaries_are_a_control_that_can_win():
    ends = {cost: 2.0 ** (2 + 6 * cost) for cost in COSTS}  # straight in doublings, and no formula
    found = compare_with_formula(phases_of(ends), Ecology())
    assert found.between < 0.1 < found.error_checked


def test_resamples_that_pass_early_count():
    rng = np.random.default_rng(0)
    shares = np.clip(np.array([0.45, 0.6, 0.9])[:, None] + rng.normal(0, 0.5, (3, 10)), 0, 1)
    shares[0] = np.clip(0.45 + rng.permutation(np.linspace(-0.45, 0.45, 10)), 0, 1)
    found = _crossing(np.log2([1.0, 2.0, 4.0]), shares)
    assert found is not None
    assert found.interval.low == 1.0, "some resamples are above a half from the first setting on"
