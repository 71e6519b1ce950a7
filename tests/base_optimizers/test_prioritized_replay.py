"""The buffer against a slow twin; what is replayed; that replay finds the few levels that tell."""

import dataclasses
from types import SimpleNamespace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.base_optimizers import prioritized_replay
from mesascope.base_optimizers.exact_policy_gradient import ReturnAndSurrogate
from mesascope.base_optimizers.prioritized_replay import EMPTY, Buffer, PrioritizedReplay, add, pick, priorities
from mesascope.base_optimizers.training import advance, begin
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import GridLevels
from tests.base_optimizers.conftest import GLANCE


def levels_numbered(numbers):
    """Levels told apart by the cell of their only object."""
    cell = jnp.asarray(numbers, jnp.int32)[:, None]
    return GridLevels(jnp.zeros((len(numbers), 2, 2), bool), cell, jnp.zeros_like(cell), jnp.zeros_like(cell))


def buffer_of(regret, measured, first=0):
    numbers = np.arange(first, first + len(regret))
    return Buffer(levels_numbered(numbers), jnp.asarray(regret, jnp.float32), jnp.asarray(measured, jnp.int32))


regrets = st.lists(st.sampled_from([0.0, 0.1, 0.1, 0.5, 0.9]), min_size=3, max_size=3)


@settings(max_examples=15)
@given(st.lists(st.sampled_from([EMPTY, 0.0, 0.2, 0.5, 0.9]), min_size=5, max_size=5), regrets)
def test_the_levels_of_largest_regret_stay(held, fresh):
    found = add(
        buffer_of(held, [1] * 5), levels_numbered(range(100, 103)), jnp.asarray(fresh, jnp.float32), jnp.array(7)
    )
    entries = [(-np.float32(r), i, n, 1) for i, (r, n) in enumerate(zip(held, range(5), strict=True))]
    entries += [(-np.float32(r), 5 + i, 100 + i, 7) for i, r in enumerate(fresh)]
    expected = sorted(entries)[:5]
    assert np.asarray(found.levels.cell[:, 0]).tolist() == [n for _, _, n, _ in expected]
    assert np.asarray(found.measured).tolist() == [m for *_, m in expected]
    assert np.asarray(found.regret).tolist() == [-float(r) for r, *_ in expected]


def test_priorities_are_ranks_and_ages():
    buffer = buffer_of([0.2, 0.9, EMPTY, 0.5], [3, 5, 0, 9])
    by_rank = np.array([1 / 3, 1, 0, 1 / 2]) ** 2
    np.testing.assert_allclose(priorities(buffer, jnp.array(10), 0.5, 0.0), by_rank / by_rank.sum(), rtol=1e-5)
    by_age = np.array([7, 5, 0, 1]) / 13
    np.testing.assert_allclose(priorities(buffer, jnp.array(10), 0.5, 1.0), by_age, rtol=1e-5)
    mixed = 0.75 * by_rank / by_rank.sum() + 0.25 * by_age
    np.testing.assert_allclose(priorities(buffer, jnp.array(10), 0.5, 0.25), mixed, rtol=1e-5)
    now = priorities(buffer_of([0.2, 0.9], [4, 4]), jnp.array(4), 1.0, 1.0)
    np.testing.assert_allclose(now, [1 / 3, 2 / 3], rtol=1e-5)  # nothing has aged: by rank


def test_picks_are_different_levels_in_proportion():
    probability = jnp.array([0.6, 0.3, 0.1, 0.0])
    picks = np.asarray(jax.vmap(lambda key: pick(key, probability, 2))(jax.random.split(named_key(0), 4000)))
    assert (picks[:, 0] != picks[:, 1]).all()
    assert not (picks == 3).any()
    np.testing.assert_allclose(np.bincount(picks[:, 0], minlength=4) / 4000, probability, atol=0.03)


def test_a_buffer_smaller_than_a_batch_is_refused():
    with pytest.raises(UsageError, match="capacity 8: expected at least as many levels as a batch has, which is 32"):
        PrioritizedReplay(capacity=8)


@pytest.mark.parametrize("batches", [1, 3])
def test_levels_that_come_round_again_are_refused(batches):
    with pytest.raises(UsageError, match=f"batches {batches}: prioritized-replay draws fresh levels"):
        PrioritizedReplay(batches=batches)


def test_the_step_is_taken_on_what_is_replayed(world, monkeypatch):
    """Two trainings that draw other levels, but replay the same ones, take the same step."""
    # Which levels are used is asked here, and not what is computed of them: any numbers of the answers will do.
    monkeypatch.setattr(
        prioritized_replay,
        "exact_return",
        lambda policy, *rest: ReturnAndSurrogate(policy[..., 0].mean(), policy[..., 1].mean()),
    )
    monkeypatch.setattr(
        prioritized_replay, "regret_of", lambda mdp, policy, *rest: SimpleNamespace(regret=policy[..., 2].mean(1))
    )
    optimizer = PrioritizedReplay(updates=4, batch=4, capacity=4, learning_rate=1e-2, warmup=0)
    update = eqx.filter_jit(optimizer.update)
    kept = Buffer(world.draw(named_key(1, "kept"), 4), jnp.full(4, 9.0), jnp.zeros(4, jnp.int32))
    begun = begin(optimizer, world, "feed-forward", {"channels": 2, "layers": 1}, seed=0)
    begun = dataclasses.replace(begun, buffer=kept, updates=jnp.array(3, jnp.int32))
    other = dataclasses.replace(begun, seed_key=jax.random.key_data(named_key(5)))
    (one, said), (another, also) = (update(state, world) for state in (begun, other))
    for a, b in zip(jax.tree.leaves(one.subject), jax.tree.leaves(another.subject), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert (one.subject.out != begun.subject.out).any()
    # Adam's first step is all but a sign, so the sizes are compared as well.
    np.testing.assert_allclose(said, also, rtol=1e-4)
    for state in (one, another):
        assert (np.asarray(state.buffer.regret) <= 1).all(), "measured again, and no longer 9"
        assert (np.asarray(state.buffer.measured) == 3).all()


@pytest.mark.slow
def test_replay_keeps_the_levels_that_tell(world):
    """Once red doors are reached, the levels of largest regret are those whose door is not red, rare as they are."""
    mixed = type(world)(size=5, alpha=0.05)
    optimizer = PrioritizedReplay(updates=40, batch=16, capacity=32, learning_rate=1e-2, warmup=5)
    state, _ = advance(optimizer, mixed, begin(optimizer, mixed, "glance", GLANCE, seed=0), jnp.array(40, jnp.int32))
    telling = np.asarray(state.buffer.levels.color[:, 0] != 0)
    assert (np.asarray(state.buffer.regret) >= 0).all()
    assert telling.mean() > 3 * 0.05
