"""Random keys derived by name, so that adding one stream never moves another's."""

import hashlib

import jax
from jaxtyping import Array

from mesascope.core.errors import UsageError

_SEEDS = 2**32


def named_key(seed: int | Array, *names: str | int) -> Array:
    """The key of the stream `names` under `seed` (an integer, or a key to derive from).

    Each name is folded in through a stable hash, so a stream depends on its own names only; an integer and its decimal
    text are the same name. Raises `UsageError` for a seed outside of 0 to 2^32 - 1: it would share another's streams.
    """
    if isinstance(seed, int) and not 0 <= seed < _SEEDS:
        raise UsageError(f"seed {seed}: seeds run from 0 to {_SEEDS - 1}")
    key = jax.random.key(seed) if isinstance(seed, int) else seed
    for name in names:
        digest = hashlib.sha256(str(name).encode()).digest()
        key = jax.random.fold_in(key, int.from_bytes(digest[:4], "little"))
    return key
