"""What a subject could have stored, against counting by hand."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import io_callback
from jax.extend.core import Primitive

from mesascope.adapters.jax_functions import jax_steps
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.core.subject import AbstractSubject, Site
from mesascope.instruments.search.capacity import PER_STEP, describe_size, has_weights, rounded
from mesascope.instruments.search.certified import Certified
from mesascope.instruments.search.verdict import Verdict, decide
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
    sizes = [describe_size(rounded(net, values), seen, values) for values in (8, 32, 256)]
    assert sizes[0].total < sizes[1].total < sizes[2].total < whole.total
    for bits, size in zip((3, 5, 8), sizes, strict=True):
        assert size.weights <= sum(a.size * bits + 2**bits * np.log2(a.size + 1) + 64 for a in large) + 1e-6


def test_rounding_gives_few_values_and_moves_none_by_more_than_half_a_step():
    net = ThinkingNet(named_key(0, "net"), inputs=7, channels=8, ticks=6)
    small = rounded(net, 16)
    values = np.unique(np.asarray(small.recur))
    assert len(values) <= 16
    step = float(net.recur.max() - net.recur.min()) / 15
    assert float(jnp.abs(small.recur - net.recur).max()) <= step / 2 + 1e-6
    np.testing.assert_array_equal(small.bias, net.bias)  # too small to be rounded


@pytest.mark.parametrize(("size", "expected"), [(3, False), (500, True)])
def test_only_large_arrays_are_weights(size, expected):
    assert has_weights(Constant(jnp.zeros(size), (0.0,))) == expected


TABLE = np.arange(4_000_000, dtype=np.float32)


def by_callback(call):
    """Adds what a table outside of the program says of each cell."""

    def looked_up(cells):
        return TABLE[np.asarray(cells).astype(int)]

    def think(state, observation, tick):
        cells = state["s"]
        return {"s": cells + call(looked_up, jax.ShapeDtypeStruct(cells.shape, jnp.float32), cells)}

    return think


def by_foreign_function(state, observation, tick):
    return {"s": jax.ffi.ffi_call("a_table", jax.ShapeDtypeStruct(state["s"].shape, jnp.float32))(state["s"])}


_added = Primitive("add")
_added.def_abstract_eval(lambda x: x)


def by_a_primitive_of_its_own(state, observation, tick):
    return {"s": _added.bind(state["s"])}


def steps(think, hidden_bits=None):
    return jax_steps(
        start=lambda *shape: {"s": jnp.zeros((*shape, 4))},
        think=think,
        act=lambda state: state["s"],
        sites=(Site("s", 4, "what was looked up"),),
        ticks=1,
        reads_until=0,
        hidden_bits=hidden_bits,
    )


@pytest.mark.parametrize(
    ("think", "name"),
    [
        (by_callback(jax.pure_callback), "pure_callback"),
        (by_callback(io_callback), "io_callback"),
        (jax.jit(by_callback(jax.pure_callback)), "pure_callback"),
        (by_foreign_function, "ffi_call"),
        (by_a_primitive_of_its_own, "add"),
    ],
)
def test_a_table_out_of_sight_is_infinite_unless_somebody_vouches_for_it(think, name):
    seen = jnp.zeros(SHAPE)
    size = describe_size(steps(think), seen)
    assert (size.total, size.untraced) == (math.inf, (name,))
    shown = Estimate(9.0, Interval(8.0, 10.0))
    found = decide((), Certified(size, shown, shown, 512, math.inf, False))
    assert found.verdict is Verdict.CANNOT_TELL
    assert f"calls code that is not traced ({name})" in found.reason
    vouched = describe_size(steps(think, 3_000.0), seen)
    assert 3_000 < vouched.total < 4_000


def test_what_is_traced_to_the_end_needs_nobody_to_vouch_for_it():
    def think(state, observation, tick):
        jax.debug.print("{}", tick)
        return {"s": jax.nn.relu(jax.vmap(jnp.tanh)(state["s"])) + jax.random.uniform(jax.random.key(0))}

    size = describe_size(steps(think), jnp.zeros(SHAPE))
    assert size.total < 5_000
    assert size.untraced == ()
