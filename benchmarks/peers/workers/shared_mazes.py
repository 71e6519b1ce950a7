"""The mazes that every training shares, as plain arrays, and their exact judge. Needs NumPy only.

`with_mesascope.py` writes them once; peers read them, so that all train on levels of one distribution and are judged
on the same probe levels by the same measure: exact mean return over the mean of the optimal return.
"""

from typing import NamedTuple

import numpy as np


class Mazes(NamedTuple):
    """Levels as tables over cells, rows of the interior laid end to end.

    layers: level height width channel, what is seen of a level beside the agent. successor: level cell action.
    ends, gain: level cell, whether entering a cell ends the episode and what it earns. initial: level cell,
    chances of the start.
    """

    layers: np.ndarray
    successor: np.ndarray
    ends: np.ndarray
    gain: np.ndarray
    initial: np.ndarray


class Shared(NamedTuple):
    """Levels to train on and levels to be judged on, the mean optimal return on these, and the discount."""

    pool: Mazes
    probe: Mazes
    optimal: float
    discount: float


def load(path: str) -> Shared:
    """What `save` wrote."""
    with np.load(path) as held:
        parts = [Mazes(*(held[f"{part}_{name}"] for name in Mazes._fields)) for part in ("pool", "probe")]
        return Shared(*parts, float(held["optimal"]), float(held["discount"]))


def save(path: str, shared: Shared) -> None:
    """Write the levels as an uncompressed NPZ file."""
    parts = {f"{part}_{name}": a for part in ("pool", "probe") for name, a in getattr(shared, part)._asdict().items()}
    np.savez(path, **parts, optimal=shared.optimal, discount=shared.discount)


def share_of_optimal(policy: np.ndarray, shared: Shared) -> float:
    """Exact mean return of a policy (level cell action) on the probe levels over the mean of the optimal return.

    V = r + g P V, solved level by level as a dense system.
    """
    mazes = shared.probe
    levels, cells, actions = policy.shape
    system = np.tile(np.eye(cells), (levels, 1, 1))
    earned = np.zeros((levels, cells))
    level, here = np.arange(levels)[:, None], np.arange(cells)[None]
    for action in range(actions):
        there = mazes.successor[..., action].astype(np.int64)
        chance = policy[..., action] * ~mazes.ends
        moved = there != here
        earned += chance * np.take_along_axis(mazes.gain, there, 1) * moved
        system[level, here, there] -= shared.discount * chance
    values = np.linalg.solve(system, earned[..., None])[..., 0]
    return float((values * mazes.initial).sum(-1).mean() / shared.optimal)


def seen(layers, cell, np=np):
    """The observation of an agent in `cell`: the level's layers and one more that marks the agent's own cell.

    `np` may be jax.numpy: this is how peers' environments observe. layers: height width channel.
    """
    height, width, _ = layers.shape
    mark = (np.arange(height * width) == cell).reshape(height, width, 1)
    return np.concatenate([layers, mark.astype(layers.dtype)], -1)
