"""Rows found by a 64-bit hash of what is asked: the way a table recognizes a level, inside compiled code."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped, UInt32

from mesascope.core.inline_jit import inline_jit

Keys = UInt32[Array, "level 2"]

LEVEL, WALLS, OBJECTS = range(3)
"""Streams of hash factors: a whole observation, its walls, its objects."""


class HashIndex(eqx.Module):
    """Keys in ascending order. Both 32-bit halves must agree; few rows share the first, and `window` bounds them."""

    first: UInt32[Array, " row"]
    second: UInt32[Array, " row"]
    window: int = eqx.field(static=True)

    def find(self, keys: Keys) -> Int[Array, " level"]:
        """Row of each key, -1 where there is none."""
        return _find(self, keys)


@inline_jit()
def _find(index: HashIndex, keys: Keys) -> Int[Array, " level"]:
    start = jnp.searchsorted(index.first, keys[:, 0]).astype(jnp.int32)
    rows = jnp.minimum(start[:, None] + jnp.arange(index.window, dtype=jnp.int32), index.first.shape[0] - 1)
    hit = (index.first[rows] == keys[:, :1]) & (index.second[rows] == keys[:, 1:])
    row = jnp.take_along_axis(rows, hit.argmax(-1)[:, None], 1)[:, 0]
    return jnp.where(hit.any(-1), row, -1)


@inline_jit("stream")
def hash_maps(maps: Float[Array, "level height width channel"], stream: int) -> Keys:
    """Two independent 32-bit multiply hashes of the exact bits of a level's maps.

    Every number is scrambled, multiplied by an odd factor of its own place, and summed modulo 2^32 (multilinear
    hashing, Dietzfelbinger 1996); the sum is scrambled once more. `stream` picks the factors.
    """
    unsigned = jnp.where(maps == 0, 0.0, maps)  # the two zeros are one number; XLA would drop an added 0
    words = jax.lax.bitcast_convert_type(unsigned, jnp.uint32).reshape(maps.shape[0], -1)
    factors = np.random.default_rng(stream).integers(0, 2**32, (2, words.shape[1]), np.uint32) | np.uint32(1)
    scrambled = _scramble(words)
    halves = [(scrambled * factor).sum(-1, dtype=jnp.uint32) for factor in jnp.asarray(factors)]
    return _scramble(jnp.stack(halves, -1))


@inline_jit()
def combine(keys: Keys, number: Int[Array, " level"]) -> Keys:
    """Keys of pairs: what `keys` stand for, together with a number."""
    odd = jnp.array([0x9E3779B1, 0x85EBCA77], jnp.uint32)
    return _scramble(keys ^ _scramble(number.astype(jnp.uint32)[:, None] * odd + odd[::-1]))


def _scramble(words: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """The 32-bit finalizer of MurmurHash3 (Appleby 2011): a bijection that spreads every bit over all; 0 stays 0."""
    words = (words ^ (words >> 16)) * jnp.uint32(0x85EBCA6B)
    words = (words ^ (words >> 13)) * jnp.uint32(0xC2B2AE35)
    return words ^ (words >> 16)


def build_index(
    keys: UInt32[np.ndarray, "entry 2"], contents: Shaped[np.ndarray, "entry ..."]
) -> tuple[HashIndex, Int[np.ndarray, " row"]]:
    """The index of the distinct keys, and for each of its rows the first entry that has its key.

    Entries with equal keys must have equal contents: a collision is checked for, exactly, and raises `ValueError`.
    """
    whole = (keys[:, 0].astype(np.uint64) << np.uint64(32)) | keys[:, 1].astype(np.uint64)
    order = np.argsort(whole, kind="stable")
    again = np.zeros(len(order), bool)
    again[1:] = whole[order[1:]] == whole[order[:-1]]
    flat = contents.reshape(len(contents), -1)
    twice = np.flatnonzero(again)
    if (flat[order[twice]] != flat[order[twice - 1]]).any():
        raise ValueError("two different levels share a 64-bit hash; hash them with another stream")
    entry = order[~again]
    first, second = keys[entry, 0], keys[entry, 1]
    window = int(np.unique(first, return_counts=True)[1].max())
    return HashIndex(jnp.asarray(first), jnp.asarray(second), window), entry
