"""Streams by name: fixed for ever, and moved by nothing but their own names."""

import jax
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key


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
