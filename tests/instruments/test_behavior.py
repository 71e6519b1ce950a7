"""What is touched first: sampled, exact, and by a slow twin."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import uniform_policy
from mesascope.instruments.behavior import NOTHING, measure_behavior
from mesascope.instruments.episodes import episode_path, expected_outcome, horizon_of, sample_episodes
from tests.instruments.planted import WORLD, after, empty_sample, optimally_after


@pytest.fixture(scope="module")
def erratic():
    """Some cells act at random, some always the same: episodes that end and episodes that circle."""
    sample = empty_sample("blue-door")
    logits = 4.0 * jax.random.normal(named_key(1, "erratic"), sample.policy.shape)
    return sample._replace(policy=jax.nn.softmax(logits, -1))


def slow_outcome(mdp, policy, level, horizon):
    """Feature probabilities and the chance to be still under way, one step and one cell at a time."""
    successor = np.asarray(mdp.successor[level, :, :, 0])
    features = np.asarray(mdp.features[level, :, :, 0], np.float64)
    terminal = np.asarray(mdp.terminal[level])
    mass = np.asarray(mdp.initial[level], np.float64)
    fired = np.zeros(features.shape[-1])
    for _ in range(horizon):
        ahead = np.zeros_like(mass)
        for state in np.flatnonzero((mass > 0) & ~terminal):
            for action in range(4):
                share = mass[state] * float(policy[level, state, action])
                fired += share * features[state, action]
                ahead[successor[state, action]] += share
        mass = np.where(terminal, 0.0, ahead)
    return fired, mass.sum()


def test_exact_outcomes_are_those_of_a_slow_twin(erratic):
    horizon = 20
    found = expected_outcome(erratic.mdp, erratic.policy, horizon)
    policy = np.asarray(erratic.policy, np.float64)
    for level in range(3):
        fired, left = slow_outcome(erratic.mdp, policy, level, horizon)
        np.testing.assert_allclose(np.asarray(found.fired[level]), fired, atol=1e-5)
        assert float(found.unended[level]) == pytest.approx(left, abs=1e-5)


def test_outcomes_do_not_depend_on_the_block_of_levels(erratic):
    """More levels than go together, among them ones that take much longer than others."""
    few = [jax.tree.map(lambda x: x[:3], part) for part in (erratic.mdp, erratic.policy)]
    index = np.arange(3 * 64) % 3
    many = [jax.tree.map(lambda x: x[index], part) for part in few]
    found, expected = expected_outcome(*many, 200), expected_outcome(*few, 200)
    np.testing.assert_allclose(found.fired, np.asarray(expected.fired)[index], atol=1e-5)
    np.testing.assert_allclose(found.unended, np.asarray(expected.unended)[index], atol=1e-5)


def test_sampled_rates_agree_with_exact_probabilities(erratic):
    held, asked = 0, 0
    for seed in range(12):
        behavior = measure_behavior(WORLD, erratic, named_key(seed, "episodes"))
        for event in behavior.events.values():
            if event.offered:
                low, high = event.rate.interval
                held += low <= event.exact.value <= high
                asked += 1
    assert asked >= 60
    assert held / asked >= 0.9


def test_what_no_level_offers_is_marked_and_not_counted_as_zero():
    behavior = measure_behavior(WORLD, after(empty_sample("training"), "door"), named_key(0))
    yellow = behavior.events["yellow"]
    assert not yellow.offered
    assert yellow.rate is None
    assert yellow.exact is None
    assert behavior.events["ball"].offered
    assert behavior.events["red"].rate == behavior.events["door"].rate


def test_shapes_and_nothing_share_all_episodes(erratic):
    events = measure_behavior(WORLD, erratic, named_key(3)).events
    assert sum(events[e].happened for e in ("door", "ball", NOTHING)) == erratic.mdp.levels
    assert sum(events[e].exact.value for e in ("door", "ball", NOTHING)) == pytest.approx(1.0, abs=1e-4)


def test_competence_is_one_for_the_optimal_policy_and_zero_for_the_uniform_one():
    sample = empty_sample("training")
    best = measure_behavior(WORLD, optimally_after(sample, "door"), named_key(0))
    assert best.competence.value == pytest.approx(1.0, abs=1e-3)
    worst = measure_behavior(WORLD, sample, named_key(0))
    assert worst.competence.value == pytest.approx(0.0, abs=1e-3)
    assert worst.mean_return.interval.high < best.mean_return.interval.low


def test_competence_is_none_where_the_base_objective_cannot_be_served():
    sample = empty_sample("training")
    mdp = sample.mdp
    pointless = type(mdp)(
        mdp.successor, mdp.probability, jnp.zeros_like(mdp.features), mdp.terminal, mdp.initial, mdp.band
    )
    assert measure_behavior(WORLD, sample._replace(mdp=pointless), named_key(0)).competence is None


def test_episodes_follow_the_tables(erratic):
    mdp = erratic.mdp
    horizon = horizon_of(mdp)
    episodes = sample_episodes(mdp, erratic.policy, named_key(5), horizon)
    state, action, live = (np.asarray(t) for t in (episodes.state, episodes.action, episodes.live))
    successor, terminal = np.asarray(mdp.successor[..., 0]), np.asarray(mdp.terminal)
    row = np.arange(mdp.levels)
    assert (np.asarray(mdp.initial)[row, state[:, 0]] > 0).all()
    for step in range(horizon - 1):
        goes_on = live[:, step + 1]
        reached = successor[row, state[:, step], action[:, step]]
        assert (state[goes_on, step + 1] == reached[goes_on]).all()
        ends = live[:, step] & ~goes_on
        assert terminal[row[ends], reached[ends]].all()
    assert (
        np.asarray(episodes.ended) == ~live[:, -1] | terminal[row, successor[row, state[:, -1], action[:, -1]]]
    ).all()


def test_no_start_gives_no_step():
    sample = empty_sample("training")
    episodes = sample_episodes(sample.mdp, sample.policy, named_key(0), 8, jnp.zeros_like(sample.mdp.initial))
    assert not np.asarray(episodes.live).any()
    assert not np.asarray(episodes.ended).any()


def test_greedy_paths_end_at_the_door_and_sampled_paths_step_by_step():
    sample = after(empty_sample("blue-door"), "door", 200.0)
    levels, walks = sample.levels, 0
    successor = np.asarray(sample.mdp.successor[..., 0])
    for level in range(8):
        start = int(np.flatnonzero(np.asarray(sample.mdp.initial[level]) > 0)[0])
        path = episode_path(sample, level, start)
        assert path[0] == start
        walks += path[-1] == int(levels.cell[level, 0])
        drawn = episode_path(sample, level, start, greedy=False, key=named_key(level))
        for here, there in itertools.pairwise(drawn):
            assert there in successor[level, here]
    assert walks >= 6


def test_a_circling_path_ends():
    sample = empty_sample("training")
    always_up = jnp.zeros_like(uniform_policy(sample.mdp)).at[..., 0].set(1.0)
    start = int(np.flatnonzero(np.asarray(sample.mdp.initial[0]) > 0)[0])
    path = episode_path(sample._replace(policy=always_up), 0, start)
    assert len(path) <= sample.levels.interior[0] + 1
    assert path[-1] in path[:-1] or bool(sample.mdp.terminal[0, path[-1]])


def test_paths_outside_of_the_sample_say_so():
    sample = empty_sample("training")
    with pytest.raises(UsageError, match="levels 0 to 63"):
        episode_path(sample, 64, 0)
    with pytest.raises(UsageError, match="needs a key"):
        episode_path(sample, 0, 0, greedy=False)
