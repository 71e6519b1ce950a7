"""Weights pruned and rounded after training."""

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.learned.registry import build
from mesascope.studies.treatment import treated


@pytest.fixture(scope="module")
def net():
    return eqx.filter_jit(lambda: build("glance", {"channels": 4, "ticks": 3}, key=named_key(0), inputs=7))()


def matrices(net):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(net) if leaf.ndim == 2])


def test_nothing_is_done_where_nothing_is_said(net):
    assert treated(net, {"bits": 0, "prune": 0.0}) is net


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_smallest_weights_go_and_no_others(net, share):
    before, after = matrices(net), matrices(treated(net, {"bits": 0, "prune": share}))
    gone = after == 0
    assert gone.sum() == round(share * before.size)
    assert (after[~gone] == before[~gone]).all()
    if 0 < gone.sum() < gone.size:
        assert np.abs(before[gone]).max() <= np.abs(before[~gone]).min()
    pruned = treated(net, {"bits": 0, "prune": share})
    assert (pruned.bias == net.bias).all()


@pytest.mark.parametrize("bits", [1, 3])
def test_weights_take_so_many_values(net, bits):
    rounded = treated(net, {"bits": bits, "prune": 0.0})
    assert len(np.unique(rounded.recur)) == 2**bits
    step = (net.recur.max() - net.recur.min()) / (2**bits - 1)
    assert np.abs(rounded.recur - net.recur).max() <= step / 2 + 1e-5
