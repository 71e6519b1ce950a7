"""How much of a state is more than a linear function of what is seen."""

import jax.numpy as jnp
import numpy as np

from mesascope.instruments.search.linearity import beyond_own_token, nonlinear_shares

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


def beyond(state):
    return beyond_own_token(SEEN, {"s": jnp.asarray(state, jnp.float32)[None]}, 0)["s"]


def test_whatever_is_made_of_a_token_alone_is_the_input_in_disguise_however_nonlinear():
    """A perceptron before any attention: its numbers are no linear function of the input, and an edit of them is one of it."""
    content = np.asarray(SEEN) @ np.array([1.0, 2.0, 4.0])
    table = RNG.normal(size=(8, 7, 7, 5))
    rows, columns = np.indices((7, 7))
    alone = table[content.astype(int), rows, columns]
    assert share(alone.astype(np.float32)) > 0.1
    assert beyond(alone) < 1e-6
    mixed = alone + np.roll(alone, 3, axis=2)
    assert beyond(mixed) > 0.2


def test_what_other_tokens_tell_is_measured_as_its_share_of_the_variance():
    own, other = np.asarray(SEEN)[..., :1], RNG.normal(size=(*SEEN.shape[:3], 1))
    state = own + 0.5 * other
    expected = 0.25 / (own.var() + 0.25)
    assert abs(beyond(state) - expected) < 0.1 * expected
    assert beyond(np.concatenate([own, np.zeros_like(own)], -1)) < 1e-6
