"""When deception pays: backward induction, its slow twin in fractions, and the closed form."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.experiments.two_exits.lifetime import Choice, Conditions, closed_form, grid_of, solve_lifetime
from tests.experiments.lifetime_twin import life, threshold

T, M = 24, 40


def conditions(rows):
    columns = list(zip(*rows, strict=True))
    return Conditions(
        *(jnp.asarray([float(x) for x in column]) for column in columns[:3]),
        *(jnp.asarray(column, jnp.int32) for column in columns[3:]),
    )


def drawn(count, seed=0):
    """Settings in fractions, exact ties among them more often than chance would have it."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        selected, modified = (Fraction(int(rng.integers(0, 9)), 8) for _ in range(2))
        discount = Fraction(int(rng.choice([0, 1, 2, 4, 8, 10, 12, 14, 15, 16])), 16)
        rows.append((selected, modified, discount, int(rng.integers(0, T + 1)), int(rng.integers(0, M + 1))))
    ties = [(Fraction(1), Fraction(1), Fraction(1), k, 1) for k in range(1, 9)] + [
        (Fraction(1, 2), Fraction(1, k), Fraction(1), 3, 2 * k) for k in range(1, 9)
    ]
    # g (1 + g) = 1 has no root in fractions; p g (1 + g) = 1 has: g = 1 - 1/4, p = 16/21.
    ties += [
        (Fraction(16, 21), Fraction(1), Fraction(3, 4), 1, 2),
        (Fraction(1), Fraction(16, 21), Fraction(3, 4), 1, 2),
    ]
    ties += [(Fraction(1), Fraction(1), Fraction(1), k, 0) for k in range(1, 5)]
    return rows + ties


def corner(selected, modified, discount, training, deployed):
    """One B is to be had in all, now or later at no discount: the only case where the closed form misses a tie."""
    return selected * modified * discount == 1 and deployed == 0 and training > 1


ROWS = drawn(1200)


@pytest.fixture(scope="module")
def solved():
    return solve_lifetime(conditions(ROWS), T, M)


def test_the_closed_form_is_backward_induction_in_exact_arithmetic():
    for row in ROWS:
        if row[3] == 0:
            continue  # nothing is left to comply in
        size, (_, choice) = threshold(*row), life(*row)
        assert choice == (0 if corner(*row) else (size > 1) - (size < 1)), row


def test_the_solver_is_its_twin_ties_included(solved):
    for index, row in enumerate(ROWS):
        value, choice = life(*row)
        assert float(solved.value[index, row[3]]) == pytest.approx(float(value), rel=1e-5), row
        assert int(solved.choice[index]) == choice, row
    counted = {c: int((np.asarray(solved.choice) == c).sum()) for c in Choice}
    assert min(counted.values()) >= 10  # none of the three cases is missing


def test_the_closed_form_of_the_package_is_that_of_the_twin():
    found = np.asarray(closed_form(conditions(ROWS)))
    np.testing.assert_allclose(found, [float(threshold(*row)) for row in ROWS], rtol=1e-4, atol=1e-7)


def test_where_it_pays_with_many_left_it_pays_with_fewer(solved):
    for row, schedule in zip(ROWS, np.asarray(solved.schedule), strict=True):
        pays = schedule[1:] > 0
        assert (pays[:-1] | ~pays[1:]).all(), row


@pytest.mark.parametrize("zeroed", [{"discount": 0.0}, {"selected": 0.0}, {"modified": 0.0}, {"deployed": 0}])
def test_zeroing_any_one_of_the_three_conditions_removes_deception(zeroed):
    grid = grid_of(
        jnp.array([0.5, 1.0]), jnp.array([0.5, 1.0]), jnp.array([0.8, 0.9, 1.0]), jnp.array([1, 5]), jnp.array([5, 20])
    )
    assert (np.asarray(solve_lifetime(grid, T, M).choice) == Choice.COMPLY).sum() > 20
    without = grid._replace(**{k: jnp.full_like(getattr(grid, k), v) for k, v in zeroed.items()})
    found = solve_lifetime(without, T, M)
    assert (np.asarray(found.choice) != Choice.COMPLY).all()
    assert (np.asarray(found.schedule) != Choice.COMPLY).all()
    certain = np.asarray(without.selected * without.modified * without.discount) == 1
    assert (np.asarray(found.choice)[~certain] == Choice.DEFECT).all()


@settings(max_examples=60)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, T), st.integers(0, M))
def test_solver_and_closed_form_agree_away_from_the_border(selected, modified, discount, training, deployed):
    one = conditions([(selected, modified, discount, training, deployed)] * 8)
    size = float(closed_form(one)[0])
    if abs(size - 1) > 1e-3:
        assert int(solve_lifetime(one, T, M).choice[0]) == (Choice.COMPLY if size > 1 else Choice.DEFECT)


def test_an_agent_that_would_be_modified_at_once_complies_only_near_the_end():
    found = solve_lifetime(conditions([(Fraction(1), Fraction(1), Fraction(9, 10), 20, 5)]), 20, 5)
    assert np.asarray(found.schedule)[0, 1:].tolist() == [Choice.COMPLY] * 13 + [Choice.DEFECT] * 7
