"""Tables cut and filled to sizes that many builds share, so that one compiled program serves them all."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from mesascope.core.subject import AbstractSubject
from mesascope.organisms.hashing import HashIndex

_FEW = 512
"""Arrays with fewer rows are left alone: they have one size in every build."""


def padded(subject: AbstractSubject) -> AbstractSubject:
    """The subject with the rows of every table filled up to a power of two; what is filled in is never found."""

    def fill(part: Any) -> Any:
        if isinstance(part, HashIndex):
            return HashIndex(_rows(part.first, 2**32 - 1), _rows(part.second, 2**32 - 1), max(part.window, 2))
        return _rows(part, 0) if eqx.is_array(part) else part

    return jax.tree.map(fill, subject, is_leaf=lambda part: isinstance(part, HashIndex))


def _rows(array: jax.Array, filler: int) -> jax.Array:
    if array.ndim == 0 or array.shape[0] < _FEW:
        return array
    missing = (1 << (array.shape[0] - 1).bit_length()) - array.shape[0]
    return jnp.pad(
        array, ((0, missing), *((0, 0),) * (array.ndim - 1)), constant_values=jnp.asarray(filler, array.dtype)
    )
