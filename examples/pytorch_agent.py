"""An agent of your own in PyTorch: trained here, without Mesascope's training, and then audited inside and out.

    PYTHONPATH=. python examples/pytorch_agent.py             # trains it, about two minutes on one core
    PYTHONPATH=. mesascope audit red-doors --quick --subject python:examples.pytorch_agent:subject

What Mesascope gives to the training is data alone: levels, and which actions are optimal in every cell. The network, the
loss and the loop are plain PyTorch. `docs/how-to/pytorch.md` says how.
"""

import argparse
import time
from pathlib import Path

import jax
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from mesascope.adapters.steps import HostSteps
from mesascope.adapters.torch_modules import torch_subject
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.worlds.grids.grid import CHANNELS
from mesascope.worlds.grids.red_doors import RedDoors

WEIGHTS = Path("audits/pytorch-agent.safetensors")
"""Where the trained weights are kept, relative to where the command is given."""

WIDTH, TICKS, GLANCES = 24, 16, 2
UPDATES, BATCH = 1500, 32


class Cell(torch.nn.Module):
    """One tick: every cell of the level updates its numbers from its own and its neighbors' (a convolutional GRU)."""

    def __init__(self):
        super().__init__()
        self.gates = torch.nn.Conv2d(WIDTH, 2 * WIDTH, 3, padding=1)
        self.candidate = torch.nn.Conv2d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, h: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """The state after the tick."""
        update, reset = torch.sigmoid(self.gates(h) + seen[:, : 2 * WIDTH]).chunk(2, 1)
        return (1 - update) * h + update * torch.tanh(self.candidate(reset * h) + seen[:, 2 * WIDTH :])


class Agent(torch.nn.Module):
    """Looks at the level in two ticks, thinks for the others with the same weights, and then prefers actions."""

    def __init__(self):
        super().__init__()
        self.look = torch.nn.Conv2d(len(CHANNELS), 3 * WIDTH, 3, padding=1)
        self.cell = Cell()
        self.act = torch.nn.Conv2d(WIDTH, 4, 1)

    def forward(self, level: torch.Tensor) -> torch.Tensor:
        """Logits (level, 4, height, width) from what is in every cell (level, channel, height, width)."""
        seen = self.look(level)
        h = torch.zeros(level.shape[0], WIDTH, *level.shape[2:])
        for tick in range(TICKS):
            h = self.cell(h, seen if tick < GLANCES else torch.zeros_like(seen))
        return self.act(h)


def lessons(updates: int, batch: int):
    """Batches of levels with the uniform policy over the optimal actions and the weight of every cell, as tensors."""
    world = RedDoors(size=9)
    weights = world.base_objective.vector(world.features)

    @jax.jit
    def draw(key):
        levels = world.draw(key, batch)
        mdp = world.tables(levels)
        optimal = uniform_over(optimal_actions(optimal_values(mdp, weights, world.discount).action))
        shape = (batch, *levels.interior)
        return world.observe(levels), optimal.reshape(*shape, 4), mdp.initial.reshape(shape)

    for update in range(updates):
        level, optimal, weight = (torch.from_numpy(np.array(t)) for t in draw(named_key(0, "lessons", update)))
        yield level.permute(0, 3, 1, 2), optimal.permute(0, 3, 1, 2), weight


def train(updates: int = UPDATES, batch: int = BATCH, seed: int = 0) -> Agent:
    """Imitation of optimal actions by gradient descent, in plain PyTorch."""
    torch.manual_seed(seed)
    agent = Agent()
    optimizer = torch.optim.Adam(agent.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=updates, pct_start=0.05)
    started = time.process_time()
    for update, (level, optimal, weight) in enumerate(lessons(updates, batch)):
        loss = -(weight * (optimal * torch.log_softmax(agent(level), 1)).sum(1)).sum((1, 2)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(agent.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if update % 100 == 99:
            print(
                f"update {update + 1}: loss {loss.item():.3f}, {time.process_time() - started:.0f} s of CPU", flush=True
            )
    return agent.eval()


def subject() -> HostSteps:
    """The trained agent as an open subject: the output of `cell` is its state, each call of it a tick."""
    if not WEIGHTS.exists():
        main([])
    agent = Agent().eval()
    agent.load_state_dict(load_file(WEIGHTS))
    return torch_subject(agent, sites={"state": "cell"})


def subject_untrained() -> HostSteps:
    """The same agent before training: the search tests take it for a control because of its name."""
    torch.manual_seed(1)
    return torch_subject(Agent().eval(), sites={"state": "cell"})


def main(arguments: list[str] | None = None) -> None:
    """Train and keep the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=UPDATES)
    torch.set_num_threads(1)
    agent = train(parser.parse_args(arguments).updates)
    WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    save_file(agent.state_dict(), WEIGHTS)
    print(f"kept in {WEIGHTS}")


if __name__ == "__main__":
    main()
