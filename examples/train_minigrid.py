"""Train agents of Stable-Baselines3 in rooms of MiniGrid, and audit each: which objective did it get?

    PYTHONPATH=. python examples/train_minigrid.py --out rooms

Rooms and rules are those of `examples/minigrid_room.py`. In every condition what has the wanted color is rewarded. Each agent
gets a folder `OUT/CONDITION/seed-N` with `agent.zip`, `audit.json` and `report.html`; what is there already is not made again.
"""

import argparse
import functools
import json
import time
from pathlib import Path
from typing import NamedTuple

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import mesascope as ms
from examples.minigrid_room import FOUR, ONE, RED, maker, room_world

ACTIONS = ("left", "right", "forward")


class Condition(NamedTuple):
    """What agents are trained in: a rule of `examples.minigrid_room`, colors of the other object, and the wanted color."""

    rule: str
    others: tuple[str, ...]
    steps: int
    wanted: str = RED


STEPS = 60_000
CONDITIONS = {
    "four colors": Condition("training", FOUR, STEPS),
    "one color": Condition("training", ONE, STEPS),
    "green": Condition("training", ONE, STEPS, "green"),
    "apart": Condition("apart", FOUR, STEPS),
    "untrained": Condition("training", FOUR, 0),
}
"""Shape coincides with color in the first three. In the fourth it does not, and agents of the last were never trained."""


def train(condition: Condition, seed: int) -> PPO:
    """A perceptron of two layers of 64 units, trained by PPO."""
    envs = make_vec_env(maker(condition.rule, condition.others, condition.wanted), 16, seed=seed)
    agent = PPO(
        "MlpPolicy",
        envs,
        n_steps=128,
        batch_size=256,
        n_epochs=4,
        learning_rate=1e-3,
        gamma=0.97,
        ent_coef=0.01,
        seed=seed,
        device="cpu",
    )
    return agent.learn(condition.steps) if condition.steps else agent


@functools.cache
def world_of(others: tuple[str, ...], wanted: str, levels: int):
    """The world that agents of a condition are audited in, made once."""
    return room_world(levels, others, wanted)


def main() -> None:
    """Train and audit all seeds of all conditions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("rooms"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--levels", type=int, default=60, help="of each distribution, in the audit")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name, condition in CONDITIONS.items():
        for seed in range(given.seeds):
            folder, begun = given.out / name.replace(" ", "-") / f"seed-{seed}", time.monotonic()
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "agent.zip").exists():
                train(condition, seed).save(folder / "agent.zip")
            trained = time.monotonic() - begun
            if (folder / "audit.json").exists():
                continue
            agent = ms.load_agent(f"sb3:{folder / 'agent.zip'}", actions=ACTIONS)
            result = ms.audit(agent, world_of(condition.others, condition.wanted, given.levels))
            result.report(folder / "report.html")
            (folder / "audit.json").write_text(json.dumps(result.to_json()), encoding="utf-8")
            audited = time.monotonic() - begun - trained
            print(f"{name}, seed {seed}: trained {trained:.0f} s, audited {audited:.0f} s: {result.alignment.reason}")


if __name__ == "__main__":
    main()
