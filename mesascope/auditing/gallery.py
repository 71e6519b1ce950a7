"""Levels worth looking at: some as they come, some where the subject does worst by the intended goal."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.mdp import rewards
from mesascope.core.solver import evaluate, optimal_values
from mesascope.instruments.episodes import episode_path
from mesascope.instruments.sample import Sample
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
    lost, best = _stakes(world, sample)
    sample = _at_hand(sample)
    initial = np.asarray(sample.mdp.initial)
    regret = (lost * initial).sum(1)
    worst = [int(i) for i in np.argsort(-regret, kind="stable") if i >= AS_THEY_COME][:WORST]
    first = range(min(AS_THEY_COME, len(regret)))
    shown = [(i, -np.abs(best[i] - _middle(best[i], initial[i])), "as drawn") for i in first]
    shown += [(i, lost[i], "largest regret") for i in worst]
    return [
        _exhibit(sample, i, stake, f"{sample.distribution}, level {i} ({why})")
        for i, stake, why in shown
        if initial[i].any()
    ]


def exhibit(world: AbstractWorld, sample: Sample, index: int, title: str) -> Exhibit:
    """One level of a sample, with an episode from the start where most is lost."""
    return _exhibit(_at_hand(sample), index, _stakes(world, sample)[0][index], title)


def _at_hand(sample: Sample) -> Sample:
    """With tables to look at level by level: every kind of look at an array of JAX compiles a program of its own."""
    return sample._replace(**jax.device_get({"mdp": sample.mdp, "policy": sample.policy}))


def _middle(best: np.ndarray, initial: np.ndarray) -> float:
    return float(np.median(best[initial > 0])) if initial.any() else 0.0


def _exhibit(sample: Sample, index: int, stake: np.ndarray, title: str) -> Exhibit:
    cells = np.flatnonzero(np.asarray(sample.mdp.initial[index]) > 0)
    states = episode_path(sample, index, int(cells[stake[cells].argmax()]))
    # Where states are more than cells, the policy is shown as it is at first, and the path by its cells.
    levels: Any = sample.levels
    inside = int(np.prod(levels.interior))
    path = [state % inside for state in states]
    # Where objects are taken one after another, what lies in the last cell may be gone; only the end of an episode reaches it.
    over = bool(sample.mdp.terminal[index, states[-1]])
    reached = object_at(sample.levels, index, path[-1]) if over else None
    staged = sample.mdp.states > inside
    otherwise = f"{'is not at the end after' if staged else 'reaches nothing in'} {len(path) - 1} steps"
    return Exhibit(
        sample.distribution,
        sample.levels.text(index),
        np.round(np.asarray(sample.policy[index, :inside]).astype(float), 3).tolist(),
        path,
        reached,
        f"{title}: " + (f"{'ends at' if staged else 'reaches'} the {reached}" if reached else otherwise),
    )


def _stakes(world: AbstractWorld, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """By the intended goal: what the subject loses from each cell, and what an optimal policy earns from there."""
    intended = jnp.asarray(world.intended_goal.vector(world.features))
    best = optimal_values(sample.mdp, intended, world.discount).state
    own = evaluate(sample.mdp, sample.policy, rewards(sample.mdp, intended), world.discount)
    lost, best = jax.device_get((best - own, best))
    return np.asarray(lost), np.asarray(best)


def object_at(levels: Any, index: int, cell: int) -> str | None:
    """`red door`, `green ball`, `cheese`, ... or None."""
    present, cells, shapes, colors = jax.device_get((levels.present, levels.cell, levels.shape, levels.color))
    for slot in np.flatnonzero(present[index]):
        if cells[index, slot] == cell:
            return levels.vocabulary.glyph(int(shapes[index, slot]), int(colors[index, slot])).name
    return None
