"""The tuner's own loop, and its trials as plain values."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import optuna
from optuna.trial import TrialState

from mesascope.core.options import Config
from mesascope.core.subject import AbstractSubject
from mesascope.meta_optimizers.cma_es import distributions_of, finished_trials, last_value
from mesascope.meta_optimizers.problem import OBJECTIVES, Bench, Problem, score, train_seeds
from mesascope.meta_optimizers.samplers import make_pruner, make_sampler
from mesascope.meta_optimizers.space import inside

CURVE, SECONDS = "curve", "seconds"


class Search(NamedTuple):
    """How configurations are chosen, and how many trials there are to be."""

    sampler: str
    pruner: str
    seed: int
    trials: int


class TrialResult(NamedTuple):
    """One trial: its configuration, its values in the order of the objectives, and its first value at every rung.

    Of a trial that was `pruned` the value is the last that it reported.
    """

    number: int
    pruned: bool
    config: Config
    values: tuple[float, ...]
    curve: tuple[tuple[int, float], ...]
    seconds: float


AtRung = Callable[[int, tuple[float, ...]], None]
"""Hears after how many updates a configuration has come to which values; it may raise to stop."""
Evaluate = Callable[[Config, AtRung], tuple[float, ...]]
"""The values of a configuration in the order of the objectives."""


def evaluator(problem: Problem, bench: Bench) -> Evaluate:
    """Trains the problem's seeds side by side, and scores them at every rung."""

    def evaluate(config: Config, at_rung: AtRung) -> tuple[float, ...]:
        found: list[tuple[float, ...]] = []

        def scored(updates: int, subjects: tuple[AbstractSubject, ...]) -> None:
            found.append(score(problem, subjects, (bench,)).values())
            at_rung(updates, found[-1])

        train_seeds(problem, config, range(problem.seeds), scored)
        return found[-1]

    return evaluate


class _GivenUp(Exception):
    """The pruner ended a trial."""


def run_trials(
    study: optuna.Study,
    problem: Problem,
    search: Search,
    evaluate: Evaluate,
    *,
    worker: int = 0,
    rest: Callable[[], None] = lambda: None,
    heard: Callable[[TrialResult, int], None] = lambda result, finished: None,
) -> None:
    """Run trials until there are enough, those of other processes on the same study counted in.

    The first trial is the default configuration. `rest` may raise to stop: the trial under way is then lost, and no other.
    One process at work chooses the same trials however often it was cut off; several side by side need not.
    """
    distributions = distributions_of(problem.space)
    study.pruner = make_pruner(search.pruner, problem.objectives)
    if worker == 0:
        enqueue_default(study, problem)
    while True:
        rest()
        done = finished_trials(study)
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if len(done) + len(running) >= search.trials:
            return
        study.sampler = make_sampler(search.sampler, problem.space, search.seed, len(done), worker)
        number = _run(study, study.ask(distributions), problem, evaluate, rest)
        finished = finished_trials(study)
        for trial in finished:
            if trial.number == number:
                heard(_result(trial), len(finished))


def enqueue_default(study: optuna.Study, problem: Problem) -> None:
    """Put the default configuration first, unless it is there already."""
    default = inside(problem.space, problem.config)
    kept = [t for t in study.get_trials(deepcopy=False) if t.state != TrialState.FAIL]
    # A trial that waits has no parameters yet, only what they are to be.
    if not any(default in (t.params, t.system_attrs.get("fixed_params")) for t in kept):
        study.enqueue_trial(default)


def _run(
    study: optuna.Study, trial: optuna.Trial, problem: Problem, evaluate: Evaluate, rest: Callable[[], None]
) -> int:
    begun = time.monotonic()
    curve: list[tuple[int, float]] = []

    def at_rung(updates: int, values: tuple[float, ...]) -> None:
        rest()
        curve.append((updates, values[0]))
        if len(values) == 1:
            trial.report(values[0], updates)
            if updates < problem.updates and trial.should_prune():
                raise _GivenUp

    try:
        state, values = TrialState.COMPLETE, evaluate(dict(trial.params), at_rung)
    except _GivenUp:
        state, values = TrialState.PRUNED, None
    trial.set_user_attr(CURVE, curve)
    trial.set_user_attr(SECONDS, time.monotonic() - begun)
    study.tell(trial, values, state)
    return trial.number


def drop_unfinished(study: optuna.Study) -> int:
    """Mark trials that a process began and did not end as failed, and say how many. Only while no other process is at work.

    Trials that only wait were begun by nobody, and stay to be run.
    """
    left = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in left:
        study.tell(trial.number, state=TrialState.FAIL)
    return len(left)


def results_of(study: optuna.Study) -> tuple[TrialResult, ...]:
    """Every finished trial, in order."""
    return tuple(_result(trial) for trial in finished_trials(study))


def _result(trial: optuna.trial.FrozenTrial) -> TrialResult:
    pruned = trial.state == TrialState.PRUNED
    values = (last_value(trial),) if pruned else tuple(trial.values)
    return TrialResult(
        trial.number,
        pruned,
        dict(trial.params),
        tuple(float(v) for v in values if v is not None),
        tuple((int(updates), float(value)) for updates, value in trial.user_attrs.get(CURVE, [])),
        float(trial.user_attrs.get(SECONDS, 0.0)),
    )


def front(results: Sequence[TrialResult], objectives: Sequence[str]) -> tuple[TrialResult, ...]:
    """Trials run to their end that no other equals or beats in every objective and beats in one (Pareto), best first by the
    first objective. Of equal ones the earliest stays.
    """
    signs = [1.0 if OBJECTIVES[name] == "maximize" else -1.0 for name in objectives]
    ended = [r for r in results if not r.pruned]
    worth = [tuple(s * v for s, v in zip(signs, r.values, strict=True)) for r in ended]

    def beaten(i: int) -> bool:
        return any(
            all(a >= b for a, b in zip(worth[j], worth[i], strict=True)) and (worth[j] != worth[i] or j < i)
            for j in range(len(ended))
            if j != i
        )

    kept = [i for i in range(len(ended)) if not beaten(i)]
    return tuple(ended[i] for i in sorted(kept, key=lambda i: worth[i], reverse=True))


def incumbents(results: Sequence[TrialResult]) -> tuple[TrialResult, ...]:
    """Trials that were the best by the first objective when they ended."""
    best: list[TrialResult] = []
    for result in results:
        if not result.pruned and (not best or result.values[0] > best[-1].values[0]):
            best.append(result)
    return tuple(best)
