import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mesascope.store import tensors

ARRAYS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8).filter(
        lambda name: name != "__metadata__"
    ),
    st.one_of(
        *(
            npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
            for dtype in (np.float32, np.int32, np.uint32, np.bool_, np.uint8)
        )
    ),
    min_size=1,
    max_size=4,
)


@given(ARRAYS)
def test_arrays_come_back_bit_for_bit(arrays):
    found = tensors.decode(tensors.encode(arrays))
    assert tensors.signature(found) == tensors.signature(arrays)
    assert all(found[name].tobytes() == arrays[name].tobytes() for name in arrays)
    assert tensors.encode(dict(reversed(arrays.items()))) == tensors.encode(arrays)


def test_transposed_arrays_and_single_numbers_come_back():
    arrays = {"t": np.arange(6, dtype=np.float32).reshape(2, 3).T, "b": np.array(True)}
    found = tensors.decode(tensors.encode(arrays))
    np.testing.assert_array_equal(found["t"], arrays["t"])
    assert found["b"].shape == ()


def test_objects_are_not_saved():
    with pytest.raises(ValueError, match="x is an array of object"):
        tensors.encode({"x": np.array([object()])})


def test_what_could_not_be_read_again_is_not_saved():
    with pytest.raises(ValueError, match="at most 4096 arrays"):
        tensors.encode({f"{number}": np.zeros(1, np.float32) for number in range(tensors.MOST + 1)})


def file(header, payload=b"\0" * 8):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + payload


def entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


HOSTILE = {
    "empty": b"",
    "half a length": b"\x01\0\0",
    "a header longer than the file": (2**20).to_bytes(8, "little") + b"{}",
    "a header of 2^63 bytes": (2**63).to_bytes(8, "little") + b"{}",
    "a header over a megabyte": file(b'{"a":' + b" " * 2**20 + b"1}"),
    "no table": file([1, 2]),
    "not JSON": file(b"{]"),
    "duplicate names": file(b'{"x": %s, "x": %s}' % ((json.dumps(entry()).encode(),) * 2)),
    "an unknown type": file({"x": entry("F13")}),
    "a pickled type": file({"x": entry("O")}),
    "a shape that does not fit": file({"x": entry(shape=(3,))}),
    "a shape beyond 2^63": file({"x": entry(shape=(2**40, 2**40))}),
    "a negative shape": file({"x": entry(shape=(-2,), offsets=(8, 0))}),
    "a fractional shape": file({"x": entry(shape=(2.0,))}),
    "a shape of truths": file({"x": entry(shape=(True, 2))}),
    "negative offsets": file({"x": entry(offsets=(-8, 0))}),
    "offsets beyond the file": file({"x": entry(offsets=(8, 16))}),
    "overlapping arrays": file({"x": entry(), "y": entry(shape=(1,), offsets=(4, 8))}),
    "a gap": file({"x": entry(shape=(1,), offsets=(0, 4))}),
    "a gap in the middle": file({"x": entry(shape=(1,), offsets=(0, 4)), "y": entry(shape=(1,), offsets=(8, 12))}),
    "something more": file({"x": entry(more=1)}),
    "metadata": file({"__metadata__": {"a": "b"}, "x": entry()}),
    "5,000 arrays": file({f"x{i}": entry(shape=(0,), offsets=(0, 0)) for i in range(5_000)}, b""),
    "100 axes": file({"x": entry(shape=(1,) * 99 + (2,))}),
    "payload missing": file({"x": entry()}, b""),
    "payload too long": file({"x": entry()}, b"\0" * 9),
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "a pickle": b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x94.",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused(data):
    with pytest.raises(ValueError):
        tensors.decode(data)


def test_the_file_those_are_made_from_is_taken():
    assert tensors.decode(file({"x": entry()}))["x"].tolist() == [0, 0]


@given(st.data())
def test_only_value_errors_escape(data):
    whole = bytearray(tensors.encode({"a": np.zeros((2, 2), np.float32), "b": np.zeros(3, np.int32)}))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        whole[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        tensors.decode(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def test_the_first_difference_is_named():
    a = {"x": ("float32", (2, 3)), "y": ("int32", ())}
    assert tensors.difference(a, {**a, "x": ("float32", (3, 2))}) == ("x as float32[2, 3]", "x as float32[3, 2]")
    assert tensors.difference(a, {"x": a["x"]}) == ("y as int32[]", "no array y")
    assert tensors.difference({"x": a["x"]}, a) == ("no array y", "y as int32[]")
