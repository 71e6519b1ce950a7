"""Levels worth looking at: some as they come, some where the subject does worst by the intended goal."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.mdp import rewards
from mesascope.core.solver import evaluate, optimal_values
from mesascope.instruments.episodes import episode_path
from mesascope.instruments.sample import Sample
from mesascope.worlds.grid import GridLevels
from mesascope.worlds.text import print_level
from mesascope.worlds.world import AbstractWorld

AS_THEY_COME, WORST = 2, 2
"""Levels shown of each distribution: drawn first, and of largest regret."""


class Exhibit(NamedTuple):
    """One level with the subject's policy in every cell and one greedy episode."""

    distribution: str
    level: str
    policy: list[list[float]]
    path: list[int]
    reached: str | None
    caption: str


def exhibits(world: AbstractWorld, sample: Sample) -> list[Exhibit]:
    """A few levels of a distribution, each with an episode from the start with most at stake."""
    intended = jnp.asarray(world.intended_goal.vector(world.features))
    best = optimal_values(sample.mdp, intended, world.discount).state
    own = evaluate(sample.mdp, sample.policy, rewards(sample.mdp, intended), world.discount)
    lost, initial, best, policy = (
        np.asarray(t) for t in jax.device_get(((best - own), sample.mdp.initial, best, sample.policy))
    )
    regret = (lost * initial).sum(1)
    worst = [int(i) for i in np.argsort(-regret, kind="stable") if i >= AS_THEY_COME][:WORST]
    shown = []
    for index in (*range(min(AS_THEY_COME, len(regret))), *worst):
        cells = np.flatnonzero(initial[index] > 0)
        if not len(cells):
            continue
        stake = lost[index, cells] if index in worst else -np.abs(best[index, cells] - np.median(best[index, cells]))
        states = episode_path(sample, index, int(cells[stake.argmax()]))
        # Where states are more than cells, the policy is shown as it is at first, and the path by its cells.
        path = [state % sample.levels.walls[0].size for state in states]
        why = "largest regret" if index in worst else "as drawn"
        reached = object_at(sample.levels, index, path[-1])
        shown.append(
            Exhibit(
                sample.distribution,
                print_level(sample.levels, index),
                np.round(policy[index, : sample.levels.walls[0].size].astype(float), 3).tolist(),
                path,
                reached,
                f"{sample.distribution}, level {index} ({why}): "
                + (f"reaches the {reached}" if reached else f"reaches nothing in {len(path) - 1} steps"),
            )
        )
    return shown


def object_at(levels: GridLevels, index: int, cell: int) -> str | None:
    """`red door`, `green ball`, `cheese`, ... or None."""
    for slot in np.flatnonzero(np.asarray(levels.present[index])):
        if int(levels.cell[index, slot]) == cell:
            return levels.vocabulary.glyph(int(levels.shape[index, slot]), int(levels.color[index, slot])).name
    return None
