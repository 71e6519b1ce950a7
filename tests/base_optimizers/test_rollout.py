"""Episodes by table look-up, advantages, and the clipped surrogate, against slow twins."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.base_optimizers.actors import RecurrentActor, actor_of, fresh_critic
from mesascope.base_optimizers.ppo import clipped_surrogate
from mesascope.base_optimizers.rollout import (
    RolloutLayout,
    Steps,
    collect,
    first_returns,
    flat_level,
    generalized_advantages,
    replay,
    sampled_returns,
)
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE
from mesascope.core.solver import evaluate
from mesascope.core.subject import policy_table
from mesascope.learned.recurrent import LocalRecurrentAgent
from mesascope.learned.registry import build

SHAPE = RolloutLayout(lanes=2, levels=2, actors=3, steps=20, limit=7)
DISCOUNT, TRACE = 0.9, 0.8


@pytest.fixture(scope="module")
def actors():
    """A plan-once actor and one with a memory, with critics that say something."""

    def make():
        glance = build("glance", {"channels": 8, "ticks": 6}, key=named_key(0, "glance"), inputs=7)
        local = LocalRecurrentAgent(named_key(0, "local"), 7, units=5)
        critics = (eqx.tree_at(lambda c: c.weight, c, c.weight + 0.3) for c in map(fresh_critic, (glance, local)))
        return {"plan-once": actor_of(glance, next(critics)), "recurrent": actor_of(local, next(critics))}

    return eqx.filter_jit(make)()


@pytest.fixture(scope="module")
def walks(actors, batch, world):
    """What each actor was prepared with, and the steps it took."""
    mdp, observation, _ = batch
    weights = jnp.asarray(world.base_objective.vector(world.features))

    @eqx.filter_jit
    def walk(actor):
        prepared = actor.prepare(observation)
        steps = collect(actor, prepared, mdp, weights, SHAPE, named_key(3, "walk"))
        return prepared, steps, replay(actor, prepared, steps, SHAPE.levels)

    return {name: walk(actor) for name, actor in actors.items()}


@pytest.mark.parametrize("name", ["plan-once", "recurrent"])
def test_every_step_is_one_of_the_tables(name, walks, batch):
    mdp, _, _ = batch
    _, steps, _ = walks[name]
    steps = jax.device_get(steps)
    assert steps.terminated.any()
    assert steps.truncated.any()
    for lane, walker in np.ndindex(SHAPE.lanes, SHAPE.actors):
        age = 0
        for t in range(SHAPE.steps):
            level, state, action = (int(x[t, lane, walker]) for x in (steps.level, steps.state, steps.action))
            row = lane * SHAPE.levels + level
            if age == 0:
                assert mdp.initial[row, state] > 0
            reached = int(mdp.successor[row, state, action, 0])
            assert steps.reward[t, lane, walker] == mdp.features[row, state, action, 0, 0]
            assert steps.terminated[t, lane, walker] == mdp.terminal[row, reached]
            age += 1
            cut = age == SHAPE.limit and not mdp.terminal[row, reached]
            assert steps.truncated[t, lane, walker] == cut
            if t + 1 == SHAPE.steps:
                continue
            if cut or mdp.terminal[row, reached]:
                age = 0
                assert steps.level[t + 1, lane, walker] == (level + 1) % SHAPE.levels
            else:
                assert steps.level[t + 1, lane, walker] == level
                assert steps.state[t + 1, lane, walker] == reached


@pytest.mark.parametrize("name", ["plan-once", "recurrent"])
def test_replay_finds_the_same_probabilities_and_values(name, walks):
    _, steps, (logits, value) = walks[name]
    flat = (SHAPE.steps, -1)
    taken = jnp.take_along_axis(jax.nn.log_softmax(logits, -1), steps.action.reshape(flat)[..., None], -1)[..., 0]
    np.testing.assert_allclose(taken, steps.log_probability.reshape(flat), atol=1e-5)
    np.testing.assert_allclose(value, steps.value.reshape(flat), atol=1e-5)


def test_memory_is_blank_at_the_start_of_every_episode(actors, walks):
    actor, (prepared, steps, _) = actors["recurrent"], walks["recurrent"]
    assert isinstance(actor, RecurrentActor)
    rows = flat_level(SHAPE.lanes, SHAPE.levels, steps.level)
    ended = (steps.terminated | steps.truncated).reshape(SHAPE.steps, -1)
    memory = actor.blank(rows.shape[1])
    for t in range(SHAPE.steps):
        memory = actor.subject.remember(prepared[rows[t], steps.state[t].reshape(-1)], memory)
        np.testing.assert_allclose(actor.critic(memory), steps.value[t].reshape(-1), atol=1e-5)
        memory = jnp.where(ended[t][:, None], 0.0, memory)


def slow_advantages(steps: Steps) -> np.ndarray:
    """The sum of discounted surprises up to the end of the episode, one actor and step at a time."""
    found = np.zeros(steps.reward.shape)
    for t, lane, walker in np.ndindex(*steps.reward.shape):
        for later in range(t, len(steps.reward)):
            place = later, lane, walker
            ahead = 0.0 if steps.terminated[place] else steps.next_value[place]
            surprise = steps.reward[place] + DISCOUNT * ahead - steps.value[place]
            found[t, lane, walker] += (DISCOUNT * TRACE) ** (later - t) * surprise
            if steps.terminated[place] or steps.truncated[place]:
                break
    return found


def test_advantages_are_sums_of_surprises(walks):
    _, steps, _ = walks["recurrent"]
    found = generalized_advantages(steps, DISCOUNT, TRACE)
    np.testing.assert_allclose(found.advantage, slow_advantages(jax.device_get(steps)), atol=1e-5)
    np.testing.assert_allclose(found.target, found.advantage + steps.value, atol=1e-6)


def one_step(**changes) -> Steps:
    shape = (1, 1, 1)
    zeros, no = jnp.zeros(shape), jnp.zeros(shape, bool)
    whole = jnp.zeros(shape, jnp.int32)
    return Steps(whole, whole, whole, zeros, zeros, zeros, zeros, no, no)._replace(
        **{name: jnp.full(shape, value) for name, value in changes.items()}
    )


@pytest.mark.parametrize(
    ("ending", "expected"), [({"terminated": True}, 1.0), ({"truncated": True}, 1.0 + 0.9 * 5.0), ({}, 1.0 + 0.9 * 5.0)]
)
def test_a_cut_episode_is_credited_with_what_would_follow(ending, expected):
    steps = one_step(reward=1.0, next_value=5.0, **ending)
    np.testing.assert_allclose(first_returns(steps, DISCOUNT), expected, rtol=1e-6)


def test_sampled_returns_agree_with_exact_ones(actors, batch, world):
    mdp, observation, reward = batch
    actor = actors["plan-once"]
    weights = jnp.asarray(world.base_objective.vector(world.features))
    sampled = sampled_returns(actor, observation, mdp, weights, named_key(5), world.discount, steps=200, actors=400)
    policy = policy_table(eqx.filter_jit(lambda s: s.logits(observation))(actor.subject))
    exact = (evaluate(mdp, policy, reward, world.discount) * mdp.initial).sum(-1)
    error = np.asarray(sampled.std(1)) / 20.0
    assert (np.abs(np.asarray(sampled.mean(1) - exact)) < 4.0 * error + 1e-3).all()


def test_the_surrogate_stops_paying_beyond_the_clip():
    advantage = jnp.array([[1.0, -1.0, 1.0, -1.0]])

    def gradient(log_ratio):
        return jax.grad(lambda r: clipped_surrogate(r, advantage, 0.2))(jnp.array([log_ratio]))[0]

    assert (np.asarray(gradient([0.0, 0.0, 0.0, 0.0])) * np.asarray(advantage[0]) > 0).all()
    beyond = np.asarray(gradient([0.5, -0.5, -0.5, 0.5]))
    assert beyond[0] == 0.0  # better, and already much likelier
    assert beyond[1] == 0.0  # worse, and already much less likely
    assert beyond[2] > 0.0
    assert beyond[3] < 0.0


def test_a_level_without_a_start_is_left_out(actors, batch):
    """Of the first lane's levels the first has no start, of the second lane's neither has."""
    mdp, observation, _ = batch
    some = dataclasses.replace(mdp, initial=mdp.initial * jnp.array([0, 1, 0, 0])[:, None])
    actor = actors["plan-once"]
    walk = eqx.filter_jit(lambda: collect(actor, actor.prepare(observation), some, jnp.ones(6), SHAPE, named_key(4)))
    steps = jax.device_get(walk())
    assert (steps.level[:, 0] == 1).all()
    assert (steps.state[:, 0] >= 0).all()
    assert steps.terminated[:, 0].any()
    assert (steps.state[:, 1] == NOWHERE).all()
    assert steps.terminated[:, 1].all()
    assert not steps.reward[:, 1].any()
