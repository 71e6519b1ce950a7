"""What is tuned, on what, and how a configuration is scored: everything a trial's values depend on."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.base_optimizers.protocol import AbstractBaseOptimizer, TrainState
from mesascope.base_optimizers.registry import base_optimizer_config, build_base_optimizer
from mesascope.base_optimizers.training import Probe, advance, begin, probe, stand
from mesascope.core.errors import UsageError, unknown
from mesascope.core.options import Config
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.meta_optimizers.gap import Shifted, can_be_served, read_gap, shifted_levels
from mesascope.meta_optimizers.space import Dimension, configured
from mesascope.worlds.world import AbstractWorld

RETURN, GAP = "return", "inner-gap"
OBJECTIVES = {RETURN: "maximize", GAP: "minimize"}
"""What may be tuned, and whether more of it is better. The return is counted as competence: 0 uniform, 1 optimal."""
DIVERGED = -1.0
"""Score of a training whose answers are no numbers."""
FIRST_FRESH = 1_000
"""The first of the seeds that the tuner never sees; its own begin at 0."""
MOST_SEEDS = 100


class Problem(NamedTuple):
    """A base optimizer with its defaults, the dimensions that are searched, and what it trains on which world."""

    world: AbstractWorld
    architecture: str
    architecture_config: Config
    base_optimizer: str
    config: Config
    space: tuple[Dimension, ...]
    objectives: tuple[str, ...] = (RETURN,)
    shift: str = ""
    seeds: int = 1
    levels: int = 256

    @property
    def updates(self) -> int:
        """Updates of each training."""
        return int(self.config["updates"])

    @property
    def rungs(self) -> tuple[int, ...]:
        """Updates after which a trial is looked at, and may be given up: an eighth, a quarter, a half, all."""
        return tuple(sorted({max(1, self.updates // part) for part in (8, 4, 2, 1)}))


class Bench(NamedTuple):
    """Levels that trainings are scored on: training levels, and levels of the shift where the gap is an objective."""

    probe: Probe
    shifted: Shifted | None


class Scores(NamedTuple):
    """Of every seed: competence (0 uniform, 1 optimal) and, where it is asked for, the reading of the gap."""

    competence: Float[np.ndarray, " seed"]
    gap: Float[np.ndarray, " seed"] | None

    def values(self) -> tuple[float, ...]:
        """Means over seeds, one for each objective."""
        both = (self.competence,) if self.gap is None else (self.competence, self.gap)
        return tuple(float(np.mean(part)) for part in both)


class TrainedSeed(NamedTuple):
    """A training before its first update and after its last."""

    before: AbstractSubject
    after: AbstractSubject


def check_problem(problem: Problem) -> None:
    """`UsageError` for what cannot be tuned together."""
    for name in problem.objectives:
        if name not in OBJECTIVES:
            raise unknown("objective of tuning", name, OBJECTIVES)
    if problem.objectives not in ((RETURN,), (RETURN, GAP)):
        raise UsageError(f"--objectives {','.join(problem.objectives)}: write {RETURN}, or {RETURN},{GAP}")
    if not 1 <= problem.seeds <= MOST_SEEDS:
        raise UsageError(f"{problem.seeds} seeds a trial: expected 1 to {MOST_SEEDS}")
    base_optimizer_config(build_base_optimizer(problem.base_optimizer, problem.config))
    if GAP in problem.objectives:
        if not problem.world.shifts:
            raise UsageError(f"world '{problem.world.name}' has no shift to read an inner gap under")
        problem.world.check_distribution(problem.shift)
        shown = jax.eval_shape(lambda: begin(optimizer_of(problem, problem.config), *_trained(problem), seed=0))
        if shown.subject.recurrent:
            raise UsageError(
                f"the inner gap is read from agents that answer a whole level at once, and a {problem.architecture} is recurrent"
            )


def _trained(problem: Problem) -> tuple[AbstractWorld, str, Config]:
    return problem.world, problem.architecture, problem.architecture_config


def optimizer_of(problem: Problem, tuned: Config) -> AbstractBaseOptimizer:
    """The base optimizer with these numbers in place of its defaults, as arguments of one compiled program."""
    return configured(problem.base_optimizer, {**problem.config, **tuned})


def tuning_bench(problem: Problem) -> Bench:
    """The levels that every trial is scored on."""
    return bench_of(problem, "tuning")


def bench_of(problem: Problem, *names: str | int) -> Bench:
    """Levels of a stream of their own; those of different names have nothing to do with each other."""
    key = named_key(0, "meta-optimizer", *names)
    shifted = None
    if GAP in problem.objectives:
        shifted = shifted_levels(problem.world, named_key(key, "shift"), problem.levels, problem.shift)
        if not can_be_served(shifted):
            raise UsageError(
                f"under '{problem.shift}' nobody can serve the base objective, so no gap to it can be read: name another --shift"
            )
    # An array and no number: another seed must not be another program.
    seed = (jax.random.bits(named_key(key, "probe")) >> 1).astype(jnp.int32)
    return Bench(probe(problem.world, seed, problem.levels), shifted)


def score(problem: Problem, subjects: Sequence[AbstractSubject], benches: Sequence[Bench]) -> Scores:
    """Each agent on its own levels; one bench serves all."""
    each = list(benches) * (len(subjects) if len(benches) == 1 else 1)
    competent, gaps = [], []
    for subject, bench in zip(subjects, each, strict=True):
        competent.append(_finite(stand(subject, bench.probe, problem.world.discount)[0], DIVERGED))
        if bench.shifted is not None:
            gaps.append(_finite(read_gap(subject, bench.shifted, problem.world.discount).gap, 1.0))
    return Scores(np.array(competent), np.array(gaps) if gaps else None)


def _finite(value: Array, otherwise: float) -> float:
    found = float(value)
    return found if np.isfinite(found) else otherwise


def train_seeds(
    problem: Problem,
    tuned: Config,
    seeds: Sequence[int],
    at_rung: Callable[[int, tuple[AbstractSubject, ...]], None] = lambda updates, subjects: None,
) -> tuple[TrainedSeed, ...]:
    """Train these seeds side by side; `at_rung` sees them at every rung, and may stop by raising."""
    optimizer = optimizer_of(problem, tuned)
    states: list[TrainState] = [begin(optimizer, *_trained(problem), seed=seed) for seed in seeds]
    before = [optimizer.subject(state) for state in states]
    done = 0
    for rung in problem.rungs:
        count = jnp.array(rung - done, jnp.int32)
        states = [advance(optimizer, problem.world, state, count)[0] for state in states]
        done = rung
        at_rung(rung, tuple(optimizer.subject(state) for state in states))
    return tuple(TrainedSeed(b, optimizer.subject(state)) for b, state in zip(before, states, strict=True))


def untrained_agent(problem: Problem, seed: int) -> AbstractSubject:
    """The agent of a seed before its first update."""
    optimizer = optimizer_of(problem, {})
    return optimizer.subject(begin(optimizer, *_trained(problem), seed=seed))
