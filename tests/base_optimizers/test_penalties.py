"""What weights cost: against formulas in NumPy, and nothing at all where nothing is asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mesascope.base_optimizers.descent import NO_PENALTY, Penalty, clipped_adam, shrink
from mesascope.base_optimizers.registry import base_optimizer_config, build_base_optimizer

WEIGHTS = {"matrix": jnp.array([[1.0, -0.5], [0.02, -3.0]]), "bias": jnp.array([0.3, -0.1])}
STEPS = {"matrix": jnp.array([[0.1, 0.2], [0.0, -0.1]]), "bias": jnp.array([0.05, 0.0])}


def test_shrinks_as_in_the_formulas():
    decay, l1, rate = 0.5, 0.3, 0.1
    transform = shrink(optax.constant_schedule(rate), Penalty(decay, l1))
    state = transform.init(WEIGHTS)
    weights = WEIGHTS
    slow = {name: np.asarray(w, np.float64) for name, w in WEIGHTS.items()}
    for _ in range(3):
        steps, state = transform.update(STEPS, state, weights)
        weights = optax.apply_updates(weights, steps)
        moved = slow["matrix"] * (1 - rate * decay) + np.asarray(STEPS["matrix"])
        slow["matrix"] = np.sign(moved) * np.maximum(np.abs(moved) - rate * l1, 0)
        slow["bias"] = slow["bias"] + np.asarray(STEPS["bias"])
        for name in slow:
            np.testing.assert_allclose(weights[name], slow[name], rtol=1e-5, atol=1e-7)
    assert int(state.taken) == 3


def test_the_step_size_of_the_schedule_scales_the_penalty():
    falling = shrink(optax.linear_schedule(0.2, 0.0, 2), Penalty(l1=1.0))
    zero, state = jax.tree.map(jnp.zeros_like, STEPS), falling.init(WEIGHTS)
    moved = []
    for _ in range(3):
        steps, state = falling.update(zero, state, WEIGHTS)
        moved.append(float(-steps["matrix"][0, 0]))
    np.testing.assert_allclose(moved, [0.2, 0.1, 0.0], atol=1e-7)


@pytest.mark.parametrize("name", ["exact-policy-gradient", "imitation", "walked-imitation", "ppo"])
def test_every_option_reaches_the_steps(name):
    def after(**options):
        transform = build_base_optimizer(name, {"updates": 4, "warmup": 0, **options})._transform()
        weights, state = WEIGHTS, transform.init(WEIGHTS)
        for _ in range(2):
            steps, state = transform.update(jax.tree.map(jnp.zeros_like, STEPS), state, weights)
            weights = optax.apply_updates(weights, steps)
        return weights

    assert jax.tree.all(jax.tree.map(lambda a, b: (a == b).all(), after(), WEIGHTS))
    decayed, shrunk = after(weight_decay=0.5), after(l1=20.0)
    assert (jnp.abs(decayed["matrix"]) < jnp.abs(WEIGHTS["matrix"])).all()
    assert shrunk["matrix"][1, 0] == 0.0, "what is small becomes exactly zero"
    for found in (decayed, shrunk):
        assert (found["bias"] == WEIGHTS["bias"]).all()


def test_without_a_penalty_it_is_adam_to_the_last_bit():
    ours = clipped_adam(9, 0.01, 2, 0.1, 1.0, NO_PENALTY)
    schedule = optax.warmup_cosine_decay_schedule(0.0, 0.01, 2, 9, 0.001)
    plain = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
    states = [t.init(WEIGHTS) for t in (ours, plain)]
    assert jax.tree.structure(states[0]) == jax.tree.structure(states[1])
    for _ in range(3):
        found = [t.update(STEPS, s, WEIGHTS) for t, s in zip((ours, plain), states, strict=True)]
        states = [state for _, state in found]
        assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (found[0], found[1])), strict=True))


@pytest.mark.parametrize("name", ["exact-policy-gradient", "imitation", "walked-imitation", "ppo"])
def test_what_came_later_is_written_down_only_where_it_is_used(name):
    config = base_optimizer_config(build_base_optimizer(name)).config
    assert not {"weight_decay", "l1", "tick_price"} & config.keys(), "an old training keeps its fingerprint"
    used = base_optimizer_config(build_base_optimizer(name, {"weight_decay": 0.1}))
    assert used.config == {**config, "weight_decay": 0.1}
    assert build_base_optimizer(*used).weight_decay == 0.1
