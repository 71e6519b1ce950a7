"""Copies of an environment that share what no step changes, and its sources of random numbers."""

import copy
import functools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, no_type_check

import numpy as np

from mesascope.core.errors import said
from mesascope.worlds.gymnasium.environment import load_gymnasium, name_of, not_cloneable
from mesascope.worlds.gymnasium.structure import CONSTANT, RANDOM, parts_of


class Copier:
    """Makes deep copies of one environment after a reset.

    Copies share spaces, and the sources of random numbers: a copy with sources of its own would foresee its draws, and
    random steps would look certain. `draws` tells whether a step has drawn.

    Args:
        environment: after a reset.
        shared: what copies share besides.
    """

    def __init__(self, environment: Any, shared: tuple[Any, ...] = ()):
        parts = parts_of(environment)
        space = load_gymnasium().spaces.Space
        self.sources = [part for part in parts.values() if isinstance(part, RANDOM)]
        fixed = [part for part in parts.values() if isinstance(part, (*CONSTANT, *RANDOM, space))]
        layer = environment
        while True:
            fixed += [part for part in (vars(layer).get("spec"), vars(layer).get("metadata")) if part is not None]
            if layer is environment.unwrapped:
                break
            layer = layer.env
        self._kept = [*fixed, *shared]  # alive as long as their ids are used
        self._shared = {id(part): part for part in self._kept}

    def copy(self, environment: Any) -> Any:
        """A copy; `UsageError` where there is none."""
        memo = dict(self._shared)
        try:
            return deep_copy(environment, memo)
        except Exception as error:
            raise not_cloneable(name_of(environment), said(error)) from error

    def draws(self) -> tuple[Any, ...]:
        """What changes whenever a random number is drawn, by the environment or by anybody in this process."""
        own = tuple(_position(source) for source in self.sources)
        state = np.random.get_state(legacy=False)["state"]
        return (*own, state["pos"], int(state["key"][0]), hash(random.getstate()))

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """All sources of random numbers begun anew from a seed; they go on where they were afterwards."""
        before = [_get(source) for source in self.sources]
        process, legacy = random.getstate(), np.random.get_state()
        try:
            random.seed(seed)
            np.random.seed(seed)  # what an environment may use that has no source of its own
            for source in self.sources:
                _reseed(source, seed)
            yield
        finally:
            random.setstate(process)
            np.random.set_state(legacy)
            for source, state in zip(self.sources, before, strict=True):
                _set(source, state)


_NUMBERS = (np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64, np.float32, np.float64)
_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, *_NUMBERS, *CONSTANT})


@no_type_check  # called millions of times: no checks of types in tests either
def deep_copy(value: Any, memo: dict[int, Any]) -> Any:
    """What `copy.deepcopy` gives, several times faster for lists of cells and objects that are no more than their attributes."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    known = memo.get(id(value))
    if known is not None:
        return known
    if kind is list:
        made: Any = []
        memo[id(value)] = made
        known_part = memo.get  # hundreds of cells of a grid are shared walls
        made.extend([p if type(p) in _ATOMS else known_part(id(p)) or deep_copy(p, memo) for p in value])
        return made
    if kind is tuple:
        if all(type(part) in _ATOMS for part in value):
            return value
        parts = [deep_copy(part, memo) for part in value]
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else memo.setdefault(id(value), tuple(parts))
    if kind is dict:
        table: dict[Any, Any] = {}
        memo[id(value)] = table
        table.update((deep_copy(name, memo), deep_copy(part, memo)) for name, part in value.items())
        return table
    made_of: Any = kind
    if not _is_plain(made_of):
        return copy.deepcopy(value, memo)
    memo[id(value)] = made = object.__new__(kind)
    own = vars(made)
    for name, part in vars(value).items():
        own[name] = part if type(part) in _ATOMS else deep_copy(part, memo)
    return made


@functools.cache
def _is_plain(kind: Any) -> bool:
    """Whether objects are made of their attributes alone, and say nothing of how they are copied."""
    own = (
        "__deepcopy__",
        "__getstate__",
        "__setstate__",
        "__reduce__",
        "__reduce_ex__",
        "__new__",
        "__getnewargs_ex__",
    )
    if any(getattr(kind, name, None) is not getattr(object, name, None) for name in own):
        return False
    return kind.__dictoffset__ != 0 and kind.__basicsize__ <= _PLAIN_SIZE


class _Plain:
    pass


_PLAIN_SIZE = _Plain.__basicsize__
"""Bytes of an object with nothing but attributes: one with slots or of a compiled type is larger."""


def _bits(source: Any) -> Any:
    """The source of bits behind a source of numbers."""
    if isinstance(source, np.random.Generator):
        return source.bit_generator
    return source._bit_generator if isinstance(source, np.random.RandomState) else source


def _get(source: Any) -> Any:
    return source.getstate() if isinstance(source, random.Random) else _bits(source).state


def _set(source: Any, state: Any) -> None:
    if isinstance(source, random.Random):
        source.setstate(state)
    else:
        _bits(source).state = state


def _position(source: Any) -> Any:
    state = _get(source)
    return hash(state) if isinstance(source, random.Random) else repr(state)


def _reseed(source: Any, seed: int) -> None:
    if isinstance(source, random.Random):
        source.seed(seed)
    else:
        bits = _bits(source)
        bits.state = type(bits)(seed).state
