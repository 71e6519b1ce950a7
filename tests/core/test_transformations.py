"""The solver inside `jit`, `vmap` and `lax.scan`, at every batch size, and subjects' policy tables."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core import solver
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.subject import policy_table
from mesascope.worlds.grids.red_doors import RedDoors


@pytest.fixture(scope="module")
def banded():
    """Four small mazes, a reward for each color, and a policy that is not uniform."""
    world = RedDoors(size=5)
    mdp = world.tables(world.draw(jax.random.key(1), 4))
    policy = jax.nn.softmax(jax.random.normal(jax.random.key(2), (4, mdp.states, 4)))
    return mdp, policy, rewards(mdp, jnp.arange(6.0))


def without_band(mdp):
    return FiniteMDP(mdp.successor, mdp.probability, mdp.features, mdp.terminal, mdp.initial)


def close(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("prepare", [lambda mdp: mdp, without_band], ids=["banded", "dense"])
def test_vmap_over_policies_and_scan_over_updates(banded, prepare):
    mdp, policy, reward = prepare(banded[0]), banded[1], banded[2]
    policies = jnp.stack([policy, solver.uniform_policy(mdp)])
    alone = [solver.solve_policy(mdp, p, reward) for p in policies]
    together = jax.vmap(lambda p: solver.solve_policy(mdp, p, reward))(policies)

    def update(carry, p):
        return carry + 1, solver.solve_policy(mdp, p, reward)

    scanned = jax.jit(lambda ps: jax.lax.scan(update, 0, ps)[1])(policies)
    for i, expected in enumerate(alone):
        close((together.values[i], together.visits[i]), expected)
        close((scanned.values[i], scanned.visits[i]), expected)


def test_vmap_over_objectives(banded):
    mdp = banded[0]
    weights = jnp.eye(6)[:3]
    together = jax.vmap(lambda w: solver.optimal_values(mdp, w))(weights)
    for i in range(3):
        close([together.action[i]], [solver.optimal_values(mdp, weights[i]).action])


def test_a_traced_discount_is_a_discount(banded):
    mdp, policy, reward = banded
    found = jax.jit(lambda g: solver.evaluate(mdp, policy, reward, g))(jnp.float32(0.9))
    close([found], [solver.evaluate(mdp, policy, reward, 0.9)])


def test_batches_that_are_cut_up_are_put_together_again(banded):
    """More levels than are eliminated at once, in a number that divides and in one that does not."""
    mdp, policy, reward = banded
    few = solver.solve_policy(mdp, policy, reward)
    for levels in (2 * solver._LEVELS_AT_ONCE, 2 * solver._LEVELS_AT_ONCE + 1):
        index = np.arange(levels) % 4
        many = FiniteMDP(
            *(x[index] for x in (mdp.successor, mdp.probability, mdp.features, mdp.terminal, mdp.initial)),
            band=mdp.band,
        )
        found = solver.solve_policy(many, policy[index], reward[index])
        close(found, (few.values[index], few.visits[index]))


@pytest.mark.parametrize(("levels", "together"), [(1, 1), (64, 64), (128, 128), (1000, 125), (256, 128), (257, 257)])
def test_levels_together(levels, together):
    assert solver._levels_together(levels) == together


def test_policy_table_is_row_major_and_sums_to_one():
    logits = jnp.arange(2 * 3 * 4 * 5, dtype=jnp.float32).reshape(2, 3, 4, 5) ** 0.5
    table = policy_table(logits)
    assert table.shape == (2, 12, 5)
    np.testing.assert_allclose(table.sum(-1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(table[1, 2 * 4 + 3], jax.nn.softmax(logits[1, 2, 3]), rtol=1e-6)
