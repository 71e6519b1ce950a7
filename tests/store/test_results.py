import json
import math

import numpy as np
import pytest

from mesascope.store.results import json_text, write_json, write_text


def test_equal_results_give_equal_bytes_whatever_the_order_of_their_keys(tmp_path):
    write_json(tmp_path / "a.json", {"x": 1, "y": {"p": 0.1, "q": [1, 2]}})
    write_json(tmp_path / "b.json", {"y": {"q": [1, 2], "p": 0.1}, "x": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_what_json_does_not_have_is_null():
    values = {"nan": math.nan, "inf": -math.inf, "array": np.array([1.0, np.nan], np.float32)}
    assert json.loads(json_text(values)) == {"nan": None, "inf": None, "array": [1.0, None]}


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.123456789, 0.123), (123456.0, 123000.0), (-1.5e-9, -1.5e-9), (0.0, 0.0), (7, 7)]
)
def test_rounding_keeps_significant_digits_of_floats_alone(value, rounded):
    assert json.loads(json_text([value], digits=3)) == [rounded]
    assert json.loads(json_text([value])) == [value]


def test_text_is_written_as_utf8_even_with_half_surrogates(tmp_path):
    write_text(tmp_path / "t.txt", "ü\ud800")
    assert (tmp_path / "t.txt").read_bytes() == "ü?".encode()
    assert json_text("\u202e\ud800").isascii()
