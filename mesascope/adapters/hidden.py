"""What a module holds besides its weights: an answer that is looked up may lie in its code, or in anything its code reads."""

import builtins
import dis
import inspect
import math
import zlib
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_KEPT_BY_TORCH = ("_parameters", "_buffers", "_modules")

_KNOWN = frozenset(
    [
        "torch",
        "numpy",
        "math",
        "cmath",
        "functools",
        "itertools",
        "operator",
        "typing",
        "types",
        "collections",
        "dataclasses",
        "enum",
        "abc",
        "builtins",
        "mesascope",
    ]
)
"""Libraries whose code counts nothing, because everybody has it."""

_READS = frozenset(
    [
        "open",
        "eval",
        "exec",
        "compile",
        "globals",
        "input",
        "__import__",
        "load",
        "fromfile",
        "memmap",
        "loadtxt",
        "genfromtxt",
        "from_file",
    ]
)
"""Names, of builtins or of what those libraries offer, by which code reads what is not written in it."""


def hidden_bits(module: Any, *functions: Callable[..., Any]) -> float:
    """Bits of the compressed source of a module's classes and functions, and of the plain values that they or it hold.

    Counted are the classes of the module's parts and what they derive from, the functions given besides, what their code reads
    by name (other functions and classes, global values), and the parts' plain attributes. PyTorch and a few other libraries
    count nothing. Infinite where a source cannot be found, and where code reads from a file, from another library, or from what
    it has closed over. What is reached in still other ways is not seen: whoever adapts a module vouches that there is none.

    Args:
        module: A PyTorch module.
        *functions: Further code that its answers pass through.

    Returns:
        Bits, or infinity.

    Example:
        >>> hidden_bits(my_module)  # doctest: +SKIP
    """
    parts = [part for _, part in module.named_modules()]
    count = _Count({id(part) for part in parts})
    total = sum((count.code(code) for code in (*map(type, parts), *functions)), 0.0)
    for part in parts:
        kept = {name: value for name, value in vars(part).items() if name not in _KEPT_BY_TORCH}
        total += sum((count.value(value) for name, value in kept.items() if not _is_hooks(name)), 0.0)
    return total


def _is_hooks(name: str) -> bool:
    return name.endswith(("_hooks", "_hooks_with_kwargs", "_hooks_always_called")) or name.startswith("_is_")


class _Count:
    """Counts each class, function and global value once."""

    def __init__(self, counted: set[int]):
        self._counted = counted

    def code(self, code: Any) -> float:
        """Of a class or a function, with all that it reads by name."""
        if id(code) in self._counted or isinstance(code, BuiltinFunctionType) or _of_library(code):
            return 0.0
        self._counted.add(id(code))
        if isinstance(code, type):
            bases = sum(map(self.code, code.__bases__), 0.0)
            return _source_bits(code) + bases + sum((self._held(name, v) for name, v in vars(code).items()), 0.0)
        plain = inspect.unwrap(code)
        if not isinstance(plain, FunctionType) or getattr(code, "__closure__", None):
            return math.inf
        return _source_bits(plain) + self._read(plain)

    def value(self, value: object) -> float:
        """Arrays by their size; numbers, names and what holds them by what they look like when compressed."""
        if id(value) in self._counted:
            return 0.0
        size = getattr(value, "nbytes", None)
        if isinstance(size, int):
            return 8.0 * size
        if isinstance(value, dict):
            return sum((self.value(key) + self.value(each) for key, each in value.items()), 0.0)
        if isinstance(value, list | tuple | set | frozenset):
            return sum(map(self.value, value), 0.0)
        if value is None or isinstance(value, bool):
            return 1.0
        if isinstance(value, int | float | np.generic):
            return max(64.0, value.bit_length()) if isinstance(value, int) else 64.0
        if isinstance(value, str | bytes):
            return 8.0 * len(value)
        if isinstance(value, ModuleType):
            return 0.0 if value.__name__.partition(".")[0] in _KNOWN else math.inf
        return self.code(value) if inspect.isroutine(value) or inspect.isclass(value) else math.inf

    def _held(self, name: str, value: object) -> float:
        """An attribute of a class. The source of its methods is part of its own."""
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            return sum((self._held(name, each) for each in (value.fget, value.fset) if each is not None), 0.0)
        if isinstance(value, FunctionType):
            return self._read(value) if value.__code__.co_freevars in ((), ("__class__",)) else math.inf
        return 0.0 if name.startswith("__") or inspect.isdatadescriptor(value) else self.value(value)

    def _read(self, function: FunctionType) -> float:
        """What a function reads: its defaults, and global values by name."""
        total = self.value(function.__defaults__ or ()) + self.value(function.__kwdefaults__ or {})
        for code in _with_inner(function.__code__):
            if _READS & set(code.co_names):
                return math.inf
            for step in dis.get_instructions(code):
                if step.opname == "IMPORT_NAME" and str(step.argval).partition(".")[0] not in _KNOWN:
                    return math.inf
                if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                    total += self._named(function, str(step.argval))
        return total

    def _named(self, function: FunctionType, name: str) -> float:
        if name not in function.__globals__:
            return 0.0 if hasattr(builtins, name) else math.inf
        value = function.__globals__[name]
        bits = self.value(value)
        self._counted.add(id(value))
        return bits


def _of_library(code: Any) -> bool:
    return str(code.__module__).partition(".")[0] in _KNOWN


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _source_bits(code: Any) -> float:
    try:
        return 8.0 * len(zlib.compress(inspect.getsource(code).encode(), 9))
    except (OSError, TypeError):
        return math.inf
