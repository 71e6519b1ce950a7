"""Search over levels: from many drawn ones, by small legal changes that are kept where the subject does no better."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.regret import Regret, regret_of
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.sample import look_at
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.mutations import AbstractMutations, select_levels
from mesascope.worlds.world import TRAINING, AbstractWorld

CULL_EVERY = 4
"""Generations between two cullings: the worse half of a run's levels gives way to copies of the better half."""

_TIE = 1e-5
"""A change that lowers the regret by no more than rounding is kept, so that plateaus are crossed."""


class Budget(NamedTuple):
    """`runs` searches apart from each other, each of `climbers` levels chosen from `starts` drawn ones, and `generations`
    changes of each.
    """

    runs: int = 3
    starts: int = 256
    climbers: int = 48
    generations: int = 20

    @property
    def of_run(self) -> int:
        """Levels of one size that one run asks the subject about."""
        return self.starts + self.climbers * self.generations

    @property
    def evaluations(self) -> int:
        """Levels of one size that are asked about in all runs; the null gets as many."""
        return self.runs * self.of_run


class Found(NamedTuple):
    """The level of largest regret that one run of a search, or of random draws, came by. `levels` holds that one level."""

    levels: AbstractLevels
    regret: float
    optimal: float


def mutations_of(world: AbstractWorld) -> AbstractMutations:
    """How levels are changed. `UsageError` for a world that does not say."""
    if world.mutations is None:
        raise UsageError(f"a search over levels {world.no_mutations}")
    return world.mutations


def sizes(world: AbstractWorld, key: PRNGKeyArray) -> dict[int, tuple[str, ...]]:
    """Names of the world's distributions by the size of their levels."""
    found: dict[int, tuple[str, ...]] = {}
    for name in (TRAINING, *world.shifts):
        size = world.draw(key, 1, name).size
        found[size] = (*found.get(size, ()), name)
    return found


def draw_evenly(world: AbstractWorld, key: PRNGKeyArray, count: int, names: Sequence[str]) -> AbstractLevels:
    """`count` levels, as nearly as it goes the same number of each of the distributions, in random order."""
    each = -(-count // len(names))
    parts = [world.draw(named_key(key, name), each, name) for name in names]
    joined = jax.tree.map(lambda *columns: jnp.concatenate(columns), *parts)
    order = jax.random.permutation(named_key(key, "order"), each * len(names))
    return joined[order[:count]]


def regrets(world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels) -> Regret:
    """Exact regret by the intended goal. `SubjectError` where the subject's answer is not a policy.

    Tables and solver are compiled once for each number of levels, whoever the subject.
    """
    asked = look_at(world, subject, levels, "proposed")
    return regret_of(asked.mdp, asked.policy, jnp.asarray(world.intended_goal.vector(world.features)), world.discount)


def climb(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, names: Sequence[str], budget: Budget
) -> list[Found]:
    """The worst level that each run finds among levels like those of `names`, which are of one size.

    A run draws levels evenly from all of them and goes on from those of largest regret. In each generation every level is
    changed as the world's `mutations` say, and the change is kept unless the regret falls. `UsageError` for a world without them.
    """
    drawn = [draw_evenly(world, named_key(key, "starts", run), budget.starts, names) for run in range(budget.runs)]
    together = jax.tree.map(lambda *columns: jnp.concatenate(columns), *drawn)
    mutations = mutations_of(world)
    varying = mutations.varying(together)
    worst = _ask(world, subject, together, budget.climbers)
    starts = np.concatenate(
        [
            run * budget.starts + np.argsort(-part, kind="stable")[: budget.climbers]
            for run, part in enumerate(worst.reshape(budget.runs, -1))
        ]
    )
    levels, worst = together[jnp.asarray(starts)], worst[starts]
    for generation in range(budget.generations):
        changed = mutations.propose(named_key(key, "change", generation), levels, varying)
        found = _ask(world, subject, changed, budget.climbers)
        kept = found >= worst - _TIE
        levels, worst = select_levels(jnp.asarray(kept), changed, levels), np.where(kept, found, worst)
        if (generation + 1) % CULL_EVERY == 0 and generation + 1 < budget.generations:
            order = _culled(worst, budget)
            levels, worst = levels[jnp.asarray(order)], worst[order]
    return _best_of_runs(world, subject, levels, worst, budget)


def best_drawn(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, names: Sequence[str], budget: Budget
) -> list[Found]:
    """The null: the worst of as many levels drawn at random, run by run."""
    levels = draw_evenly(world, key, budget.evaluations, names)
    return _best_of_runs(world, subject, levels, _ask(world, subject, levels, budget.climbers), budget)


def _ask(
    world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels, together: int
) -> Float[np.ndarray, " level"]:
    """Regrets, `together` levels at a time: one compiled program for all, whatever their number."""
    fill = -len(levels) % together
    index = np.concatenate([np.arange(len(levels)), np.zeros(fill, int)])
    parts = [
        np.asarray(regrets(world, subject, levels[jnp.asarray(part)]).regret) for part in index.reshape(-1, together)
    ]
    return np.concatenate(parts)[: len(levels)].astype(np.float64)


def _culled(worst: Float[np.ndarray, " level"], budget: Budget) -> np.ndarray:
    """Within each run the better half twice."""
    rows = []
    for run, part in enumerate(worst.reshape(budget.runs, -1)):
        better = np.argsort(-part, kind="stable")[: (len(part) + 1) // 2]
        rows.append(run * len(part) + np.concatenate([better, better])[: len(part)])
    return np.concatenate(rows)


def _best_of_runs(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: AbstractLevels,
    worst: Float[np.ndarray, " level"],
    budget: Budget,
) -> list[Found]:
    found = []
    for run, part in enumerate(worst.reshape(budget.runs, -1)):
        best = run * len(part) + int(part.argmax())
        # As often as there are climbers: a program for a single level would have to be compiled.
        measured = regrets(world, subject, levels[jnp.full(budget.climbers, best)])
        found.append(Found(levels[jnp.array([best])], float(measured.regret[0]), float(measured.optimal[0])))
    return found
