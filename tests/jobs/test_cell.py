"""Cells of a study: what they are called."""

from hypothesis import given
from hypothesis import strategies as st

from mesascope.jobs.cell import cell_of_label, label_of


@given(st.text(), st.integers(0, 2**32 - 1))
def test_a_label_says_which_cell_it_is(condition, seed):
    assert cell_of_label(label_of(condition, seed)) == (condition, seed)


def test_another_text_is_no_label():
    assert cell_of_label("seed 3") is None
