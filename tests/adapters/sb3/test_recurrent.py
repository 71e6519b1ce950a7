"""RecurrentPPO of sb3-contrib 2.9.2: a memory that lasts from step to step."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import mesascope as ms
from mesascope.adapters.sb3.agent import load_sb3
from mesascope.adapters.sb3.recurrent import recurrent_subject
from mesascope.adapters.sb3.subject import subject_of
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rollouts import view_of
from mesascope.jobs.subjects import find_source
from mesascope.worlds.grids.red_doors import RedDoors

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")

STEPS, ACTORS = 12, 5
WORLD = RedDoors(size=5)


def own_step(model, observations, memory, starts):
    """Logits and memory as the library has them."""
    with torch.no_grad():
        found, after = model.policy.get_distribution(
            torch.from_numpy(observations),
            tuple(torch.from_numpy(np.array(part)) for part in memory),
            torch.from_numpy(starts.astype(np.float32)),
        )
        return found.distribution.logits.numpy().copy(), tuple(part.numpy() for part in after)


@pytest.mark.parametrize("kind", ["recurrent", "two layers"])
def test_its_steps_are_those_of_its_own_policy_on_its_own_episodes(trained, kind):
    model, path = trained(kind)
    agent = load_sb3(path)
    rng = np.random.default_rng(1)
    memory = own = agent.blank(ACTORS)
    for _ in range(STEPS):
        observations = rng.uniform(-1, 1, (ACTORS, *model.observation_space.shape)).astype(np.float32)
        starts = rng.random(ACTORS) < 0.3
        logits, memory = agent.step(observations, memory, starts)
        expected, own = own_step(model, observations, own, starts)
        np.testing.assert_allclose(logits, expected, atol=1e-5)
        np.testing.assert_allclose(memory, own, atol=1e-5)
    assert np.abs(memory.hidden).max() > 0.01


def test_its_most_probable_actions_are_those_that_predict_takes(trained):
    model, path = trained("recurrent")
    agent = load_sb3(path, deterministic=True)
    env = model.get_env()
    observations, state, starts, memory = env.reset(), None, np.ones(1, bool), agent.blank(1)
    for _ in range(20):
        action, state = model.predict(observations, state, starts, deterministic=True)
        logits, memory = agent.step(observations, memory, starts)
        assert logits.argmax(1) == action
        observations, _, starts, _ = env.step(action)


def test_it_is_never_asked_as_if_it_had_no_memory(trained):
    agent = dataclasses.replace(load_sb3(trained("recurrent").path), actions=("a", "b", "c"))
    assert agent.recurrent
    with pytest.raises(SubjectError, match="had no memory"):
        agent.logits(np.zeros((2, 5)))
    maze = load_sb3(trained("two layers").path, actions=WORLD.actions)
    with pytest.raises(UsageError, match="had no memory"):
        subject_of(maze, WORLD)
    assert maze.subject(WORLD).recurrent
    assert find_source(f"sb3:{trained('two layers').path},actions=up/down/left/right", WORLD).recurrent
    with pytest.raises(SubjectError, match="is not recurrent"):
        load_sb3(trained("box").path).blank(1)


def test_as_a_subject_it_keeps_all_promises_and_takes_the_same_steps(trained):
    agent = load_sb3(trained("two layers").path, actions=("down", "up", "right", "left"))
    subject = recurrent_subject(agent, WORLD)
    levels = WORLD.draw(0, 4)
    observation = WORLD.observe(levels)
    check_subject(subject, observation, 4)
    order = [agent.actions.index(name) for name in WORLD.actions]
    state, memory = subject.start(observation), agent.blank(4)
    for step in range(3):
        view = view_of(subject, observation, jnp.arange(4) + step, jnp.array(step))
        state = subject.think(state, view, jnp.array(0))
        shown = np.concatenate([view.level, view.here], -1)
        logits, memory = agent.step(shown, memory, np.zeros(4, bool))
        np.testing.assert_allclose(subject.act(state), logits[:, order], atol=1e-6)
        np.testing.assert_allclose(state["cell"].reshape(4, 2, 5).swapaxes(0, 1), memory.cell, atol=1e-6)


def test_another_view_is_made_into_what_it_observes_at_every_step(trained):
    path, names = trained("two layers").path, WORLD.actions
    plain = load_sb3(path, actions=names).subject(WORLD)
    window = load_sb3(
        path, actions=names, view="egocentric-5", observe=lambda seen: seen.reshape(len(seen), -1)[:, :72]
    )
    subject, levels = window.subject(WORLD), WORLD.draw(0, 2)
    seen = WORLD.observe(levels, "egocentric-5")
    check_subject(subject, seen, all_states=False)
    state = subject.think(subject.start(seen[:, 0]), seen[:, 4], jnp.array(0))
    memory = window.blank(2)
    own, _ = window.step(np.asarray(seen[:, 4]).reshape(2, -1)[:, :72], memory, np.zeros(2, bool))
    np.testing.assert_allclose(subject.act(state), own, atol=1e-6)
    assert plain.view == "full"


def test_it_is_played_in_its_own_environment_with_its_memory(trained):
    pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md")
    model, path = trained("recurrent")
    world = ms.worlds.from_gymnasium(
        model.get_env().envs[0].unwrapped, actions=("first", "second", "third"), tables=False, discount=0.999
    )
    found = ms.audit(ms.load_agent(f"sb3:{path}", actions=world.actions), world, quick=True, levels=100)
    earned = []
    own = model.get_env().envs[0].unwrapped
    for seed in range(100):
        shown, _ = own.reset(seed=seed)
        memory, total = None, 0.0
        for step in range(8):
            action, memory = model.predict(shown, state=memory, episode_start=np.array([step == 0]))
            shown, reward, _, _, _ = own.step(int(action))
            total += 0.999**step * reward
        earned.append(total)
    error = np.std(earned, ddof=1) * np.sqrt(2 / 100)
    assert abs(found.returns["training"].subject - np.mean(earned)) < 3 * error
    assert found.episodes["training"].count == 100


def test_what_it_is_shown_must_be_what_it_observes(trained):
    larger = RedDoors(size=7)
    with pytest.raises(
        UsageError, match=r"shape \(5, 5, 8\); the agent observes .* shape \(72,\).*observe=MODULE:FUNCTION"
    ):
        load_sb3(trained("two layers").path, actions=larger.actions).subject(larger)
    agent = load_sb3(trained("recurrent").path, actions=("a", "b", "c"))
    three = load_sb3(trained("two layers").path, actions=WORLD.actions, observe=lambda shown: shown[..., -1:])
    subject = recurrent_subject(three, WORLD)
    with pytest.raises(Exception, match="observations have shape"):
        subject.logits(view_of(subject, WORLD.observe(WORLD.draw(0, 2)), jnp.arange(2), jnp.array(0)))
    with pytest.raises(UsageError, match="3 actions|up/down/left/right"):
        recurrent_subject(agent, WORLD)


@pytest.mark.parametrize("starts", [[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])
def test_the_lstm_is_called_once_a_sequence_or_once_a_step_by_what_the_data_hold(trained, starts):
    """sb3-contrib 2.9.2: a hook on `lstm_actor` sees one call without an episode start in the data, and one a step with any."""
    model, _ = trained("recurrent")
    calls = []
    hook = model.policy.lstm_actor.register_forward_hook(lambda *_: calls.append(1))
    own_step(model, np.zeros((4, 5), np.float32), (np.zeros((1, 1, 6), np.float32),) * 2, np.array(starts))
    hook.remove()
    assert len(calls) == (4 if any(starts) else 1)


def test_the_critic_has_a_memory_of_its_own(trained):
    """sb3-contrib 2.9.2: `predict` carries the actor's memory alone, and never calls the critic's LSTM."""
    model, _ = trained("recurrent")
    calls = []
    hook = model.policy.lstm_critic.register_forward_hook(lambda *_: calls.append(1))
    _, state = model.predict(np.zeros((2, 5), np.float32))
    hook.remove()
    assert not calls
    assert [part.shape for part in state] == [(1, 2, 6)] * 2
