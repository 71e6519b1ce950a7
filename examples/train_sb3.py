"""Train PPO of Stable-Baselines3 on `mesascope/RedDoors-v0`, and say what its policy earns exactly.

    python examples/train_sb3.py --minutes 5 --out agent.zip

The agent turns and goes forward and sees the whole level with itself in it. Its policy is asked in every state of levels that it
was not trained on, so that returns have no sampling error on these levels.
"""

import argparse
import time

import gymnasium
import jax.numpy as jnp
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

import mesascope.environments
import mesascope.worlds
from mesascope.core.solver import feature_returns, optimal_values

NAME = "mesascope/RedDoors-v0"
CONFIG = {"size": 7, "movement": "turn"}
ENVS, STEPS, TEST_LEVELS = 32, 128, 200


class Maze(BaseFeaturesExtractor):
    """Three convolutions over the cells of a level, and one layer over all of them."""

    def __init__(self, space: gymnasium.spaces.Box):
        super().__init__(space, features_dim=128)
        height, width, channels = space.shape
        layers: list[torch.nn.Module] = []
        for before in (channels, 32, 32):
            layers += [torch.nn.Conv2d(before, 32, 3, padding=1), torch.nn.ReLU()]
        self.net = torch.nn.Sequential(
            *layers, torch.nn.Flatten(), torch.nn.Linear(32 * height * width, 128), torch.nn.ReLU()
        )

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Features of levels, channels last."""
        return self.net(observation.permute(0, 3, 1, 2))


class StopAfter(BaseCallback):
    """Ends training when its time is over."""

    def __init__(self, seconds: float):
        super().__init__()
        self._end = time.monotonic() + seconds

    def _on_step(self) -> bool:
        return time.monotonic() < self._end


def policy_of(agent: PPO, observations: np.ndarray) -> np.ndarray:
    """Probabilities of actions for `(level, state, ...)` observations."""
    levels, states = observations.shape[:2]
    seen = torch.tensor(observations.reshape(levels * states, *observations.shape[2:]))
    with torch.no_grad():
        logits = agent.policy.get_distribution(seen).distribution.probs
    return logits.numpy().reshape(levels, states, -1)


def returns(agent: PPO, distribution: str) -> tuple[float, float, float]:
    """Return of the agent, of an optimal policy, and of the uniform one, on fresh levels of a distribution."""
    world = mesascope.worlds.red_doors(**CONFIG)
    levels = world.draw(1_000_003, TEST_LEVELS, distribution)
    mdp = world.tables(levels)
    weights = jnp.asarray(world.base_objective.vector(world.features))
    every = jnp.broadcast_to(jnp.arange(mdp.states), (mdp.levels, mdp.states))
    asked = policy_of(agent, np.asarray(world.observe(levels, "full", every)))
    best = (optimal_values(mdp, weights, world.discount).state * mdp.initial).sum(-1).mean()
    earned, chance = (
        float((feature_returns(mdp, jnp.asarray(policy), world.discount) @ weights).mean())
        for policy in (asked, np.full_like(asked, 1 / mdp.actions))
    )
    return earned, float(best), chance


def main() -> None:
    """Train, save, and print returns on training levels and under each shift of the same size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="agent.zip")
    given = parser.parse_args()
    torch.set_num_threads(1)
    envs = make_vec_env(lambda: gymnasium.make(NAME, view="full", **CONFIG), ENVS, seed=given.seed)
    agent = PPO(
        "MlpPolicy",
        envs,
        n_steps=STEPS,
        batch_size=512,
        n_epochs=4,
        learning_rate=5e-4,
        gamma=0.97,
        gae_lambda=0.9,
        ent_coef=0.01,
        policy_kwargs={"features_extractor_class": Maze, "net_arch": [128]},
        seed=given.seed,
        device="cpu",
    )
    agent.learn(10**9, callback=StopAfter(60 * given.minutes))
    agent.save(given.out)
    print(f"{agent.num_timesteps} steps in {given.minutes:g} minutes")
    for distribution in ("training", "blue-door", "red-object-gone", "novel-color"):
        earned, best, chance = returns(agent, distribution)
        print(
            f"{distribution:16s} return {earned:.3f}, {earned / best:.1%} of optimal {best:.3f}; uniform {chance:.3f}"
        )


if __name__ == "__main__":
    main()
