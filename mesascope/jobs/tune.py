"""Tuning: trials until there are enough, the choice tried on fresh seeds, the document, the page.

OUT/trials.log (or trials.sqlite3)   every trial; processes that share the folder share the trials
OUT/measured.json                    what was measured of chosen configurations, so that none of it is measured twice
OUT/tuning.json, OUT/optimizer.json, OUT/report.html
"""

import time
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

import optuna

from mesascope.auditing.provenance import provenance
from mesascope.core.jsonable import to_json
from mesascope.core.options import Config
from mesascope.core.statistics import mean_over_seeds
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import Listener, TimeLeft
from mesascope.jobs.processes import Local, Pool
from mesascope.jobs.requests import command_line
from mesascope.jobs.results import DIGITS, Table, publish
from mesascope.jobs.runner import run_job, stage_of
from mesascope.jobs.tuning_plan import Plan, Request, make_plan
from mesascope.meta_optimizers import PACKAGES
from mesascope.meta_optimizers.contrast import Contrast, contrast
from mesascope.meta_optimizers.document import Measured, best_of, emitted, tuning_document
from mesascope.meta_optimizers.null import RANDOM, RandomNull, random_null
from mesascope.meta_optimizers.overfitting import Incumbent, Standing, fresh_scores, fresh_seeds, stand_of
from mesascope.meta_optimizers.problem import GAP, OBJECTIVES, tuning_bench
from mesascope.meta_optimizers.space import inside
from mesascope.meta_optimizers.trials import (
    TrialResult,
    drop_unfinished,
    enqueue_default,
    evaluator,
    front,
    incumbents,
    results_of,
    run_trials,
)
from mesascope.reports.html.tuning import render_tuning
from mesascope.store.fs import check_writable
from mesascope.store.results import rounded, write_json
from mesascope.store.tuning_study import close_study, open_study

TUNING, OPTIMIZER, MEASURED, REPORT = "tuning.json", "optimizer.json", "measured.json", "report.html"
SHOWN_INCUMBENTS, INCUMBENT_SEEDS = 5, 3
SHOWN_MEMBERS = 5


def run(request: Request, listener: Listener, worker: int = 0) -> Done:
    """Run the trials that are missing, in one of several processes; the first then measures the choice."""
    plan = make_plan(request)
    check_writable(plan.out)
    directions = [OBJECTIVES[name] for name in plan.problem.objectives]
    study = open_study(plan.out, request.storage, directions, plan.fingerprint)
    try:
        if worker:
            _trials(study, plan, worker, listener)
            return Done({})
        begun = time.monotonic()
        _all_trials(study, plan, request, listener)
        results = results_of(study)
        listener.note(f"{len(results)} trials in {plan.out}")
        return _measured(plan, results, {"trials": time.monotonic() - begun}, listener)
    finally:
        close_study(study)


def _all_trials(study: optuna.Study, plan: Plan, request: Request, listener: Listener) -> None:
    """Trials until there are enough, this process one of several."""
    if lost := drop_unfinished(study):
        listener.note(f"{lost} trials were cut off and are run again")
    enqueue_default(study, plan.problem)  # before another process asks
    missing = plan.search.trials - len(results_of(study))
    others = range(1, min(request.jobs, max(missing, 1)))
    with Pool(Local(), request.model_copy(update={"out": plan.out}), others) as pool:
        _trials(study, plan, 0, listener)
        pool.wait("tuning", lambda: len(results_of(study)), pause=2.0)
    # A trial that another process lost leaves one too few.
    drop_unfinished(study)
    _trials(study, plan, 0, listener)


def _trials(study: optuna.Study, plan: Plan, worker: int, listener: Listener) -> None:
    def heard(result: TrialResult, finished: int) -> None:
        how = f"given up after {result.curve[-1][0]} updates" if result.pruned else "done"
        scores = ", ".join(f"{value:.3f}" for value in result.values)
        best = max((r.values[0] for r in results_of(study) if not r.pruned), default=float("nan"))
        rest = left.after(finished, plan.search.trials)
        listener.say(f"trial {finished}/{plan.search.trials}: {scores} ({how}); best {best:.3f}{rest}")

    left = TimeLeft()
    left.after(len(results_of(study)), plan.search.trials)
    listener.say("trials: compiling")
    evaluate = evaluator(plan.problem, tuning_bench(plan.problem))
    run_trials(study, plan.problem, plan.search, evaluate, worker=worker, rest=check_canceled, heard=heard)


def _measurement(plan: Plan, name: str, about: Any, work: Callable[[Listener], Any]) -> Job:
    """What is measured of configurations, apart from the trials."""
    spec = [name, plan.fingerprint, plan.fresh, plan.elsewhere, plan.looked, about]
    return Job("measurement", spec, work, name)


def _standing(plan: Plan, name: str, config: Config, *, elsewhere: bool = True) -> Job:
    """A configuration on the tuner's seeds, on fresh ones and in the other world."""

    def work(listener: Listener) -> Standing:
        stage, other = stage_of(f"{name} configuration", listener), plan.other if elsewhere else None
        return stand_of(plan.problem, config, tuning_bench(plan.problem), plan.fresh, other, stage)

    return _measurement(plan, f"standing {elsewhere}", config, work)


def _incumbent(plan: Plan, result: TrialResult) -> Job:
    """A trial that was the best for a while, on few fresh seeds."""

    def work(listener: Listener) -> Incumbent:
        listener.say(f"incumbent {result.number}")
        scores = fresh_scores(plan.problem, result.config, fresh_seeds(INCUMBENT_SEEDS)).after
        return Incumbent(result.number, result.values[0], mean_over_seeds(scores.competence, most=1.0))

    return _measurement(plan, "incumbent", [result.number, result.config], work)


def _random_null(plan: Plan, trials: int) -> Job:
    """As many trials of the random sampler."""

    def work(listener: Listener) -> RandomNull:
        listener.say(f"the null: {trials} configurations at random")
        evaluate = evaluator(plan.problem, tuning_bench(plan.problem))
        return random_null(plan.problem, plan.search._replace(trials=trials), evaluate, check_canceled)

    return _measurement(plan, "random null", trials, work)


def _null(plan: Plan, trials: int, listener: Listener) -> dict[str, Any] | None:
    """The null and where its winner stands; None where the tuner is the null itself."""
    if plan.search.sampler == RANDOM:
        return None
    place = Table(plan.out / MEASURED)
    found = run_job(_random_null(plan, trials), place, listener)
    standing = run_job(_standing(plan, "random", found["best"]["config"], elsewhere=False), place, listener)
    return {**found, "standing": standing}


def _contrast(plan: Plan, config: Config) -> Job:
    """One agent that the configuration trains, examined for search."""

    def work(listener: Listener) -> Contrast:
        return contrast(plan.problem, config, plan.looked, stage_of("tuned configuration", listener))

    return _measurement(plan, "contrast", config, work)


def _measured(plan: Plan, results: Sequence[TrialResult], seconds: dict[str, float], listener: Listener) -> Done:
    """The document of the whole tuning, once it is on disk."""
    begun, problem, place = time.monotonic(), plan.problem, Table(plan.out / MEASURED)

    def measure(*jobs: Job) -> list[Any]:
        return [run_job(job, place, listener) for job in jobs]

    best = best_of(results, problem)
    members = front(results, problem.objectives)[:SHOWN_MEMBERS] if GAP in problem.objectives else ()
    default = inside(problem.space, problem.config)
    tuned, usual = measure(_standing(plan, "tuned", best.config), _standing(plan, "default", default))

    def incumbent(result: TrialResult) -> Any:
        for end in (tuned, usual):  # one that stands for itself already was measured on all fresh seeds
            if end["config"] == rounded(result.config, DIGITS):
                return to_json(Incumbent(result.number, result.values[0], end["fresh"]))
        return measure(_incumbent(plan, result))[0]

    found = Measured(
        tuned,
        usual,
        [incumbent(result) for result in _spread(incumbents(results))],
        measure(*(_standing(plan, "front's", member.config, elsewhere=False) for member in members)),
        measure(_contrast(plan, best.config))[0],
        _null(plan, len(results), listener),
    )
    seconds["measurements"] = time.monotonic() - begun
    search = plan.search._replace(trials=len(results))
    document = tuning_document(problem, search, results, found, plan.elsewhere or None)
    about = provenance(command_line(), seconds)
    versions = {name: metadata.version(name) for name in PACKAGES}
    document["provenance"] = {**about, "packages": {**about["packages"], **versions}}
    document["fingerprint"] = plan.fingerprint
    check_canceled()
    write_json(plan.out / OPTIMIZER, emitted(problem, best))
    return publish(document, plan.out / TUNING, plan.out / REPORT, render_tuning)


def _spread(results: Sequence[TrialResult]) -> list[TrialResult]:
    """The first, the last, and some between."""
    if len(results) <= SHOWN_INCUMBENTS:
        return list(results)
    step = (len(results) - 1) / (SHOWN_INCUMBENTS - 1)
    return [results[round(step * i)] for i in range(SHOWN_INCUMBENTS)]
