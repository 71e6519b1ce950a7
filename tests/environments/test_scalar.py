"""Worlds as Gymnasium environments: steps are those of the tables, seeds repeat, and Gymnasium's own checker passes."""

import importlib
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

gymnasium = pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md")
from gymnasium.utils.env_checker import check_env, data_equivalence

from mesascope.core.errors import UsageError
from mesascope.environments.episodes import BLOCK, pick
from mesascope.environments.registration import ENVIRONMENTS, register_all
from mesascope.environments.scalar import WorldEnv
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.registry import WORLDS
from tests.environments.replay import Replay
from tests.worlds.ring import Ring

CASES = {
    "turning": ("red-doors", "egocentric-5", {"size": 5, "movement": "turn", "distribution": "blue-door"}),
    "partial": ("keys-and-chests-partial", "egocentric-5", {"keys": 1, "chests": 1}),
    "pictures": ("coin", "rgb", {"size": 5, "length": 5}),
    "numbers": ("cheese-corner", "state-id", {"size": 5}),
}


def test_every_maze_world_is_registered():
    mazes = [name for name, world in WORLDS.items() if issubclass(world, AbstractGridWorld)]
    assert sorted(ENVIRONMENTS.values()) == sorted(mazes)
    register_all()  # once more changes nothing, and warns of nothing
    for name, world in ENVIRONMENTS.items():
        assert gymnasium.spec(name).kwargs == {"world": world}


def test_gymnasium_finds_the_environments_of_an_installed_package():
    """What Gymnasium does when it is imported: the entry point, loaded under the name of the plugin."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, value),) = project["entry-points"]["gymnasium.envs"].items()
    plugin = EntryPoint(name, value, "gymnasium.envs")
    before = {key: gymnasium.registry.pop(key) for key in list(gymnasium.registry) if key.startswith("mesascope/")}
    with gymnasium.envs.registration.namespace(plugin.name):
        plugin.load()()
    assert {key for key in gymnasium.registry if key.startswith("mesascope/")} == set(before) == set(ENVIRONMENTS)


def test_without_gymnasium_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    monkeypatch.delitem(sys.modules, "mesascope.environments")
    with pytest.raises(UsageError, match=r"pip install 'mesascope\[gymnasium\]'"):
        importlib.import_module("mesascope.environments")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_gymnasium_finds_nothing_wrong(name):
    check_env(gymnasium.make(name).unwrapped)


@pytest.mark.parametrize("case", CASES)
def test_every_step_is_that_of_the_tables(case):
    name, view, config = CASES[case]
    env = WorldEnv(name, view=view, max_steps=12, **config)
    replay = Replay(env.world, view, config.get("distribution", "training"))
    rng, ends, cuts, fired = np.random.default_rng(0), 0, 0, 0
    observation, info = env.reset(seed=5)
    replay.check_start(info["level_seed"], info["level_index"], info["state"])
    age = 0
    for step in range(400):
        before, action = info, int(rng.integers(env.action_space.n))
        observation, reward, terminated, truncated, info = env.step(action)
        age += 1
        at = (info["level_seed"], info["level_index"])
        assert at == (before["level_seed"], before["level_index"])
        features = [info["features"][name] for name in env.world.features]
        replay.check_step(*at, before["state"], action, info["state"], reward, terminated, features)
        if step % 9 == 0:
            replay.check_observation(*at, info["state"], observation)
        assert env.observation_space.contains(observation)
        assert truncated == (age == 12 and not terminated)
        fired += any(features)
        if terminated or truncated:
            ends, cuts = ends + terminated, cuts + truncated
            observation, info = env.reset()
            replay.check_start(info["level_seed"], info["level_index"], info["state"])
            if ends + cuts < 6:
                replay.check_observation(info["level_seed"], info["level_index"], info["state"], observation)
            assert not any(info["features"].values())
            age = 0
    assert ends + cuts > 20
    assert fired


def walk(env, seed):
    seen = [env.reset(seed=seed)]
    for step in range(80):
        seen.append(env.step(step % env.action_space.n))
        if seen[-1][2] or seen[-1][3]:
            seen.append(env.reset())
    return seen


def test_equal_seeds_give_equal_episodes():
    env, other = (WorldEnv("coin", size=5, length=5, max_steps=6) for _ in range(2))
    first = walk(env, 3)
    assert data_equivalence(first, walk(other, 3))
    assert data_equivalence(first, walk(env, 3))
    assert not data_equivalence(first, walk(env, 4))
    env.action_space.seed(1)
    other.action_space.seed(1)
    assert [env.action_space.sample() for _ in range(9)] == [other.action_space.sample() for _ in range(9)]


def test_a_world_that_is_no_maze_is_an_environment_too():
    env = WorldEnv(Ring(), max_steps=5, render_mode="ansi")
    replay = Replay(env.world, "from-here")
    observation, info = env.reset(seed=0)
    replay.check_observation(info["level_seed"], info["level_index"], info["state"], observation)
    assert str(info["state"]) in env.render()


def test_frames_show_the_agent_and_what_is_left():
    env = gymnasium.make("mesascope/KeysAndChestsPartial-v0", render_mode="ansi", keys=1, chests=1).unwrapped
    _, info = env.reset(seed=0)
    text = env.render()
    assert sum(text.count(letter) for letter in "^v<>") == 1
    assert (text.count("k"), text.count("h")) == (1, 1)
    cells = 25
    gone = info["state"] + 4 * cells  # the same place with the key gone
    assert env.world.text_in_state(env.world.draw(info["level_seed"], 64), info["level_index"], gone).count("k") == 0
    env = WorldEnv("red-doors", size=5, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (40, 40, 3)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=6).filter(any), st.floats(0, 1, exclude_max=True))
def test_outcomes_of_no_probability_are_never_picked(weights, chance):
    share = np.array(weights) / sum(weights)
    total = np.cumsum(share)
    picked = int(pick(total / total[-1], chance))
    assert share[picked] > 0
    assert (total / total[-1])[picked] > chance >= (total - share)[picked] / total[-1] - 1e-12


def test_what_cannot_be_is_refused_in_words():
    for config, message in (
        ({"view": "egocentric-9"}, "unknown view of red-doors 'egocentric-9'"),
        ({"distribution": "blue-dor"}, "did you mean 'blue-door'"),
        ({"movement": "fly"}, "unknown movement in red-doors 'fly'"),
        ({"max_steps": 0}, "max_steps 0: expected a whole number from 1 on"),
        ({"render_mode": "human"}, "unknown render mode of red-doors 'human'"),
        ({"sise": 7}, "config key"),
    ):
        with pytest.raises(UsageError, match=message):
            WorldEnv("red-doors", **config)
    with pytest.raises(UsageError, match="size: configuration is for a world that is given by name"):
        WorldEnv(Ring(), size=5)
    env = WorldEnv("red-doors", size=5, max_steps=1)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    env.reset(seed=0)
    with pytest.raises(UsageError, match="action 4: expected a whole number from 0 to 3, one of up, down, left, right"):
        env.step(4)
    env.step(0)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)


@pytest.mark.parametrize("together", [1, 4, 64])
def test_every_episode_shows_its_own_level(monkeypatch, together):
    monkeypatch.setattr("mesascope.environments.episodes.SEEN_AT_ONCE", together * 36 * 3 * 3 * 11 * 4)
    env = WorldEnv("red-doors", size=5, movement="turn")
    assert env.episodes.looked_at == together
    for count in range(70):
        seen, info = env.reset(seed=3 if count in (0, 9) else None)
        level = env.world.draw(info["level_seed"], BLOCK)[info["level_index"]].batch
        assert np.array_equal(seen, np.asarray(env.world.observe(level, "full", jnp.array([[info["state"]]])))[0, 0])
