"""Random keys derived by name, so that adding one stream never moves another's."""

import hashlib
import operator
from typing import SupportsIndex, cast

import jax
import numpy as np
from jaxtyping import Array

from mesascope.core.errors import UsageError
from mesascope.core.jax_settings import check_jax_settings

_SEEDS = 2**32


def as_seed(seed: object) -> int:
    """A seed as the Python integer it stands for, whatever type of integer it came as.

    Args:
        seed: an integer from 0 to 2^32 - 1 of Python, NumPy, JAX or another library; an array holds one integer and has
            no axes.

    Returns:
        The same integer; equal seeds of any type give equal keys.

    Raises:
        UsageError: the seed is out of range (it would share another seed's streams), a boolean, no integer, or traced by
            a JAX transformation, under which its value is not known.

    Example:
        >>> import numpy as np
        >>> as_seed(np.uint8(3))
        3
    """
    if isinstance(seed, jax.core.Tracer):
        raise UsageError(
            "the seed is traced by a JAX transformation such as jit: make its key outside and pass the key"
        )
    dtype = str(getattr(seed, "dtype", type(seed).__name__))
    try:
        number = None if "bool" in dtype or _shape(seed) else operator.index(cast(SupportsIndex, seed))
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise UsageError(f"found {_kind(seed)} as a seed; expected one integer from 0 to {_SEEDS - 1}, such as 0")
    if not 0 <= number < _SEEDS:
        raise UsageError(f"seed {number}: seeds run from 0 to {_SEEDS - 1}")
    return number


def named_key(seed: SupportsIndex | Array, *names: str | int) -> Array:
    """The key of the stream `names` under `seed`.

    Each name is folded in through a stable hash, so a stream depends on its own names only; an integer and its decimal
    text are the same name.

    Args:
        seed: an integer as `as_seed` takes it, or a JAX key (typed, or the two words of a raw one) to derive from.
        names: what the stream is for, from the widest to the narrowest.

    Raises:
        UsageError: `seed` is neither, or JAX is set to give other random numbers; the message says what is wrong.

    Example:
        >>> import jax, numpy as np
        >>> bool(named_key(np.int64(7), "levels") == named_key(7, "levels"))
        True

    Returns:
        The key.
    """
    check_jax_settings()
    key = cast(Array, seed) if _is_key(seed) else jax.random.key(as_seed(seed))
    for name in names:
        digest = hashlib.sha256(str(name).encode()).digest()
        key = jax.random.fold_in(key, int.from_bytes(digest[:4], "little"))
    return key


def _is_key(value: object) -> bool:
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return False
    return jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key) or (dtype == np.uint32 and _shape(value) == (2,))


def _shape(value: object) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _kind(value: object) -> str:
    """What a value is that is no seed, in words."""
    shape = _shape(value)
    return f"an array of shape {shape}" if shape else f"a value of type {getattr(value, 'dtype', type(value).__name__)}"
