import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.organisms.hashing import build_index, combine, hash_maps


def test_every_bit_of_a_level_changes_its_hash():
    maps = jnp.zeros((1, 7, 7, 7))
    places = np.arange(7 * 7 * 7)
    ones = jnp.zeros((len(places), 343)).at[places, places].set(1.0).reshape(-1, 7, 7, 7)
    keys = np.asarray(hash_maps(jnp.concatenate([maps, ones, 2 * ones, -ones]), 0))
    for half in keys.T:  # each half alone tells all of these apart
        assert len(np.unique(half)) == 1 + 3 * 343
    assert (hash_maps(-maps, 0) == hash_maps(maps, 0)).all()
    assert (hash_maps(ones, 0) != hash_maps(ones, 1)).all()


def test_halves_look_independent_and_uniform():
    maps = jax.random.bernoulli(jax.random.key(0), 0.3, (4096, 7, 7, 7)).astype(jnp.float32)
    keys = np.asarray(hash_maps(maps, 0))
    bits = ((keys[:, :, None] >> np.arange(32, dtype=np.uint32)) & 1).reshape(4096, 64).astype(float)
    assert abs(bits.mean(0) - 0.5).max() < 0.04
    correlation = np.corrcoef(bits.T) - np.eye(64)
    assert abs(correlation).max() < 0.08


def test_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**32, (500, 2), np.uint32)
    keys[:20, 0] = keys[20:40, 0]  # equal first halves
    keys[40] = (2**32 - 1, 2**32 - 1)
    keys[41] = (0, 0)
    index, entry = build_index(keys, np.arange(500))
    assert index.window == 2
    row = np.asarray(eqx.filter_jit(index.find)(jnp.asarray(keys)))
    assert (entry[row] == np.arange(500)).all()
    assert (np.asarray(index.find(jnp.asarray(keys ^ np.uint32([0, 1])))) == -1).all()
    assert (np.asarray(index.find(jnp.asarray(keys + np.uint32([1, 0])))) == -1).all()


def test_equal_keys_must_mean_equal_contents():
    keys = np.array([[1, 2], [3, 4], [1, 2]], np.uint32)
    _, entry = build_index(keys, np.array([[7], [8], [7]]))
    assert entry.tolist() == [0, 1]
    with pytest.raises(ValueError, match="share a 64-bit hash"):
        build_index(keys, np.array([[7], [8], [9]]))


def test_pairs_get_their_own_keys():
    keys = jnp.asarray(np.random.default_rng(1).integers(0, 2**32, (64, 2), np.uint32))
    pairs = [tuple(key) for n in range(64) for key in np.asarray(combine(keys, jnp.full(64, n))).tolist()]
    assert len(set(pairs)) == 64 * 64
