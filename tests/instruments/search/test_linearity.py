"""How much of a state is more than a linear function of what is seen."""

import jax.numpy as jnp
import numpy as np

from mesascope.instruments.search import linearity
from mesascope.instruments.search.linearity import beyond_own_token, nonlinear_shares
from mesascope.instruments.search.places import MIN_NONLINEAR
from mesascope.worlds.grids.grid import MOVES

SIDE = 7
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


def steep(observation, base):
    """`base` to the power of the steps to the object in the last channel; 0 in walls."""
    walls, goal = np.asarray(observation[..., 0]) > 0.5, np.asarray(observation[..., 1]) > 0.5
    value = goal.astype(float)
    for _ in range(2 * SIDE):
        padded = np.pad(value, ((0, 0), (1, 1), (1, 1)))
        around = np.max([padded[:, 1 + r : 1 + r + SIDE, 1 + c : 1 + c + SIDE] for r, c in MOVES], 0)
        value = np.where(goal, 1.0, np.where(walls, 0.0, np.maximum(value, base * around)))
    return value


def test_a_steeply_discounted_plan_is_no_function_of_the_input_and_a_power_of_the_input_is(monkeypatch):
    rng = np.random.default_rng(0)
    walls = rng.random((64, SIDE, SIDE)) < 0.15
    goal = np.zeros_like(walls)
    goal[np.arange(64), rng.integers(SIDE, size=64), rng.integers(SIDE, size=64)] = True
    walls &= ~goal
    seen = jnp.asarray(np.stack([walls, goal], -1), jnp.float32)
    plan = steep(seen, 0.05)
    # As many orders of magnitude, by what is seen: a power of it, and a sum of large and small numbers.
    power = 10.0 ** (3.0 * walls - 5.0 * goal - 2.0)
    above = np.concatenate([np.zeros_like(walls[:, :1]), walls[:, :-1]], 1)
    total = 1.0 * walls + 1e-4 * above + 1e-5
    shares = {
        name: nonlinear_shares(seen, {"own": jnp.asarray(value, jnp.float32)[None, ..., None]}, 0)["own"]
        for name, value in (("plan", plan), ("power", power), ("total", total))
    }
    assert shares["plan"] > 2 * MIN_NONLINEAR
    assert max(shares["power"], shares["total"]) < MIN_NONLINEAR / 4
    # By variance alone the plan would be taken for the input: nearly all of it lies beside the object.
    monkeypatch.setattr(linearity, "DECADES", np.inf)
    assert nonlinear_shares(seen, {"own": jnp.asarray(plan, jnp.float32)[None, ..., None]}, 0)["own"] < MIN_NONLINEAR
