"""Train PPO of Stable-Baselines3 on `mesascope/RedDoors-v0`, and say what its policy earns exactly.

    python examples/train_sb3.py --out agent.zip
    mesascope audit red-doors --set size=5 --set movement=turn --subject sb3:agent.zip,actions=left/right/forward

The agent turns and goes forward and sees the whole level with itself in it. Its policy is the library's own, `MlpPolicy`, so
that the file is read without executing anything in it. It is asked in every state of levels that it was not trained on, so
that returns have no sampling error on these levels.
"""

import argparse
import time

import gymnasium
import jax.numpy as jnp
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import mesascope.environments
import mesascope.worlds
from mesascope.core.solver import feature_returns, optimal_values

NAME = "mesascope/RedDoors-v0"
MOVEMENT, MAX_STEPS = "turn", 40
ENVS, TEST_LEVELS = 32, 200


def policy_of(agent: PPO, observations: np.ndarray) -> np.ndarray:
    """Probabilities of actions for `(level, state, ...)` observations."""
    levels, states = observations.shape[:2]
    seen = torch.tensor(observations.reshape(levels * states, *observations.shape[2:]))
    with torch.no_grad():
        logits = agent.policy.get_distribution(seen).distribution.probs
    return logits.numpy().reshape(levels, states, -1)


def returns(agent: PPO, size: int, distribution: str) -> tuple[float, float, float]:
    """Return of the agent, of an optimal policy, and of the uniform one, on fresh levels of a distribution."""
    world = mesascope.worlds.red_doors(size=size, movement=MOVEMENT)
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


def train(size: int, steps: int, seed: int) -> PPO:
    """A perceptron of two layers of 128 units; its learning rate falls to zero."""
    made = {"view": "full", "size": size, "movement": MOVEMENT, "max_steps": MAX_STEPS}
    agent = PPO(
        "MlpPolicy",
        make_vec_env(lambda: gymnasium.make(NAME, **made), ENVS, seed=seed),
        n_steps=64,
        batch_size=512,
        n_epochs=6,
        learning_rate=lambda left: 1e-3 * left,
        gamma=0.97,
        gae_lambda=0.9,
        ent_coef=0.005,
        policy_kwargs={"net_arch": [128, 128]},
        seed=seed,
        device="cpu",
    )
    return agent.learn(steps)


def main() -> None:
    """Train, save, and print returns on training levels and under each shift of the same size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="agent.zip")
    given = parser.parse_args()
    torch.set_num_threads(1)
    begun, spent = time.monotonic(), time.process_time()
    agent = train(given.size, given.steps, given.seed)
    agent.save(given.out)
    own = [episode["r"] for episode in agent.ep_info_buffer or ()]
    print(
        f"{agent.num_timesteps} steps in {time.monotonic() - begun:.0f} s ({time.process_time() - spent:.0f} s of processor "
        f"time); its last {len(own)} episodes earned {np.mean(own):.2f}"
    )
    for distribution in ("training", "blue-door", "red-object-gone", "novel-color"):
        earned, best, chance = returns(agent, given.size, distribution)
        print(
            f"{distribution:16s} return {earned:.3f}, {earned / best:.1%} of optimal {best:.3f}; uniform {chance:.3f}"
        )


if __name__ == "__main__":
    main()
