"""When does a training produce search? The search tests over the checkpoints of one run; and planted search, watched.

Plant and watch starts training at a search written by hand into the weights, plus noise, or at a net that has
learned to imitate an
organism, and shows whether the base optimizer keeps what was planted, improves it, or dissolves it. What is written by hand
has weights so large that training moves them by a hundredth: that they stay shows nothing. A net that has imitated a searcher
has weights of the size that training makes, and one that has imitated an organism that does not search is its control.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, PRNGKeyArray

from mesascope.base_optimizers.imitation import Imitation
from mesascope.base_optimizers.protocol import AbstractBaseOptimizer, TrainState
from mesascope.base_optimizers.training import Probe, advance, begin, probe, stand
from mesascope.core.mdp import FiniteMDP
from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.instruments.search.battery import run_test
from mesascope.instruments.search.trials import Trials, contested_levels, draw_trials, test_names
from mesascope.organisms.compiled import compile_search
from mesascope.organisms.registry import build_organism
from mesascope.worlds.world import AbstractWorld

PER_TEST, POOL = 96, 256
_TIE = 1e-3
"""Difference of probabilities below which two actions of an organism are equally good."""


class Checkpoint(NamedTuple):
    """One checkpoint: competence on probe levels, and score, edited share and best control of every test.

    `least` is the least lower bound of the three scores, as the verdict uses it: below zero or NaN where a control was not
    beaten. `moved` is how far the weights are from those of the start, as a share of their norm.
    """

    updates: int
    competence: float
    scores: dict[str, Estimate]
    edited: dict[str, Estimate]
    controls: dict[str, float]
    least: float
    moved: float


def at_updates(total: int, stages: int) -> tuple[int, ...]:
    """Updates at which to look: the start, then ever wider apart, as most happens early."""
    spaced = np.geomspace(total, max(total // 40, 1), stages - 1)  # from the end, which is looked at in any case
    return (0, *(int(n) for n in np.unique(np.round(spaced).astype(int))))


def fresh_start(optimizer: AbstractBaseOptimizer, world: AbstractWorld, seed: int) -> TrainState:
    """The default glance net before its first update."""
    return begin(optimizer, world, "glance", seed=seed)


def planted_start(optimizer: AbstractBaseOptimizer, world: AbstractWorld, seed: int, noise: float) -> TrainState:
    """The same training begun at a breadth-first search for what the base objective rewards, plus noise on every weight."""
    state = fresh_start(optimizer, world, seed)
    own = state.subject
    weights = world.base_objective.vector(world.features)
    planted = compile_search(weights, own.ticks, noise=noise, seed=seed)
    return optimizer.init(named_key(seed, "training"), world, eqx.combine(eqx.filter(planted, eqx.is_array), own))


class ImitationOf(Imitation):
    """Learns to answer as an organism does: uniformly over the actions that it holds for the best."""

    teacher: AbstractSubject | None = None

    def demonstrated(
        self, world: AbstractWorld, mdp: FiniteMDP, observation: Observation
    ) -> Bool[Array, "level state action"]:
        """The most likely actions of the organism in each state."""
        assert self.teacher is not None
        policy = policy_table(self.teacher.logits(observation), mdp.states)
        return policy > policy.max(-1, keepdims=True) - _TIE


def imitating_start(
    optimizer: AbstractBaseOptimizer, world: AbstractWorld, seed: int, organism: str, updates: int
) -> TrainState:
    """The same training begun at a net that has imitated an organism for so many updates.

    Args:
        optimizer: the training that begins there.
        world: what it trains in.
        seed: of the first weights and of all levels; levels of imitation are not those of the training.
        organism: what is imitated, such as `planner,objective=door`, or `compass,objective=door`, which does not search.
        updates: of the imitation.

    Returns:
        The state before the first update of the training.
    """
    learn = ImitationOf(updates=updates, batch=optimizer.batch, teacher=build_organism(organism, world))
    state = learn.init(named_key(seed, "planting", organism), world, fresh_start(optimizer, world, seed).subject)
    state, _ = advance(learn, world, state, jnp.array(updates, jnp.int32))
    return optimizer.init(named_key(seed, "training"), world, state.subject)


def moved(subject: AbstractSubject, start: AbstractSubject) -> float:
    """Norm of the change of the weights, as a share of their norm at the start."""
    after, before = (eqx.filter(s, eqx.is_inexact_array) for s in (subject, start))
    return float(optax.tree.norm(jax.tree.map(jnp.subtract, after, before)) / optax.tree.norm(before))


def watch(
    optimizer: AbstractBaseOptimizer,
    world: AbstractWorld,
    state: TrainState,
    stages: Sequence[int],
    seed: int,
    tell: Stage = silent,
) -> Iterator[Checkpoint]:
    """Train from `state` and examine at each of `stages` (numbers of updates, ascending, the first at or after the state's).

    The trials are the same at every stage, drawn for the base objective: what the network pursues early is nothing yet. `tell`
    hears how far it is.
    """
    tell("drawing trials")
    key = named_key(seed, "emergence")
    pool = contested_levels(world, named_key(key, "contested"), POOL)
    wanted = jnp.asarray(world.base_objective.vector(world.features))
    trials = draw_trials(world, named_key(key, "trials"), pool, PER_TEST, wanted)
    bare = optimizer.subject(fresh_start(optimizer, world, seed + 1_000_000))
    probes, start = probe(world), optimizer.subject(state)
    for done, updates in enumerate(stages):
        tell("training and tests, stages", done, len(stages))
        ahead = updates - int(state.updates)
        if ahead > 0:
            state, _ = advance(optimizer, world, state, jnp.array(ahead, jnp.int32))
        now = optimizer.subject(state)
        yield _stage(world, now, bare, trials, probes, updates, key, moved(now, start))


def _stage(
    world: AbstractWorld,
    subject: AbstractSubject,
    bare: AbstractSubject,
    trials: dict[str, Trials],
    probes: Probe,
    updates: int,
    key: PRNGKeyArray,
    change: float,
) -> Checkpoint:
    competence = float(stand(subject, probes, world.discount)[0])
    tests = [run_test(world, name, trials[name], subject, bare, key) for name in test_names(world)]
    return Checkpoint(
        updates,
        competence,
        {t.name: t.score for t in tests},
        {t.name: t.edited for t in tests},
        {t.name: max(e.value for e in t.controls.values()) for t in tests},
        min(t.least for t in tests),
        change,
    )
