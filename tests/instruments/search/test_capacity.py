"""What a subject could have stored, against counting by hand."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Site
from mesascope.instruments.search.capacity import PER_STEP, describe_size, has_weights, rounded
from mesascope.learned.thinking import ThinkingNet

SHAPE = (2, 5, 5, 7)


class Constant(AbstractSubject):
    """Answers from an array, held as a leaf or hidden in the program."""

    table: jnp.ndarray
    hidden: tuple[float, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True, default=1)
    reads_until: int = eqx.field(static=True, default=1)

    @property
    def sites(self):
        return (Site("s", 4, "nothing"),)

    def start(self, observation):
        return {"s": jnp.zeros((*observation.shape[:3], 4))}

    def think(self, state, observation, tick):
        return {"s": state["s"] + self.table.sum() + jnp.asarray(self.hidden).sum()}

    def act(self, state):
        return state["s"]


def test_a_table_counts_alike_as_a_leaf_and_in_the_code():
    big, small = tuple(map(float, range(500))), (0.0, 0.0, 0.0)
    seen = jnp.zeros(SHAPE)
    leaf = describe_size(Constant(jnp.asarray(big), small), seen)
    code = describe_size(Constant(jnp.asarray(small), big), seen)
    assert leaf.weights == 32 * 500
    assert code.other >= 32 * 500
    assert leaf.program > 0
    assert leaf.program % PER_STEP == 0


def test_weights_are_counted_in_full_and_rounded_ones_by_their_entropy():
    net = ThinkingNet(named_key(0, "net"), inputs=7, channels=8, ticks=6)
    seen = jnp.zeros(SHAPE)
    whole = describe_size(net, seen)
    large = [a for a in (net.recur, net.read) if a.size >= 64]
    assert whole.weights == 32 * sum(a.size for a in large)
    sizes = [describe_size(rounded(net, bits), seen, bits) for bits in (3, 5, 8)]
    assert sizes[0].total < sizes[1].total < sizes[2].total < whole.total
    for bits, size in zip((3, 5, 8), sizes, strict=True):
        assert size.weights <= sum(a.size * bits + 2**bits * np.log2(a.size + 1) + 64 for a in large) + 1e-6


def test_rounding_gives_few_values_and_moves_none_by_more_than_half_a_step():
    net = ThinkingNet(named_key(0, "net"), inputs=7, channels=8, ticks=6)
    small = rounded(net, 4)
    values = np.unique(np.asarray(small.recur))
    assert len(values) <= 16
    step = float(net.recur.max() - net.recur.min()) / 15
    assert float(jnp.abs(small.recur - net.recur).max()) <= step / 2 + 1e-6
    np.testing.assert_array_equal(small.bias, net.bias)  # too small to be rounded


@pytest.mark.parametrize(("size", "expected"), [(3, False), (500, True)])
def test_only_large_arrays_are_weights(size, expected):
    assert has_weights(Constant(jnp.zeros(size), (0.0,))) == expected
