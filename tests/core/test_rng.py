"""Streams by name: fixed for ever, and moved by nothing but their own names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import as_seed, named_key


def data(key):
    return tuple(jax.random.key_data(key).tolist())


def test_a_stream_never_changes():
    assert data(named_key(7, "levels", "training")) == (1765565896, 1506643702)


def test_streams_differ_by_name_seed_and_order():
    streams = [
        named_key(0, "a"),
        named_key(0, "b"),
        named_key(0, "a", "b"),
        named_key(0, "b", "a"),
        named_key(0, "ab"),
        named_key(1, "a"),
        named_key(0),
        named_key(0, 1),
    ]
    assert len({data(k) for k in streams}) == len(streams)


def test_names_nest_and_numbers_are_names():
    assert data(named_key(named_key(5, "a"), "b")) == data(named_key(5, "a", "b"))
    assert data(named_key(5, 12)) == data(named_key(5, "12"))


def test_streams_work_under_jit():
    assert data(jax.jit(lambda key: named_key(key, "x"))(jax.random.key(3))) == data(named_key(3, "x"))


@pytest.mark.parametrize("seed", [-1, 2**32, 2**70])
def test_seeds_that_would_share_streams_are_refused(seed):
    with pytest.raises(UsageError, match=f"seed {seed}"):
        named_key(seed, "a")


@pytest.mark.parametrize(
    "seed", [*(kind(3) for kind in (np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64)), np.array(3)]
)
def test_equal_seeds_of_any_integer_type_give_equal_keys(seed):
    assert data(named_key(seed, "x")) == data(named_key(3, "x"))
    assert type(as_seed(seed)) is int


def test_jax_integers_are_seeds_and_keys_stay_keys():
    wanted = data(named_key(3, "x"))
    assert data(named_key(jnp.array(3), "x")) == data(named_key(jnp.uint32(3), "x")) == wanted
    assert data(named_key(jax.random.key(3), "x")) == data(named_key(jax.random.PRNGKey(3), "x")) == wanted
    assert data(named_key(np.uint32(2**32 - 1), "x")) == data(named_key(2**32 - 1, "x"))


@pytest.mark.parametrize("seed", [np.int64(-1), np.int64(2**32 + 3), np.uint64(2**64 - 1), np.array(2**32)])
def test_integers_of_numpy_out_of_range_are_refused_with_the_range(seed):
    with pytest.raises(UsageError, match=f"seed {int(seed)}: seeds run from 0 to 4294967295"):
        named_key(seed, "a")


@pytest.mark.parametrize(
    ("seed", "kind"),
    [
        (True, "bool"),
        (np.True_, "bool"),
        (np.array(True), "bool"),
        (3.0, "float"),
        (np.float32(3), "float32"),
        ("3", "str"),
        (None, "NoneType"),
        ([3], "list"),
        (np.array([3]), r"an array of shape \(1,\)"),
        (np.array([1, 2]), r"an array of shape \(2,\)"),
        (np.timedelta64(3, "s"), "timedelta64"),
    ],
)
def test_what_is_no_integer_is_refused_in_words(seed, kind):
    with pytest.raises(UsageError, match=f"found .*{kind}.* expected one integer from 0 to 4294967295"):
        as_seed(seed)


def test_a_seed_under_jit_is_refused_in_words():
    with pytest.raises(UsageError, match="make its key outside"):
        jax.jit(lambda seed: named_key(seed, "x"))(3)
