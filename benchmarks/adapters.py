"""What an adapter costs: `PYTHONPATH=. python benchmarks/adapters.py [--levels N] [--repeats N]`. Needs PyTorch.

Asks PyTorch policies for all states of training levels of red doors, as an audit does, beside the bare forward passes on the same
batches, made beforehand. Both are timed in turn, on one thread of PyTorch and by processor time, so that a busy machine weighs
on both alike; a line gives the median of each, and the median of the ratios with its range.

* `black_box`, small and wide: a perceptron of two layers that is asked in each cell, with the agent's position as
  one more channel.
* `black_box`, convolutions: a convolutional policy asked in the same way, on a part of the levels.
* `torch:`, small and wide: the same perceptrons as agents in files, shown the view `full` of every state.
* `torch_subject`: a module that answers for all cells of a level at once.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.options import asking_of
from mesascope.adapters.black_box import black_box, with_position
from mesascope.adapters.torch_files.loader import network_of
from mesascope.adapters.torch_modules import torch_subject
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.sample import answer
from mesascope.worlds.grids.red_doors import RedDoors

BATCH = 4096
"""Queries of one call, as `black_box` makes them unless told otherwise."""


def perceptron(width: int) -> nn.Module:
    """Two hidden layers over a flattened 7x7 map with position."""
    sizes = (7 * 7 * 8, width, width)
    layers = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, 4)).eval()


def convolutions(inputs: int, *after: nn.Module) -> nn.Module:
    """Two convolutions of 32 channels."""
    first, second = nn.Conv2d(inputs, 32, 3, padding=1), nn.Conv2d(32, 32, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), *after).eval()


class ChannelsLast(nn.Module):
    """A module that is given maps with their channels last."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, shown: torch.Tensor) -> torch.Tensor:
        """The module's answer."""
        return self.module(shown.permute(0, 3, 1, 2))


def without_gradients(module: nn.Module) -> Callable:
    """The module as a function, as one asks a trained policy."""

    def ask(shown):
        with torch.inference_mode():
            return module(torch.as_tensor(shown))

    return ask


def queries(observation: np.ndarray) -> list[torch.Tensor]:
    """The batches that a black box makes of levels."""
    level, row, column = (axis.ravel() for axis in np.indices(observation.shape[:3]))
    parts = (slice(start, start + BATCH) for start in range(0, len(level), BATCH))
    return [torch.from_numpy(with_position(observation[level[p]], row[p], column[p])) for p in parts]


def compare(name: str, subject: AbstractSubject, bare: Callable, batches: list, observation, repeats: int) -> float:
    """Print and return the median ratio; the answers are compared first."""
    expected = np.concatenate([bare(batch).numpy() for batch in batches])
    found = np.asarray(answer(subject, observation))
    expected = expected.transpose(0, 2, 3, 1) if expected.ndim == 4 else expected.reshape(found.shape)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    ours, theirs = [], []
    for _ in range(repeats):
        for times, work in (
            (theirs, lambda: [bare(batch) for batch in batches]),
            (ours, lambda: jax.block_until_ready(answer(subject, observation))),
        ):
            begun = time.process_time()
            work()
            times.append(time.process_time() - begun)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    middle = statistics.median(ratios)
    print(
        f"{name:34s} asked {statistics.median(ours):7.3f} s, bare {statistics.median(theirs):7.3f} s, "
        f"ratio {middle:.2f} [{min(ratios):.2f}, {max(ratios):.2f}]",
        flush=True,
    )
    return middle


def from_file(module: nn.Module, world: RedDoors, levels: int) -> tuple[AbstractSubject, Callable, list, jax.Array]:
    """The same policy as an agent in a file, shown the view `full`: subject, bare policy, batches, what is seen."""
    agent = AskedAgent(
        network_of(module.eval(), "file", {}), asking_of({"view": "full", "observe": "channels-last"}, world.actions)
    )
    drawn = world.draw(named_key(0, "adapters"), levels)
    states = jnp.broadcast_to(jnp.arange(49, dtype=jnp.int32), (levels, 49))
    seen = world.observe(drawn, "full", states)
    rows = torch.from_numpy(np.array(seen).reshape(-1, *seen.shape[2:]))
    return agent.subject(world), without_gradients(module), list(rows.split(BATCH)), seen


def main() -> None:
    """Measure the policies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    world = RedDoors()
    seen = world.observe(world.draw(named_key(0, "adapters"), asked.levels))
    few = seen[: max(1, asked.levels // 20)]
    print(f"{asked.levels} levels of 9x9, {asked.levels * 49} states; processor seconds, median of {asked.repeats}")
    for name, module in {"perceptron of 64 units": perceptron(64), "perceptron of 256 units": perceptron(256)}.items():
        bare = without_gradients(module)
        compare(f"black_box, {name}", black_box(bare), bare, queries(np.asarray(seen)), seen, asked.repeats)
        compare(f"torch: file, {name}", *from_file(module, world, asked.levels), asked.repeats)
    pooled = ChannelsLast(convolutions(8, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 4)))
    bare = without_gradients(pooled)
    compare(
        f"black_box, convolutions, {len(few)} levels",
        black_box(bare),
        bare,
        queries(np.asarray(few)),
        few,
        asked.repeats,
    )
    whole = convolutions(7, nn.Conv2d(32, 4, 1))
    maps = [torch.from_numpy(np.ascontiguousarray(np.asarray(seen).transpose(0, 3, 1, 2)))]
    compare("torch_subject, convolutions", torch_subject(whole), without_gradients(whole), maps, seen, asked.repeats)


if __name__ == "__main__":
    main()
