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
from mesascope.jobs.listener import Listener
from mesascope.jobs.processes import Share, wait_for
from mesascope.jobs.requests import command_line
from mesascope.jobs.results import DIGITS, keyed, publish
from mesascope.jobs.runner import run_job
from mesascope.jobs.tuning_plan import Plan, Request, make_plan
from mesascope.meta_optimizers.contrast import contrast
from mesascope.meta_optimizers.document import Measured, best_of, emitted, tuning_document
from mesascope.meta_optimizers.optional_dependencies import PACKAGES
from mesascope.meta_optimizers.overfitting import Incumbent, fresh_scores, fresh_seeds, stand_of
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
    share = Share(0, min(request.jobs, max(missing, 1)))
    with share.others(request.model_copy(update={"out": plan.out})) as processes:
        _trials(study, plan, 0, listener)
        wait_for(processes, "tuning")
    # A trial that another process lost leaves one too few.
    drop_unfinished(study)
    _trials(study, plan, 0, listener)


def _trials(study: optuna.Study, plan: Plan, worker: int, listener: Listener) -> None:
    def heard(result: TrialResult, finished: int) -> None:
        how = f"given up after {result.curve[-1][0]} updates" if result.pruned else "done"
        scores = ", ".join(f"{value:.3f}" for value in result.values)
        best = max((r.values[0] for r in results_of(study) if not r.pruned), default=float("nan"))
        listener.say(f"trial {finished}/{plan.search.trials}: {scores} ({how}); best {best:.3f}")

    listener.say("trials: compiling")
    evaluate = evaluator(plan.problem, tuning_bench(plan.problem))
    run_trials(study, plan.problem, plan.search, evaluate, worker=worker, rest=check_canceled, heard=heard)


class _Measurements:
    """What is measured of configurations, each a job of its own."""

    def __init__(self, plan: Plan, listener: Listener):
        self._plan, self._listener, self._results = plan, listener, keyed(plan.out / MEASURED)

    def stage(self, name: str) -> None:
        check_canceled()
        self._listener.say(name)

    def once(self, name: str, about: Any, measure: Callable[[], Any]) -> Any:
        """The measurement of this name and of what it is about, as plain JSON."""
        plan = self._plan
        spec = [name, plan.fingerprint, plan.fresh, plan.elsewhere, plan.looked, about]
        return run_job(Job("measurement", spec, lambda listener: measure(), name), self._results, self._listener)

    def standing(self, name: str, config: Config, *, elsewhere: bool = True) -> Any:
        """A configuration on the tuner's seeds, on fresh ones and in the other world."""
        plan, other = self._plan, self._plan.other if elsewhere else None

        def stage(what: str) -> None:
            self.stage(f"{name} configuration: {what}")

        def measure() -> Any:
            return stand_of(plan.problem, config, tuning_bench(plan.problem), plan.fresh, other, stage)

        return self.once(f"standing {elsewhere}", config, measure)

    def incumbent(self, result: TrialResult, standings: Sequence[Any]) -> Any:
        """An incumbent on fresh seeds: on few, or on all where it stands for itself already."""
        for standing in standings:
            if standing["config"] == rounded(result.config, DIGITS):
                return to_json({**Incumbent(result.number, result.values[0], standing["fresh"])._asdict()})

        def measure() -> Incumbent:
            self.stage(f"incumbent {result.number}")
            scores = fresh_scores(self._plan.problem, result.config, fresh_seeds(INCUMBENT_SEEDS)).after
            return Incumbent(result.number, result.values[0], mean_over_seeds(scores.competence, most=1.0))

        return self.once("incumbent", [result.number, result.config], measure)


def _measured(plan: Plan, results: Sequence[TrialResult], seconds: dict[str, float], listener: Listener) -> Done:
    """The document of the whole tuning, once it is on disk."""
    begun = time.monotonic()
    problem, measured = plan.problem, _Measurements(plan, listener)
    best = best_of(results, problem)
    default = inside(problem.space, problem.config)
    members = front(results, problem.objectives)[:SHOWN_MEMBERS] if GAP in problem.objectives else ()
    ends = measured.standing("tuned", best.config), measured.standing("default", default)
    found = Measured(
        *ends,
        [measured.incumbent(result, ends) for result in _spread(incumbents(results))],
        [measured.standing("front's", member.config, elsewhere=False) for member in members],
        measured.once("contrast", best.config, lambda: contrast(problem, best.config, plan.looked, measured.stage)),
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
