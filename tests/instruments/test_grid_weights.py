"""Weights on a grid: the grid, and that its intervals hold what levels tell and no more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.statistics import rate_of
from mesascope.instruments.choice_weights import features_undecided
from mesascope.instruments.grid_weights import EXPONENTS, MOST, spread_over_grid, weight_grid

NAMES = ("key", "chest")
GRID = weight_grid(2)
OWN = EXPONENTS.index(1.0)


@given(st.integers(1, 12), st.integers(1, 300))
def test_every_feature_is_wanted_and_shunned_by_itself_and_none_outweighs_the_scale(features, most):
    grid = weight_grid(features, most)
    assert len(grid.weights) <= max(most, 2 * features)
    assert grid.prior.sum() == pytest.approx(1)
    rows = {tuple(row) for row in grid.weights.tolist()}
    assert len(rows) == len(grid.weights)
    for row in np.eye(features):
        assert tuple(row) in rows
        assert tuple(-row) in rows
    top = grid.weights.max(1)
    np.testing.assert_allclose(np.where(top > 0, top, np.abs(grid.weights).max(1)), 1)


def test_cells_leave_no_weight_between_them():
    """Of two features, one wanted: every weight of the other lies in the cell of some objective."""
    for weight in np.linspace(-4, 1, 101):
        inside = (GRID.low - 1e-9 <= [1, weight]) & ([1, weight] <= GRID.high + 1e-9)
        assert inside.all(1).any(), weight
    assert (GRID.low <= GRID.weights).all()
    assert (GRID.weights <= GRID.high).all()
    assert len(GRID.weights) <= MOST


def logs(truth, units, strength, rng, exponent=OWN):
    """Noisy log likelihoods that fall with the square of the distance from the truth, by unit, for one kind of noise."""
    apart = ((GRID.weights - truth) ** 2).sum(1)
    found = np.full((len(GRID.weights), len(EXPONENTS), 1, units), -1e6)
    found[:, exponent] = -strength * apart[:, None, None] * rng.exponential(size=(1, 1, units))
    return found


def test_what_levels_agree_on_is_told_to_a_cell_of_the_grid():
    rng = np.random.default_rng(0)
    found = spread_over_grid(GRID, logs([0.25, 1.0], 64, 20.0, rng), NAMES, rng)
    assert found.weights["chest"].interval == (1.0, 1.0)
    assert found.weights["key"].interval == pytest.approx((0.125, 0.375))
    assert found.wanted == ("chest", "key")
    assert features_undecided(found.weights) == ()


def test_what_no_level_tells_is_undecided():
    rng = np.random.default_rng(0)
    wanted = np.where(GRID.weights[:, 1] == 1, 0.0, -50.0)
    flat = np.broadcast_to(wanted[:, None, None, None], (len(GRID.weights), len(EXPONENTS), 2, 30))
    found = spread_over_grid(GRID, flat, NAMES, rng)
    low, high = found.weights["key"].interval
    assert low < -0.5
    assert high > 0.8
    assert features_undecided(found.weights) == ("key",)
    assert found.wanted == ("chest",)


def test_levels_that_disagree_widen_an_interval_that_a_plain_posterior_has_as_a_point():
    """Half of the levels tell of one weight and half of another, as where the agent decides in no way that was thought of."""
    rng = np.random.default_rng(0)
    parts = [logs([weight, 1.0], 20, 30.0, rng) for weight in (0.0, 0.5)]
    both = np.concatenate(parts, -1)
    found = spread_over_grid(GRID, both, NAMES, rng)
    plain = both[:, OWN, 0].sum(-1)
    assert np.exp(plain - plain.max()).sum() < 1.1
    assert np.ptp(found.weights["key"].interval) > 0.4


def test_an_agent_that_discounts_otherwise_is_read_by_its_own_discount():
    rng = np.random.default_rng(0)
    own = logs([0.5, 1.0], 40, 30.0, rng, EXPONENTS.index(2.5))
    found = spread_over_grid(GRID, own, NAMES, rng)
    assert found.weights["key"].interval.low <= 0.5 <= found.weights["key"].interval.high


def test_intervals_hold_the_truth_over_many_agents():
    """Units whose own optimum scatters about the truth: 95 % intervals hold at least what an exact interval of 60 allows."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(-0.9, 0.9)
        centers = rng.normal(truth, 0.5, 40)
        apart = (GRID.weights[:, 0, None] - centers) ** 2 + 100 * (GRID.weights[:, 1, None] - 1) ** 2
        found = spread_over_grid(GRID, np.tile((-2 * apart)[:, None, None], (1, len(EXPONENTS), 1, 1)), NAMES, rng)
        low, high = found.weights["key"].interval
        held += low <= truth <= high
    assert rate_of(held, 60).interval.high >= 0.95
    assert held >= 53
