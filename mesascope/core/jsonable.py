"""Results as plain values that JSON can hold."""

import dataclasses
import enum
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.statistics import Interval


def to_json(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers, booleans and None.

    NamedTuples and dataclasses become dicts of their fields, intervals `[low, high]`, enums their value, arrays (NumPy
    or JAX) nested lists, sets sorted lists. NaN and infinities, which JSON does not have, become None. Keys of dicts
    must be strings or enums of strings. Raises `TypeError`, naming the place, for anything else.
    """
    return _plain(value, "value")


def _plain(value: Any, at: str) -> Any:
    # Enums first: a StrEnum is also a string.
    if isinstance(value, enum.Enum):
        return _plain(value.value, at)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic | np.ndarray | jax.Array):
        return _array(value, at)
    if isinstance(value, Mapping):
        return {_key(k, at): _plain(v, f"{at}.{k}") for k, v in value.items()}
    if isinstance(value, Interval):
        return [_plain(end, at) for end in value]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: _plain(getattr(value, name), f"{at}.{name}") for name in value._fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return {name: _plain(getattr(value, name), f"{at}.{name}") for name in fields}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{at}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item, at) for item in value)
    raise TypeError(f"{at} is a {type(value).__name__}, which JSON cannot hold")


def _array(value: np.generic | np.ndarray | jax.Array, at: str) -> Any:
    if jnp.issubdtype(value.dtype, jax.dtypes.extended):
        raise TypeError(f"{at} is an array of {value.dtype}, which JSON cannot hold")
    if jnp.issubdtype(value.dtype, jnp.floating):
        numbers = np.asarray(value, np.float64)
        held = numbers.astype(object)
        held[~np.isfinite(numbers)] = None
        return held.tolist()
    if value.dtype == bool or jnp.issubdtype(value.dtype, jnp.integer) or np.dtype(value.dtype).kind == "U":
        return np.asarray(value).tolist()
    raise TypeError(f"{at} is an array of {value.dtype}, which JSON cannot hold")


def _key(key: Any, at: str) -> str:
    plain = key.value if isinstance(key, enum.Enum) else key
    if not isinstance(plain, str):
        raise TypeError(f"{at} has the key {key!r}; the keys of a JSON object are strings")
    return plain
