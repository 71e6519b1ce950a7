"""What `mesascope tune` does: trials in one process or several, then the measurements that say what they are worth.

OUT/trials.log       every trial (or trials.sqlite3)
OUT/measured.json    what was measured of the best configuration so far; nothing of it is measured twice
OUT/tuning.json, OUT/optimizer.json, OUT/report.html
"""

import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import optuna

from mesascope.auditing.document import provenance
from mesascope.cli import interrupts, terminal
from mesascope.cli.plans import command_line
from mesascope.cli.progress import Live
from mesascope.cli.results import read_document
from mesascope.cli.tuning_plan import Plan, Request, make_plan
from mesascope.cli.workers import wait_for, workers
from mesascope.core.jsonable import to_json
from mesascope.core.options import Config
from mesascope.core.statistics import mean_over_seeds
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
from mesascope.reports.numbers import estimate_text
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.fs import check_writable
from mesascope.store.results import rounded, write_json, write_text
from mesascope.store.tuning_study import close_study, open_study

TUNING, OPTIMIZER, MEASURED, REPORT = "tuning.json", "optimizer.json", "measured.json", "report.html"
DIGITS = 6
SHOWN_INCUMBENTS, INCUMBENT_SEEDS = 5, 3
SHOWN_MEMBERS = 5


def run_tuning(request: Request, *, json: bool) -> None:
    """Do what is missing and print the result."""
    document = interrupts.interruptible(lambda: _run(request))
    if request.worker is not None:
        return
    if json:
        terminal.document(document)
    else:
        _tell(document, (request.out or make_plan(request).out))


def _run(request: Request) -> dict[str, Any]:
    plan = make_plan(request)
    check_writable(plan.out)
    directions = [OBJECTIVES[name] for name in plan.problem.objectives]
    study = open_study(plan.out, request.storage, directions, plan.fingerprint)
    try:
        if request.worker is not None:
            _trials(study, plan, request.worker, None)
            return {}
        with Live() as live:
            begun = time.monotonic()
            _all_trials(study, plan, request, live)
            results = results_of(study)
            live.note(f"{len(results)} trials in {plan.out}")
            return _finished(plan, results, {"trials": time.monotonic() - begun}, live)
    finally:
        close_study(study)


def _all_trials(study: optuna.Study, plan: Plan, request: Request, live: Live) -> None:
    """Trials until there are enough, this process one of several."""
    if lost := drop_unfinished(study):
        live.note(f"{lost} trials were cut off and are run again")
    enqueue_default(study, plan.problem)  # before another process asks
    missing = plan.search.trials - len(results_of(study))
    others = range(1, min(request.jobs, max(missing, 1)))
    with workers([arguments_of(request._replace(out=plan.out, worker=number)) for number in others]) as processes:
        _trials(study, plan, 0, live)
        wait_for(processes, "tuning")
    # A trial that another process lost leaves one too few.
    drop_unfinished(study)
    _trials(study, plan, 0, live)


def arguments_of(request: Request) -> list[str]:
    """The arguments that make this request."""
    found = ["tune", request.world]
    names = {"tuned": "tune", "knobs": "set"}
    for field, value in request._asdict().items():
        option = "--" + names.get(field, field).replace("_", "-")
        if field in ("world", "jobs") or value is None or value is False or value == ():
            continue
        if field == "objectives":
            found += [option, ",".join(value)]
        elif isinstance(value, tuple):
            found += [part for item in value for part in (option, item)]
        else:
            found += [option] if value is True else [option, str(value)]
    return found


def _trials(study: optuna.Study, plan: Plan, worker: int, live: Live | None) -> None:
    def heard(result: TrialResult, finished: int) -> None:
        if live is None:
            return
        how = f"given up after {result.curve[-1][0]} updates" if result.pruned else "done"
        scores = ", ".join(f"{value:.3f}" for value in result.values)
        best = max((r.values[0] for r in results_of(study) if not r.pruned), default=float("nan"))
        live.say(f"trial {finished}/{plan.search.trials}: {scores} ({how}); best {best:.3f}")

    if live is not None:
        live.say("trials: compiling")
    evaluate = evaluator(plan.problem, tuning_bench(plan.problem))
    run_trials(study, plan.problem, plan.search, evaluate, worker=worker, rest=interrupts.rest, heard=heard)


class _Measurements:
    """What is measured of configurations, each once: kept in a file under all that it depends on."""

    def __init__(self, plan: Plan, live: Live):
        self._plan, self._live, self._path = plan, live, plan.out / MEASURED
        self._found: dict[str, Any] = read_document(self._path) if self._path.exists() else {}

    def stage(self, name: str) -> None:
        interrupts.rest()
        self._live.say(name)

    def once(self, name: str, about: Any, measure: Callable[[], Any]) -> Any:
        """The measurement of this name and of what it is about, as plain JSON."""
        plan = self._plan
        key = fingerprint_of([name, plan.fingerprint, plan.fresh, plan.elsewhere, plan.looked, about])
        if key not in self._found:
            self.stage(name)
            write_json(self._path, {**self._found, key: to_json(measure())}, DIGITS)
            self._found = read_document(self._path)  # rounded, as it will be found again
        return self._found[key]

    def standing(self, name: str, config: Config, *, elsewhere: bool = True) -> Any:
        plan = self._plan
        other = plan.other if elsewhere else None

        def measure() -> Any:
            bench = tuning_bench(plan.problem)
            return stand_of(
                plan.problem,
                config,
                bench,
                plan.fresh,
                other,
                lambda stage: self.stage(f"{name} configuration: {stage}"),
            )

        return self.once(f"standing {elsewhere}", config, measure)

    def incumbent(self, result: TrialResult, standings: Sequence[Any]) -> Any:
        """An incumbent on fresh seeds: on few, or on all where it stands for itself already."""
        for standing in standings:
            if standing["config"] == rounded(result.config, DIGITS):
                return to_json({**Incumbent(result.number, result.values[0], standing["fresh"])._asdict()})

        def measure() -> Incumbent:
            scores = fresh_scores(self._plan.problem, result.config, fresh_seeds(INCUMBENT_SEEDS)).after
            return Incumbent(result.number, result.values[0], mean_over_seeds(scores.competence, most=1.0))

        return self.once("incumbent", [result.number, result.config], measure)


def _finished(plan: Plan, results: Sequence[TrialResult], seconds: dict[str, float], live: Live) -> dict[str, Any]:
    begun = time.monotonic()
    problem, measured = plan.problem, _Measurements(plan, live)
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
    document = tuning_document(
        problem, plan.search._replace(trials=len(results)), results, found, plan.elsewhere or None
    )
    about = provenance(command_line(), seconds)
    versions = {name: metadata.version(name) for name in PACKAGES}
    document["provenance"] = {**about, "packages": {**about["packages"], **versions}}
    document["fingerprint"] = plan.fingerprint
    interrupts.rest()
    write_json(plan.out / OPTIMIZER, emitted(problem, best))
    write_json(plan.out / TUNING, document, DIGITS)
    written = read_document(plan.out / TUNING)
    write_text(plan.out / REPORT, render_tuning(written))
    return written


def _spread(results: Sequence[TrialResult]) -> list[TrialResult]:
    """The first, the last, and some between."""
    if len(results) <= SHOWN_INCUMBENTS:
        return list(results)
    step = (len(results) - 1) / (SHOWN_INCUMBENTS - 1)
    return [results[round(step * i)] for i in range(SHOWN_INCUMBENTS)]


def _tell(document: dict[str, Any], out: Path) -> None:
    found = document["overfitting"]
    tuned = ", ".join(f"{key} {value:.3g}" for key, value in found["tuned"]["config"].items())
    pruned = sum(trial["pruned"] for trial in document["trials"])
    terminal.line(
        f"{len(document['trials'])} trials ({pruned} given up early); best is trial {document['best']}: {tuned}"
    )
    rows = []
    for name in ("default", "tuned"):
        part = found[name]
        row = [name, *(estimate_text(part[key], 3) for key in ("chosen_by", "fresh", "optimism"))]
        rows.append([*row, estimate_text(part["elsewhere"], 3), estimate_text(part["no_updates"], 3)])
    terminal.table(
        ["configuration", "as the tuner saw it", "fresh seeds", "difference", "other world", "without updates"], rows
    )
    for claim in document["verdicts"]:
        terminal.line(f"{claim['verdict']}: {claim['claim']} ({claim['reason']})")
    world = document["world"]["name"]
    terminal.line(f"Report: {out / REPORT}")
    terminal.line(f"Train with it: mesascope train {world} --base-optimizer {out / OPTIMIZER} --out DIR")
