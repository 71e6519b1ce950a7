"""Pickles read as data: what they say is what unpickling gives, for what holds no code, and nothing else is ever made."""

import contextlib
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.adapters.sb3.described import Unreadable, array_of, dtype_of, options_of, space_of
from mesascope.adapters.sb3.pickled import Call, Name, read_pickle
from mesascope.core.errors import AgentFileError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(st.integers(), max_size=4)
        | st.frozensets(st.text(max_size=3), max_size=3)
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(PLAIN)
def test_plain_values_come_out_as_they_went_in(value):
    for protocol in (4, 5):
        assert read_pickle(pickle.dumps(value, protocol), "value") == value


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_refused_or_read_but_never_fail_otherwise(data):
    for content in (data, pickle.PROTO + b"\x04" + data + b"."):
        with contextlib.suppress(AgentFileError):
            read_pickle(content, "bytes")


def test_the_first_protocols_are_refused_where_they_write_text():
    with pytest.raises(AgentFileError, match="the opcode INT is not followed"):
        read_pickle(pickle.dumps(3, 0), "number")
    assert read_pickle(pickle.dumps({"a": [3, "x"]}, 2), "dict") == {"a": [3, "x"]}


def test_calls_are_noted_and_not_made(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.makedirs, (str(tmp_path / "sprung"),))

    found = read_pickle(pickle.dumps({"a": [Trap()]}), "trap")
    call = found["a"][0]
    assert isinstance(call, Call)
    assert (call.function, call.arguments) == (Name("os", "makedirs"), (str(tmp_path / "sprung"),))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12, dtype=np.int64)[::3],
        np.zeros((0, 2), np.uint8),
        np.array(True),
        np.float64(2.5),
        np.arange(3, dtype=">i2"),
    ],
    ids=str,
)
def test_arrays_are_those_that_numpy_pickled(array, protocol):
    try:
        found = array_of(read_pickle(pickle.dumps(array, protocol), "array"))
    except Unreadable:
        assert protocol == 2, "NumPy writes bytes as text there"
    else:
        np.testing.assert_array_equal(found, array)
        assert found.dtype == np.asarray(array).dtype


@pytest.mark.parametrize("value", [np.array([print]), np.array(["text"]), np.array([1 + 2j]), "text", print])
def test_what_is_no_array_of_numbers_is_refused(value):
    with pytest.raises(Unreadable, match="expected"):
        array_of(read_pickle(pickle.dumps(value), "array"))


def test_bytes_that_do_not_fill_a_shape_are_refused():
    call = Call(Name("numpy._core.numeric", "_frombuffer"), (b"1234", Name("numpy", "float32"), (2,), "C"))
    with pytest.raises(Unreadable, match="4 bytes"):
        array_of(call)
    with pytest.raises(Unreadable, match="type of numbers"):
        dtype_of(Name("numpy", "object_"))


def test_options_that_are_no_options():
    loop = []
    loop.append(loop)
    for value, message in (
        (3, "a dict"),
        ({"x": loop}, "more than options"),
        ({"x": [0] * 20_000}, "more than options"),
    ):
        with pytest.raises(Unreadable, match=message):
            options_of(value)
    assert options_of({"optimizer_class": print, "net_arch": [{"pi": (8,)}]}) == {"net_arch": [{"pi": (8,)}]}


def test_spaces_are_those_that_were_pickled():
    spaces = pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md").spaces
    box = spaces.Box(np.array([-1, -np.inf], np.float32), np.array([2, np.inf], np.float32))
    image = spaces.Box(0, 255, (3, 8, 8), np.uint8)
    each = [box, image, spaces.Discrete(5, start=2), spaces.MultiDiscrete([3, 2]), spaces.MultiBinary(4)]
    each += [spaces.MultiBinary([2, 3]), spaces.Dict({"b": image, "a": spaces.Discrete(2)})]
    for space in each:
        space.seed(0)
        assert space_of(read_pickle(pickle.dumps(space), "space")) == space
    for other in (spaces.Tuple([box]), spaces.Dict({"a": spaces.Dict({"b": box})}), spaces.Text(3)):
        with pytest.raises(Unreadable):
            space_of(read_pickle(pickle.dumps(other), "space"))
