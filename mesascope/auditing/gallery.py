"""Levels worth looking at: some as they come, some where the subject does worst by the intended goal."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.mdp import rewards
from mesascope.core.solver import evaluate, optimal_values
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.episodes import episode_path
from mesascope.instruments.sample import Sample, look_at
from mesascope.worlds.space import first_in_cells
from mesascope.worlds.world import AbstractWorld

AS_THEY_COME, WORST = 2, 2
"""Levels shown of each distribution: drawn first, and of largest regret."""
SHARED_SEED = 20_190_605
"""Of the levels that all agents are shown on."""


class Exhibit(NamedTuple):
    """One level with the subject's policy and one greedy episode: by cells of its `drawing`, or by states where it has none."""

    distribution: str
    level: str
    policy: list[list[float]]
    path: list[int]
    reached: str | None
    caption: str
    drawing: dict[str, Any] | None = None
    shared: bool = False


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
        _exhibit(world, sample, i, stake, f"{sample.distribution}, level {i} ({why})")
        for i, stake, why in shown
        if initial[i].any()
    ]


def exhibit(world: AbstractWorld, sample: Sample, index: int, title: str) -> Exhibit:
    """One level of a sample, with an episode from the start where most is lost."""
    return _exhibit(world, _at_hand(sample), index, _stakes(world, sample)[0][index], title)


def shared_exhibit(world: AbstractWorld, subject: AbstractSubject, like: Sample) -> Exhibit | None:
    """One level that every agent is shown on, whatever the seed of its audit: the first that a fixed key draws.

    The episode begins where the intended goal is hardest to reach, so that nothing about level or start depends on the agent.

    Args:
        world: The world.
        subject: The subject, which has a policy table.
        like: A sample of the distribution; as many levels are asked about, so that no other program is compiled.

    Returns:
        The exhibit; None where no episode can begin on that level.
    """
    levels = world.draw(SHARED_SEED, like.mdp.levels, like.distribution)
    sample = look_at(world, subject, levels, like.distribution)
    _, best = _stakes(world, sample)
    sample = _at_hand(sample)
    if not np.asarray(sample.mdp.initial[0]).any():
        return None
    return _exhibit(world, sample, 0, -best[0], f"{sample.distribution}, drawn for all")._replace(shared=True)


def _at_hand(sample: Sample) -> Sample:
    """With tables to look at level by level: every kind of look at an array of JAX compiles a program of its own."""
    return sample._replace(**jax.device_get({"levels": sample.levels, "mdp": sample.mdp, "policy": sample.policy}))


def _middle(best: np.ndarray, initial: np.ndarray) -> float:
    return float(np.median(best[initial > 0])) if initial.any() else 0.0


def _exhibit(world: AbstractWorld, sample: Sample, index: int, stake: np.ndarray, title: str) -> Exhibit:
    starts = np.flatnonzero(np.asarray(sample.mdp.initial[index]) > 0)
    path = episode_path(sample, index, int(starts[stake[starts].argmax()]))
    over, steps = bool(sample.mdp.terminal[index, path[-1]]), len(path) - 1
    reached = sample.levels.name_at(index, path[-1]) if over else None
    drawing, policy = world.drawing(sample.levels, index), np.asarray(sample.policy[index]).astype(float)
    cells = None if drawing is None else world.locate(sample.levels)
    if drawing is not None and cells is not None:
        # Where states are more than cells, the policy is shown as it is at first, and the path by its cells.
        at = np.asarray(cells)[index]
        path, policy = [int(at[state]) for state in path], first_in_cells(policy, at, drawing.solid.size)
    if reached:
        end = f"{'reaches' if world.single_choice else 'ends at'} the {reached}"
    elif over:
        end = f"ends after {steps} steps"
    else:
        end = f"{'reaches nothing in' if world.single_choice else 'is not at the end after'} {steps} steps"
    return Exhibit(
        sample.distribution,
        sample.levels.text(index),
        np.round(policy, 3).tolist(),
        path,
        reached,
        f"{title}: {end}",
        None if drawing is None or cells is None else drawing.as_document(),
    )


def _stakes(world: AbstractWorld, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """By the intended goal: what the subject loses from each cell, and what an optimal policy earns from there."""
    intended = jnp.asarray(world.intended_goal.vector(world.features))
    best = optimal_values(sample.mdp, intended, world.discount).state
    own = evaluate(sample.mdp, sample.policy, rewards(sample.mdp, intended), world.discount)
    lost, best = jax.device_get((best - own, best))
    return np.asarray(lost), np.asarray(best)
