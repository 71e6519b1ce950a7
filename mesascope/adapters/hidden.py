"""What a module holds besides its weights: an answer that is looked up may lie in its code, or in an attribute of it."""

import inspect
import math
import zlib
from types import BuiltinFunctionType
from typing import Any

import numpy as np

_KEPT_BY_TORCH = ("_parameters", "_buffers", "_modules")


def hidden_bits(module: Any) -> float:
    """Bits of the compressed source of the classes of a module's parts, and of what its parts keep in plain attributes.

    PyTorch's own classes count nothing. Infinite where a source cannot be found. What code reads from elsewhere (a global,
    a file) is not seen: whoever adapts a module vouches that there is none.
    """
    parts = [part for _, part in module.named_modules()]
    total = 0.0
    for kind in {type(part) for part in parts}:
        total += _code_bits(kind)
    for part in parts:
        kept = {name: value for name, value in vars(part).items() if name not in _KEPT_BY_TORCH}
        total += sum((_bits(value) for name, value in kept.items() if not _is_hooks(name)), 0.0)
    return total


def _is_hooks(name: str) -> bool:
    return name.endswith(("_hooks", "_hooks_with_kwargs", "_hooks_always_called")) or name.startswith("_is_")


def _code_bits(code: Any) -> float:
    """Of a class or a function; what a function has closed over is not known."""
    if isinstance(code, BuiltinFunctionType) or str(code.__module__).partition(".")[0] == "torch":
        return 0.0
    if getattr(code, "__closure__", None):
        return math.inf
    try:
        return 8.0 * len(zlib.compress(inspect.getsource(code).encode(), 9))
    except (OSError, TypeError):
        return math.inf


def _bits(value: object) -> float:
    """Arrays by their size; numbers, names and what holds them by what they look like when compressed."""
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return 8.0 * size
    if isinstance(value, dict):
        return sum((_bits(key) + _bits(each) for key, each in value.items()), 0.0)
    if isinstance(value, list | tuple | set | frozenset):
        return sum(map(_bits, value), 0.0)
    if value is None or isinstance(value, bool):
        return 1.0
    if isinstance(value, int | float | np.generic):
        return 64.0
    if isinstance(value, str | bytes):
        return 8.0 * len(value)
    return _code_bits(value) if inspect.isroutine(value) or inspect.isclass(value) else math.inf
