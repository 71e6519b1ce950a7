"""How much of a state is more than a linear function of what is seen."""

import jax.numpy as jnp
import numpy as np

from mesascope.instruments.search.linearity import nonlinear_shares

RNG = np.random.default_rng(0)
SEEN = jnp.asarray((RNG.random((64, 7, 7, 3)) < 0.3).astype(np.float32))


def share(state):
    other = jnp.asarray(RNG.normal(size=(*SEEN.shape[:3], 2)).astype(np.float32))
    return nonlinear_shares(SEEN, {"s": jnp.asarray(state)[None], "a": other[None]}, 0)["s"]


def test_a_linear_function_of_the_neighborhood_is_found_out():
    near = np.asarray(SEEN)
    mixed = near @ RNG.normal(size=(3, 5))
    mixed[:, 1:] += near[:, :-1] @ RNG.normal(size=(3, 5))
    assert share(mixed.astype(np.float32)) < 0.01


def test_products_and_far_cells_are_not_linear():
    a = np.asarray(SEEN)
    assert share((a[..., :1] * a[..., 1:2] * np.roll(a[..., 2:], 1, 1)).astype(np.float32)) > 0.2
    assert share(np.roll(a, 4, axis=2)) > 0.5


def test_channels_that_stand_still_do_not_count():
    a = np.asarray(SEEN)[..., :1]
    assert share(np.concatenate([a, np.ones_like(a)], -1)) < 0.01
