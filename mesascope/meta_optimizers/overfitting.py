"""Meta-level overfitting: what a tuned configuration scored for its tuner, against what it scores where nobody looked.

The best of many trials was chosen by its score on the tuner's seeds and levels, so part of that score is luck. Each
configuration is trained anew on the tuner's seeds and on fresh ones, and scored on the tuner's levels and on fresh ones;
the default configuration, which nobody chose by that score, goes the same way and is the control.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mesascope.core.options import Config
from mesascope.core.progress import Stage, silent
from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.meta_optimizers.prediction_interval import excess_over
from mesascope.meta_optimizers.problem import (
    FIRST_FRESH,
    Bench,
    Problem,
    Scores,
    bench_of,
    score,
    train_seeds,
)


class Standing(NamedTuple):
    """One configuration by the first objective, competence: on the tuner's seeds and levels, on fresh levels, on fresh
    seeds and levels, and on fresh seeds of the other world.

    `chosen_by` is what the tuner saw; a single seed has no interval. `optimism` is that less the score on fresh seeds and
    levels, with the interval that it has where nothing was chosen. `no_updates` is the score of the same fresh seeds and
    levels where the base optimizer makes no update, `lost` what that takes away. The gaps are there where the gap is an
    objective.
    """

    config: Config
    chosen_by: Estimate
    fresh_levels: Estimate
    fresh: Estimate
    optimism: Estimate
    no_updates: Estimate
    lost: Estimate
    elsewhere: Estimate | None
    gap_chosen_by: Estimate | None
    gap_fresh: Estimate | None
    per_fresh_seed: tuple[float, ...]
    per_fresh_seed_elsewhere: tuple[float, ...]


class Incumbent(NamedTuple):
    """A trial that was the best so far, as the tuner saw it and on fresh seeds and levels."""

    number: int
    chosen_by: float
    fresh: Estimate


def fresh_seeds(count: int) -> range:
    """Seeds that no trial used."""
    return range(FIRST_FRESH, FIRST_FRESH + count)


class FreshScores(NamedTuple):
    """Fresh seeds on fresh levels: after training, and before its first update."""

    after: Scores
    before: Scores


def fresh_scores(problem: Problem, config: Config, seeds: Sequence[int]) -> FreshScores:
    """Train fresh seeds, and score each on fresh levels of its own, so that an interval over seeds holds both."""
    trained = train_seeds(problem, config, seeds)
    benches = [bench_of(problem, "fresh", seed) for seed in seeds]
    return FreshScores(
        score(problem, [t.after for t in trained], benches), score(problem, [t.before for t in trained], benches)
    )


def stand_of(
    problem: Problem,
    config: Config,
    bench: Bench,
    count: int,
    other: Problem | None,
    stage: Stage = silent,
) -> Standing:
    """Everything of one configuration."""
    stage("the tuner's seeds again")
    own = [t.after for t in train_seeds(problem, config, range(problem.seeds))]
    chosen = score(problem, own, (bench,))
    moved = score(problem, own, [bench_of(problem, "fresh", "tuner", seed) for seed in range(problem.seeds)])
    stage("fresh seeds and levels")
    fresh, untrained = fresh_scores(problem, config, fresh_seeds(count))
    away = None
    if other is not None:
        stage("fresh seeds in the other world")
        away = fresh_scores(other, config, fresh_seeds(count)).after
    return Standing(
        config,
        mean_over_seeds(chosen.competence, most=1.0),
        mean_over_seeds(moved.competence, most=1.0),
        mean_over_seeds(fresh.competence, most=1.0),
        excess_over(chosen.competence, fresh.competence),
        mean_over_seeds(untrained.competence, most=1.0),
        mean_over_seeds(fresh.competence - untrained.competence),
        None if away is None else mean_over_seeds(away.competence, most=1.0),
        None if chosen.gap is None else mean_over_seeds(chosen.gap),
        None if fresh.gap is None else mean_over_seeds(fresh.gap),
        tuple(fresh.competence.tolist()),
        () if away is None else tuple(away.competence.tolist()),
    )


def gain_of(tuned: Sequence[float], default: Sequence[float]) -> Estimate:
    """Mean difference of two configurations on the same seeds and levels."""
    return mean_over_seeds(np.asarray(tuned, float) - np.asarray(default, float))


def other_world(problem: Problem, config: dict[str, float | int | str]) -> Problem:
    """The same problem in the same world with another configuration."""
    world = type(problem.world)(**{**vars(problem.world), **config})
    return problem._replace(world=world)
