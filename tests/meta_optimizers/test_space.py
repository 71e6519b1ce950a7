"""What may be tuned, and that a tuned number is an argument of the program and not a part of it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.base_optimizers.descent import clipped_adam
from mesascope.base_optimizers.registry import BASE_OPTIMIZERS, build_base_optimizer
from mesascope.core.errors import UsageError
from mesascope.meta_optimizers.space import Dimension, configured, inside, space_of, tunable

RANGES = st.tuples(st.floats(1e-6, 1e3), st.floats(1.01, 1e4))


@given(RANGES, st.booleans(), st.floats(0, 1))
def test_a_share_of_a_range_comes_back(range_, log, share):
    low, factor = range_
    dimension = Dimension("x", low, low * factor, log)
    value = dimension.at_share(share)
    assert low <= value <= low * factor
    assert dimension.share_of(value) == pytest.approx(share, abs=1e-6)


def test_the_middle_of_a_logarithmic_range_is_its_geometric_mean():
    assert Dimension("x", 1e-4, 1.0, log=True).at_share(0.5) == pytest.approx(1e-2)
    assert Dimension("x", 0, 10, whole=True).at_share(0.26) == 3


@pytest.mark.parametrize("name", sorted(BASE_OPTIMIZERS))
def test_every_base_optimizer_has_its_defaults_in_its_space(name):
    defaults = {option: o.default for option, o in BASE_OPTIMIZERS[name].options.items()}
    space = space_of(name, int(defaults["updates"]))
    assert {d.name for d in space} == set(tunable(name)) >= {"learning_rate", "warmup", "floor"}
    assert inside(space, defaults) == {d.name: defaults[d.name] for d in space}
    for d in space:
        option = BASE_OPTIMIZERS[name].options[d.name]
        assert option.least <= d.low < d.high <= option.most


def test_ranges_are_read():
    space = space_of("ppo", 100, ("learning_rate=1e-3:1e-2", "warmup=2:9", "entropy"))
    assert [(d.name, d.low, d.high) for d in space] == [
        ("learning_rate", 1e-3, 1e-2),
        ("warmup", 2, 9),
        ("entropy", 1e-4, 0.1),
    ]
    assert isinstance(space[1].low, int)
    assert inside(space, {"learning_rate": 1.0, "warmup": 0, "entropy": 0.01}) == {
        "learning_rate": 1e-2,
        "warmup": 2,
        "entropy": 0.01,
    }


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("learning_rat", "did you mean 'learning_rate'"),
        ("batch", "unknown tunable option"),
        ("learning_rate=1", "write learning_rate=LOW:HIGH"),
        ("learning_rate=0.1:0.01", "LOW < HIGH"),
        ("learning_rate=0:0.1", "<= LOW"),
        ("warmup=0.5:3", "write warmup=LOW:HIGH"),
        ("floor=nan:1", "write floor=LOW:HIGH"),
    ],
)
def test_what_cannot_be_tuned_is_refused(asked, says):
    with pytest.raises(UsageError, match=says):
        space_of("exact-policy-gradient", 100, (asked,))


def test_a_name_given_twice_is_refused():
    with pytest.raises(UsageError, match="given twice"):
        space_of("exact-policy-gradient", 100, ("clip", "clip=1:2"))


@pytest.mark.parametrize(("steps", "warmup"), [(40, 10), (9, 50), (9, 0)])
def test_the_schedule_of_arrays_is_that_of_numbers(steps, warmup):
    """Both drive Adam with the same gradients to the same weights."""
    numbers = (0.02, warmup, 0.1, 0.7)
    kinds = (jnp.float32, jnp.int32, jnp.float32, jnp.float32)
    arrays = tuple(jnp.asarray(v, kind) for v, kind in zip(numbers, kinds, strict=True))
    grads = np.random.default_rng(0).normal(size=(steps, 3)).astype(np.float32)

    @jax.jit
    def weights(given):
        transform = clipped_adam(steps, *given)

        def step(carried, gradient):
            w, state = carried
            moved, state = transform.update(gradient, state, w)
            return (optax.apply_updates(w, moved), state), None

        w = jnp.ones(3)
        return jax.lax.scan(step, (w, transform.init(w)), grads)[0][0]

    of_numbers = jax.jit(lambda: weights.__wrapped__(numbers))()
    np.testing.assert_allclose(weights(arrays), of_numbers, atol=2e-6)


def test_tuned_numbers_share_one_program():
    def program(rate):
        optimizer = configured("exact-policy-gradient", {"learning_rate": rate, "updates": 10})
        leaves, shape = jax.tree.flatten(optimizer)
        return [(leaf.shape, leaf.dtype) for leaf in leaves], shape

    assert program(0.1) == program(0.01)
    plain = build_base_optimizer("exact-policy-gradient", {"learning_rate": 0.1})
    assert jax.tree.leaves(plain)[0] == 0.1  # and stays a plain number where nothing is tuned
