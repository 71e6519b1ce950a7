"""How much a subject could have stored: bits in which it can be written down, arrays and program together."""

import math
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex
from jaxtyping import Array, Float

from mesascope.core.subject import AbstractSubject, Observation

BITS = (3, 4, 5, 6, 8, 10, 12)
"""Bits that weights are rounded to, fewest first."""

FEW = 64
"""Arrays smaller than this are written down as they are."""

PER_STEP = 48
"""Bits allowed for each primitive step of the program: its name, its shapes and where its inputs come from."""


class Description(NamedTuple):
    """Bits of a subject written down: its weights, everything else it holds, and the steps of its program.

    `precision` is the number of bits its weights were rounded to; None where they were kept as they are.
    """

    weights: float
    other: float
    program: float
    precision: int | None

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


def rounded(subject: Weighted, bits: int) -> Weighted:
    """The subject with every large array of weights rounded to 2^bits evenly spaced values between its extremes."""
    steps = jnp.array(2**bits - 1, jnp.float32)  # an argument, so that one program serves every precision
    return jax.tree.map(lambda leaf: _round(leaf, steps) if _is_weight(leaf) else leaf, subject)


@jax.jit
def _round(weights: Float[Array, "*any"], steps: Float[Array, ""]) -> Float[Array, "*any"]:
    low, high = weights.min(), weights.max()
    step = jnp.maximum((high - low) / steps, 1e-30)
    return low + step * jnp.round((weights - low) / step)


def describe_size(subject: AbstractSubject, observation: Observation, precision: int | None = None) -> Description:
    """Bits in which the subject can be written down.

    Rounded weights are counted by the entropy of their values, with a table of how often each occurs; what is not rounded
    by the size of its type. The program is counted by the primitive steps of one run as JAX traces it, with every array
    that it holds as a constant: a table in the code counts like one in a leaf. Bits that a subject says it keeps elsewhere
    (`hidden_bits`) are added.
    """
    leaves = [leaf for leaf in jax.tree.leaves(subject) if eqx.is_array(leaf)]
    weights = other = 0.0
    for leaf in leaves:
        if precision is not None and _is_weight(leaf):
            weights += _entropy_bits(np.asarray(leaf)) + 64
        elif _is_weight(leaf):
            weights += _plain_bits(leaf)
        else:
            other += _plain_bits(leaf)
    traced = jax.make_jaxpr(_program(subject))(observation)
    known = {id(leaf) for leaf in leaves}
    steps, constants = _count(traced.jaxpr, [c for c in traced.consts if id(c) not in known])
    return Description(weights, other + constants + subject.hidden_bits, steps * PER_STEP, precision)


def _program(subject: AbstractSubject):
    """One run with its parts side by side, so that each is counted once however often it is repeated."""

    def run(observation: Observation):
        state = subject.start(observation)
        return subject.think(state, observation, jnp.array(0)), subject.act(state)

    return run


def _plain_bits(array: Array | np.ndarray) -> float:
    return float(array.size) * (1 if array.dtype == bool else 8 * array.dtype.itemsize)


def _entropy_bits(values: np.ndarray) -> float:
    """Of a sequence of few different values, by an ideal code made for it, and of the counts that the code needs."""
    _, counts = np.unique(values, return_counts=True)
    share = counts / counts.sum()
    return float(-(counts * np.log2(share)).sum() + len(counts) * math.log2(values.size + 1))


def _count(jaxpr: jex.Jaxpr, constants: list) -> tuple[int, float]:
    """Primitive steps, those of inner programs included, and bits of constant arrays."""
    steps, bits = 0, sum((_plain_bits(np.asarray(c)) for c in constants if hasattr(c, "dtype")), 0.0)
    for equation in jaxpr.eqns:
        steps += 1
        for inner in _inner(equation.params):
            if isinstance(inner, jex.ClosedJaxpr):
                more, held = _count(inner.jaxpr, list(inner.consts))
            else:
                more, held = _count(inner, [])
            steps, bits = steps + more, bits + held
    return steps, bits


def _inner(params: dict) -> list:
    found = []
    for value in params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, jex.ClosedJaxpr | jex.Jaxpr):
                found.append(item)
    return found
