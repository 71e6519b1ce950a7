"""Rows of cells as columns."""

import pytest

from mesascope.core.data_frame import Cell, data_frame, number_or_text
from mesascope.core.errors import UsageError


def test_columns_of_all_rows_in_blocks_with_none_where_a_row_has_no_cell():
    settings = [[Cell("a", "real", 1.0)], [Cell("b", "text", "x")]]
    readouts = [[Cell("r", "real", 0.5)], [Cell("r", "real", None)]]
    found = data_frame("cells", [settings, readouts], {"k": "v"})
    assert [(c.name, c.kind, c.values) for c in found.columns] == [
        ("a", "real", (1.0, None)),
        ("b", "text", (None, "x")),
        ("r", "real", (0.5, None)),
    ]
    assert (found.name, found.about, found.rows) == ("cells", {"k": "v"}, 2)


def test_a_setting_that_is_a_text_somewhere_is_one_everywhere():
    rows = [[number_or_text("o", 1)], [number_or_text("o", "auto")], []]
    (column,) = data_frame("cells", [rows], {}).columns
    assert (column.kind, column.values) == ("text", ("1.0", "auto", None))
    assert number_or_text("o", True) == ("o", "flag", True)


@pytest.mark.parametrize(
    "blocks",
    [
        [[[Cell("a", "real", 1.0), Cell("a", "real", 2.0)]]],
        [[[Cell("a", "real", 1.0)]], [[Cell("a", "text", "x")]]],
    ],
)
def test_two_things_of_one_name_are_refused(blocks):
    with pytest.raises(UsageError, match="two columns of .* are called 'a'"):
        data_frame("cells", blocks, {})
