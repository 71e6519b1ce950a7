import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.store.strict_json import depth, parse

HOSTILE = {
    "not UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "nested too deep": b"[" * 33 + b"]" * 33,
    "nested absurdly deep": b"[" * 100_000,
    "duplicate keys": b'{"a": 1, "a": 2}',
    "duplicate keys below": b'{"a": {"b": 1, "b": 1}}',
    "NaN": b'{"a": NaN}',
    "infinity": b"[-Infinity]",
    "a float beyond all": b"[1e999]",
    "an integer of 5,000 digits": b"[" + b"9" * 5_000 + b"]",
    "half a surrogate pair": b'["\\ud800"]',
    "two values": b"{} {}",
    "a NUL": b'{"a": 1}\x00',
    "nothing": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_json_is_refused(data):
    with pytest.raises(ValueError):
        parse(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(VALUES)
def test_what_python_writes_is_read_back(value):
    text = json.dumps(value, ensure_ascii=True)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        with pytest.raises(ValueError, match="surrogate"):
            parse(text.encode())
        return
    assert parse(text.encode()) == value


@given(VALUES)
def test_depth_is_that_of_the_value(value):
    def slow(part):
        if isinstance(part, dict):
            return 1 + max(map(slow, part.values()), default=0)
        return 1 + max(map(slow, part), default=0) if isinstance(part, list) else 0

    assert depth(json.dumps(value)) == slow(value)


@given(st.binary(max_size=200))
def test_only_value_errors_escape(data):
    with contextlib.suppress(ValueError):
        parse(data)
