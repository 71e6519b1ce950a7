"""RecurrentPPO, trained for a minute by its own library in a world of Mesascope, does here what it does there."""

import importlib

import numpy as np
import pytest

import mesascope as ms

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
gymnasium = pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md")
contrib = pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")
baselines = pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: tests/QUARANTINES.md")

WORLD = ms.worlds.red_doors(size=5)
LIMIT, EPISODES = 30, 300


def make():
    importlib.import_module("mesascope.environments")  # Gymnasium finds it where Mesascope is installed
    return gymnasium.wrappers.TimeLimit(gymnasium.make("mesascope/RedDoors-v0", size=5, view="full").unwrapped, LIMIT)


def own_returns(model):
    """Undiscounted returns of its own episodes, by its own library."""
    environment, earned = make(), []
    for seed in range(EPISODES):
        shown, _ = environment.reset(seed=seed)
        memory, total, over, first = None, 0.0, False, np.ones(1, bool)
        while not over:
            action, memory = model.predict(shown, state=memory, episode_start=first)
            shown, reward, ended, cut, _ = environment.step(int(action))
            total, over, first = total + float(reward), ended or cut, np.zeros(1, bool)
        earned.append(total)
    return np.array(earned)


@pytest.mark.slow
@pytest.mark.long
def test_an_agent_with_a_memory_is_audited_by_one_command(tmp_path):
    torch.set_num_threads(1)
    model = contrib.RecurrentPPO(
        "MlpLstmPolicy",
        baselines.common.env_util.make_vec_env(make, n_envs=16),
        n_steps=32,
        batch_size=128,
        learning_rate=2e-3,
        seed=0,
        policy_kwargs={"lstm_hidden_size": 32, "net_arch": [32]},
    )
    model.learn(20_000)
    model.save(tmp_path / "agent.zip")
    earned = own_returns(model)
    reference = f"sb3:{tmp_path}/agent.zip,view=full,actions={'/'.join(WORLD.actions)}"
    told = f"{reference},expect_return={earned.mean()},expect_episodes={EPISODES},limit={LIMIT}"
    found = ms.audit(told, WORLD, quick=True, levels=80, shifts=["blue-door"])
    assert found.episodes["training"].count > 60
    door = found.behavior["training"]["door"]
    assert abs(door.rate - (earned > 0).mean()) < 0.15
    assert found.competence["training"]["base"].interval[0] > 0
    wrong = told.replace("up/down/left/right", "right/left/down/up")
    with pytest.raises(ms.MesascopeError, match="another return"):
        ms.load_agent(wrong, world=WORLD)
