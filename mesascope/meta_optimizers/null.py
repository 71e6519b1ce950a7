"""The null of a tuner: as many configurations drawn at random, and the best of them."""

from collections.abc import Callable
from typing import NamedTuple

import optuna

from mesascope.meta_optimizers.problem import OBJECTIVES, Problem
from mesascope.meta_optimizers.trials import Evaluate, Search, TrialResult, front, results_of, run_trials

RANDOM = "random"
_STREAM = 1_000_000
"""In place of a process's number: the null draws apart from every process of the tuner, and without the default configuration."""


class RandomNull(NamedTuple):
    """The null: how many configurations were drawn, the best trial among them, and the best value after each trial."""

    trials: int
    best: TrialResult
    best_so_far: tuple[float, ...]


def random_null(
    problem: Problem, search: Search, evaluate: Evaluate, rest: Callable[[], None] = lambda: None
) -> RandomNull:
    """Draw as many configurations at random as the tuner made trials, and score and prune them as it did.

    Args:
        problem: What is tuned.
        search: The tuner's; its number of trials, pruner and seed are taken over.
        evaluate: The values of a configuration, as the tuner's trials have them.
        rest: Called between trials; it may raise to stop.

    Returns:
        The best by the first objective of those that were run to their end.
    """
    study = optuna.create_study(
        directions=[optuna.study.StudyDirection[OBJECTIVES[name].upper()] for name in problem.objectives]
    )
    run_trials(study, problem, search._replace(sampler=RANDOM), evaluate, worker=_STREAM, rest=rest)
    results = results_of(study)
    reached, top = [], float("-inf")
    for result in results:
        top = top if result.pruned else max(top, result.values[0])
        reached.append(top)
    return RandomNull(len(results), front(results, problem.objectives)[0], tuple(reached))
