"""Arrays as safetensors bytes and back, checked before anything is allocated by what a file claims."""

import math
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mesascope.store.strict_json import parse

LARGEST_HEADER = 2**20
MOST = 4_096
"""Arrays in a file."""

Signature = dict[str, tuple[str, tuple[int, ...]]]
"""Type and shape of each array, by name."""

_TYPES = {
    "BOOL": np.dtype(bool),
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "U32": np.dtype(np.uint32),
    "I32": np.dtype(np.int32),
    "U64": np.dtype(np.uint64),
    "I64": np.dtype(np.int64),
    "F16": np.dtype(np.float16),
    "F32": np.dtype(np.float32),
    "F64": np.dtype(np.float64),
}


def encode(arrays: dict[str, np.ndarray]) -> bytes:
    """The arrays as one file's content; equal arrays give equal bytes. `ValueError` for what `decode` would not take."""
    for name, array in arrays.items():
        if array.dtype not in _TYPES.values():
            raise ValueError(f"{name} is an array of {array.dtype}, which cannot be saved")
    data = save({name: np.asarray(array, order="C") for name, array in sorted(arrays.items())})
    _check_header(data)
    return data


def decode(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in a file's content; `ValueError` saying what is wrong with it."""
    _check_header(data)
    try:
        return load(data)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise ValueError(str(error)[:200]) from error


def signature(arrays: dict[str, np.ndarray]) -> Signature:
    """Type and shape of each array, by name."""
    return {name: (str(array.dtype), tuple(array.shape)) for name, array in sorted(arrays.items())}


def difference(expected: Signature, found: Signature) -> tuple[str, str]:
    """The first thing in which two signatures differ, as what was expected and what was found."""
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            return _words(name, expected), _words(name, found)
    return "another order of arrays", "the same arrays"


def _words(name: str, arrays: Signature) -> str:
    if name not in arrays:
        return f"no array {name[:80]}"
    dtype, shape = arrays[name]
    return f"{name[:80]} as {dtype}{list(shape)}"


def _check_header(data: bytes) -> None:
    """Every array in the header has a known type and lies where its shape says, with neither gap nor overlap."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(LARGEST_HEADER, len(data) - 8):
        raise ValueError(f"a header of {length} bytes in a file of {len(data)}")
    header = parse(data[8 : 8 + length])
    if not isinstance(header, dict) or len(header) > MOST:
        raise ValueError(f"a header that is no table of at most {MOST} arrays")
    spans = sorted(_span(name, entry) for name, entry in header.items())
    end = 0
    for first, last in spans:
        if first != end:
            raise ValueError(f"arrays that leave a gap or overlap at byte {min(first, end)}")
        end = last
    if end != len(data) - 8 - length:
        raise ValueError(f"{len(data) - 8 - length} bytes of arrays where the header speaks of {end}")


def _span(name: str, entry: Any) -> tuple[int, int]:
    """First and last byte of an array."""
    try:
        dtype, shape, (first, last) = _TYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in (*shape, first, last))
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"an entry {name[:80]} that describes no array") from None
    if len(entry) != 3 or not whole or len(shape) > 16 or last - first != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"an entry {name[:80]} whose shape and place do not fit")
    return first, last
