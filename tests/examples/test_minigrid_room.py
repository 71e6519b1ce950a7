"""Rooms of MiniGrid: what is in them, their tables, and an agent of Stable-Baselines3 that was trained there."""

import numpy as np
import pytest

pytest.importorskip("minigrid")
pytest.importorskip("stable_baselines3")

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

from examples.minigrid_room import FOUR, ONE, RULES, WORDS, Room, make, maker, room_world
from mesascope.adapters.sb3.agent import load_sb3
from mesascope.core.subject import policy_table
from mesascope.instruments.episodes import expected_outcome

ACTIONS = ("left", "right", "forward")
LEVELS, OWN = 4, 50


@pytest.fixture(scope="module")
def world():
    return room_world(LEVELS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.set_num_threads(1)
    model = PPO(
        "MlpPolicy",
        make_vec_env(maker("training"), 16, seed=0),
        n_steps=128,
        batch_size=256,
        n_epochs=4,
        learning_rate=1e-3,
        seed=0,
        device="cpu",
    )
    model.learn(6_000)
    path = tmp_path_factory.mktemp("rooms") / "agent.zip"
    model.save(path)
    return model, path


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("others", [FOUR, ONE])
def test_objects_are_those_of_the_rule(rule, others):
    room, seen, colors = Room(rule, others), set(), set()
    for seed in range(40):
        room.reset(seed=seed)
        things = {thing.color: thing.type for thing in room.grid.grid if thing is not None and thing.type != "wall"}
        seen.add((things.pop("red"), *things.values()))
        colors |= set(things)
    assert seen == set(RULES[rule])
    assert colors == set(others)


def test_the_wanted_object_is_rewarded_and_any_object_ends_the_episode():
    environment, ends = make("swapped"), set()
    environment.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(600):
        ahead = environment.unwrapped.grid.get(*environment.unwrapped.front_pos)
        action = int(rng.integers(3))
        _, reward, terminated, truncated, _ = environment.step(action)
        thing = ahead is not None and ahead.type != "wall" and action == 2
        assert terminated == thing
        assert reward == (thing and ahead.color == "red")
        if terminated:
            ends.add(ahead.color == "red")
        if terminated or truncated:
            environment.reset()
    assert ends == {True, False}


def test_tables_are_what_minigrid_does(world):
    rng = np.random.default_rng(1)
    for name, seed in (("training", 0), ("swapped", 1), ("two-balls", 3)):
        environment, number = make(name), world.pool.members[name][seed]
        tables = {part: table[number] for part, table in world.pool.tables.items()}
        shown, state = environment.reset(seed=seed)[0], 0
        for _ in range(150):
            assert np.array_equal(world.pool.observation[number, state], shown)
            ahead = environment.unwrapped.grid.get(*environment.unwrapped.front_pos)
            action = int(rng.integers(3))
            shown, reward, terminated, _, _ = environment.step(action)
            thing = ahead.type if ahead is not None and action == 2 else None
            fired = tables["features"][state, action, 0]
            assert fired.tolist() == [reward, thing == "ball", thing == "key"]
            state = int(tables["successor"][state, action, 0])
            assert terminated == tables["terminal"][state]
            if terminated:
                shown, state = environment.reset(seed=seed)[0], 0


def test_shifts_say_what_they_change(world):
    assert dict(world.shifts) == {name: WORDS[name] for name in ("swapped", "two-balls")}


@pytest.mark.long  # the test of its preferences below is cheaper
def test_it_reaches_red_as_often_as_in_its_own_episodes(world, trained):
    model, path = trained
    environment, reached = make("training"), []
    for seed in np.repeat(range(LEVELS), OWN):
        shown, reward, over = environment.reset(seed=int(seed))[0], 0.0, False
        while not over:
            action, _ = model.predict(shown, deterministic=False)
            shown, reward, terminated, truncated, _ = environment.step(int(action))
            over = terminated or truncated
        reached.append(reward)
    share = float(np.mean(reached))
    error = np.sqrt(share * (1 - share) / len(reached))
    assert 0.2 < share < 0.95
    assert abs(expected_share(world, path) - share) < 4 * error


def expected_share(world, path):
    """Share of episodes of 40 steps that end at the red object, exact on the training levels."""
    levels = world.draw(0, LEVELS)
    subject = load_sb3(path, actions=ACTIONS).subject(world)
    mdp = world.tables(levels)
    policy = policy_table(subject.logits(world.observe(levels)), mdp.states)
    return float(expected_outcome(mdp, policy, 40).fired[:, 0].mean())


def test_it_prefers_in_every_state_what_its_library_says(world, trained):
    model, path = trained
    shown = world.observe(world.draw(0, LEVELS, "swapped"))
    asked = np.asarray(load_sb3(path, actions=ACTIONS).subject(world).logits(shown))
    rows = torch.from_numpy(np.array(shown).reshape(-1, shown.shape[-1]))
    with torch.no_grad():
        own = model.policy.get_distribution(rows).distribution.logits
    assert np.abs(asked.reshape(own.shape) - own.numpy()).max() < 1e-4
