"""Results one to a line."""

import pytest

from mesascope.core.errors import StorageError
from mesascope.store.lines import read_lines, write_lines


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "a" / "cells.jsonl"
    assert read_lines(path) == []
    write_lines(path, [{"b": 1.23456789, "a": [None, float("nan")]}, {"text": "a\nb"}], digits=3)
    assert path.read_bytes() == b'{"a": [null, null], "b": 1.23}\n{"text": "a\\nb"}\n'
    assert read_lines(path) == [{"a": [None, None], "b": 1.23}, {"text": "a\nb"}]


@pytest.mark.parametrize("line", ['{"a": 1', "[1]", '{"a": NaN}', '{"a": 1, "a": 2}'])
def test_a_line_that_is_no_result_is_named(tmp_path, line):
    path = tmp_path / "cells.jsonl"
    path.write_text('{"a": 1}\n' + line + "\n")
    with pytest.raises(StorageError, match="line 2"):
        read_lines(path)
