"""How much a subject could have stored: bits in which it can be written down, arrays and program together."""

import math
import sys
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, View
from mesascope.core.traced_loops import inner_programs

VALUES = (*range(6, 17), 20, 24, 32, 64, 256, 1024, 4096)
"""Numbers of values that weights are rounded to, fewest first. How much a rounded network still does goes up and down with them:
whether zero is one of the values matters, and chance does.
"""

FEW = 64
"""Arrays smaller than this are written down as they are."""

PER_STEP = 48
"""Bits allowed for each primitive step of the program: its name, its shapes and where its inputs come from."""


class Description(NamedTuple):
    """Bits of a subject written down: its weights, everything else it holds, and the steps of its program.

    `precision` is the bits of a value that its weights were rounded to; None where they were kept as they are. `untraced` names
    the steps that call code which JAX does not see: what lies behind them is counted in `other`, as the subject's owner vouches
    for it, and infinite where nobody does.
    """

    weights: float
    other: float
    program: float
    precision: float | None
    untraced: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """All of them."""
        return self.weights + self.other + self.program


Weighted = TypeVar("Weighted")
"""A subject or any other tree of arrays."""


def _is_weight(leaf: Any) -> bool:
    return bool(eqx.is_inexact_array(leaf)) and leaf.size >= FEW


def has_weights(subject: AbstractSubject) -> bool:
    """Whether there is any array large enough to be rounded."""
    return any(_is_weight(leaf) for leaf in jax.tree.leaves(subject))


def rounded(subject: Weighted, values: int) -> Weighted:
    """The subject with every large array of weights rounded to so many evenly spaced values between its extremes."""
    steps = jnp.array(values - 1, jnp.float32)  # an argument, so that one program serves every precision
    return jax.tree.map(lambda leaf: _round(leaf, steps) if _is_weight(leaf) else leaf, subject)


@jax.jit
def _round(weights: Float[Array, "*any"], steps: Float[Array, ""]) -> Float[Array, "*any"]:
    low, high = weights.min(), weights.max()
    step = jnp.maximum((high - low) / steps, 1e-30)
    return low + step * jnp.round((weights - low) / step)


def describe_size(subject: AbstractSubject, observation: Observation | View, values: int | None = None) -> Description:
    """Bits in which the subject can be written down.

    Rounded weights are counted by the entropy of their values, with a table of how often each occurs; what is not rounded
    by the size of its type. The program is counted by the primitive steps of one run as JAX traces it, with every array
    that it holds as a constant: a table in the code counts like one in a leaf. Bits that a subject says it keeps elsewhere
    (`hidden_bits`) are added; where it says nothing of them and calls code that is not traced, they are infinite.
    """
    leaves = [leaf for leaf in jax.tree.leaves(subject) if eqx.is_array(leaf)]
    weights = other = 0.0
    for leaf in leaves:
        if values is not None and _is_weight(leaf):
            weights += _entropy_bits(np.asarray(leaf)) + 64
        elif _is_weight(leaf):
            weights += _plain_bits(leaf)
        else:
            other += _plain_bits(leaf)
    traced = jax.make_jaxpr(_program(subject))(observation, jnp.array(0))
    known = {id(leaf) for leaf in leaves}
    found = _count(traced.jaxpr, [c for c in traced.consts if id(c) not in known])
    untraced = found.calls - _own_primitives()
    hidden = subject.hidden_bits
    if hidden is None:
        hidden = math.inf if untraced else 0.0
    names = tuple(sorted({primitive.name for primitive in untraced}))
    precision = None if values is None else math.log2(values)
    return Description(weights, other + found.constants + hidden, found.steps * PER_STEP, precision, names)


def _program(subject: AbstractSubject):
    """One run with its parts side by side, so that each is counted once however often it is repeated."""

    def run(observation: Observation | View, tick: Int[Array, ""]):
        state = subject.start(observation.level if isinstance(observation, View) else observation)
        return subject.think(state, observation, tick), subject.act(state)

    return run


def _plain_bits(array: Array | np.ndarray) -> float:
    return float(array.size) * (1 if array.dtype == bool else 8 * array.dtype.itemsize)


def _entropy_bits(values: np.ndarray) -> float:
    """Of a sequence of few different values, by an ideal code made for it, and of the counts that the code needs."""
    _, counts = np.unique(values, return_counts=True)
    share = counts / counts.sum()
    return float(-(counts * np.log2(share)).sum() + len(counts) * math.log2(values.size + 1))


class _Program(NamedTuple):
    """Primitive steps, those of inner programs included, bits of constant arrays, and the primitives themselves."""

    steps: int
    constants: float
    calls: frozenset[jex.Primitive]


def _count(jaxpr: jex.Jaxpr, constants: list) -> _Program:
    steps, bits = 0, sum((_plain_bits(np.asarray(c)) for c in constants if hasattr(c, "dtype")), 0.0)
    calls: set[jex.Primitive] = set()
    for equation in jaxpr.eqns:
        steps += 1
        calls.add(equation.primitive)
        for inner in inner_programs(equation.params):
            if isinstance(inner, jex.ClosedJaxpr):
                found = _count(inner.jaxpr, list(inner.consts))
            else:
                found = _count(inner, [])
            steps, bits, calls = steps + found.steps, bits + found.constants, calls | found.calls
    return _Program(steps, bits, frozenset(calls))


_OPAQUE = ("pure_callback", "io_callback", "ffi_call", "call_exported", "call_hi", "custom_partitioning", "cudnn")
"""Beginnings of the names of JAX's own primitives that run what is not in the trace. A debugging callback hands nothing back."""


def _own_primitives() -> set[jex.Primitive]:
    """The primitives of JAX whose work is all in the trace, found by identity: anybody's own may bear any name."""
    modules = [module for name, module in list(sys.modules.items()) if name == "jax" or name.startswith("jax.")]
    found = (value for module in modules for value in list(vars(module).values()))
    return {value for value in found if isinstance(value, jex.Primitive) and not value.name.startswith(_OPAQUE)}
