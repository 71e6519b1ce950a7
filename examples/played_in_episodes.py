"""Train PPO of Stable-Baselines3 among moving obstacles, which have no tables, and audit it by episodes.

    python examples/played_in_episodes.py

The obstacles of `MiniGrid-Dynamic-Obstacles-5x5-v0` move at random, so that what the best policy would earn is not known. The
shift is a larger room.
"""

import time

import gymnasium
import torch
from gymnasium.wrappers import FlattenObservation
from minigrid.wrappers import ImgObsWrapper
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import mesascope as ms
from mesascope.worlds.gymnasium import reached

ACTIONS = ("left", "right", "forward")


def room(name="MiniGrid-Dynamic-Obstacles-5x5-v0"):
    """The environment as the agent is shown it: seven by seven cells ahead of it, in one row."""
    return FlattenObservation(ImgObsWrapper(gymnasium.make(name)))


def larger_room():
    """The same obstacles in more space."""
    return room("MiniGrid-Dynamic-Obstacles-6x6-v0")


def hit(step):
    """Whether the step ran into an obstacle or a wall, which ends the episode."""
    return step.reward < 0


def main() -> None:
    """Train, save, load, audit."""
    torch.set_num_threads(1)
    begun = time.monotonic()
    settings = {"n_steps": 128, "batch_size": 256, "ent_coef": 0.01, "seed": 0, "device": "cpu"}
    model = PPO("MlpPolicy", make_vec_env(room, n_envs=8), **settings)
    model.learn(60_000)
    model.save("dodger.zip")
    print(f"trained in {time.monotonic() - begun:.0f} s")
    world = ms.worlds.from_gymnasium(
        room,
        features={"goal": reached("goal"), "hit": hit},
        intended_goal="goal+hit:-1",
        base_objective="goal+hit:-1",
        shifts={"larger": larger_room},
        actions=ACTIONS,
        tables=False,
    )
    begun = time.monotonic()
    found = ms.audit(ms.load_agent("sb3:dodger.zip", actions=ACTIONS), world, quick=True)
    print(f"audited in {time.monotonic() - begun:.0f} s")
    for distribution, events in found.behavior.items():
        said = ", ".join(
            f"{name} {e.rate:.2f} [{e.interval[0]:.2f}, {e.interval[1]:.2f}]" for name, e in events.items()
        )
        print(f"{distribution}: {said}")
    for name, own, random, beyond in found.findings["episodes played"].parts[0].table.rows:
        low, high = beyond.interval
        print(
            f"{name}: {own.value:.2f}, at random {random.value:.2f}, difference {beyond.value:.2f} [{low:.2f}, {high:.2f}]"
        )
    found.report("dodger.html")


if __name__ == "__main__":
    main()
