"""What a subject decided between, against a loop over its episodes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.decisions import NEVER, decisions_of, observe_decisions, pool_decisions
from mesascope.instruments.episodes import horizon_of, sample_episodes
from mesascope.instruments.first_touch import first_touch
from tests.instruments.planted import WORLD, after, empty_sample


@pytest.fixture(scope="module")
def walked():
    sample = after(empty_sample("blue-door"), "door", sharpness=8.0)
    episodes = sample_episodes(sample.mdp, sample.policy, named_key(0, "walk"), horizon_of(sample.mdp))
    return sample, episodes


def by_a_loop(sample, episodes):
    """Level, state and action of every decision, in plain Python."""
    touch = first_touch(WORLD.outcomes(sample.levels), sample.mdp, WORLD.discount)
    reach, enters = np.asarray(touch.reach), np.asarray(touch.enters)
    found = []
    for level in range(sample.mdp.levels):
        seen = {}
        for state, action, live in zip(
            *(np.asarray(part)[level] for part in (episodes.state, episodes.action, episodes.live)), strict=True
        ):
            if live and int(state) not in seen:
                seen[int(state)] = int(action)
        for state, action in sorted(seen.items()):
            best = [set(np.nonzero(np.isclose(r, r.max(), rtol=1e-4))[0]) for r in reach[level, state] if r.max() > 0]
            apart = any(not a & b for a in best for b in best)
            if apart or enters[level, state].any():
                found.append((level, state, action))
    return found


def test_decisions_are_those_of_a_loop(walked):
    sample, episodes = walked
    found = decisions_of(WORLD.outcomes(sample.levels), sample.mdp, episodes, WORLD.discount)
    chosen, episode = np.asarray(found.chosen), np.asarray(found.episode)
    real = chosen.any(0)
    expected = by_a_loop(sample, episodes)
    assert 0 < len(expected) == real.sum() < np.asarray(episodes.live).sum()
    assert [(level, action) for level, _, action in expected] == list(
        zip(episode[real], chosen[:, real].argmax(0), strict=True)
    )
    touch = first_touch(WORLD.outcomes(sample.levels), sample.mdp, WORLD.discount)
    reach = np.asarray(touch.reach)
    for row, (level, state, _) in enumerate(expected):
        steps = np.asarray(found.steps)[:, :, row]
        np.testing.assert_allclose(np.where(steps < NEVER, 0.97**steps, 0.0), reach[level, state], rtol=1e-4)
    assert found.number == sample.mdp.levels


def test_pooling_keeps_every_decision_and_episode(walked):
    sample, episodes = walked
    one = decisions_of(WORLD.outcomes(sample.levels), sample.mdp, episodes, WORLD.discount)
    both = pool_decisions([one, one])
    rows, count = int(np.asarray(one.chosen).sum()), len(one.begun)
    real = np.asarray(both.chosen).any(0)
    assert real.sum() == 2 * rows
    assert both.number == 2 * one.number
    episode = np.asarray(both.episode)[real]
    np.testing.assert_array_equal(episode[rows:], episode[:rows] + count)
    assert jax.tree.map(lambda a, b: a.ndim == b.ndim, one, both)


def test_only_allowed_states_are_kept():
    sample = after(empty_sample("blue-door"), "door")
    allowed = jnp.zeros(sample.mdp.terminal.shape, bool).at[:, :20].set(True)
    some = observe_decisions(
        WORLD.outcomes(sample.levels), sample.mdp, sample.policy, named_key(0, "some"), WORLD.discount, allowed
    )
    full = observe_decisions(
        WORLD.outcomes(sample.levels), sample.mdp, sample.policy, named_key(0, "some"), WORLD.discount
    )
    assert 0 < np.asarray(some.chosen).sum() < np.asarray(full.chosen).sum()
    none = observe_decisions(
        WORLD.outcomes(sample.levels), sample.mdp, sample.policy, named_key(0, "no"), WORLD.discount, allowed & False
    )
    assert none.number == 0
