"""Studies: every cell trained and measured once, then what the seeds of each condition come to.

OUT/cells.jsonl           a line for each cell that is done, also for those that the file no longer asks for
OUT/failures.jsonl        a line for each cell that raised an error, where one did
OUT/trainings/HASH/       the learned algorithm of a cell; cells that differ only in what is done to the agent share it
OUT/study.json, report.html    the rows, and the aggregate over seeds
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from mesascope.core.errors import MesascopeError, UsageError, error_of
from mesascope.jobs.cell import CELLS, job_of
from mesascope.jobs.engines import engine_of
from mesascope.jobs.failures import Failures
from mesascope.jobs.job import Done
from mesascope.jobs.leases import held
from mesascope.jobs.listener import Count, Listener
from mesascope.jobs.processes import Pool, core_count
from mesascope.jobs.requests import Request as AbstractRequest
from mesascope.jobs.requests import command_line
from mesascope.jobs.results import Lines, publish
from mesascope.jobs.runner import Share, run_jobs
from mesascope.jobs.study_actions import ACTIONS, Study
from mesascope.reports.html.studied import render_study
from mesascope.store.fs import check_writable, read_bytes
from mesascope.studies.cells import Cell, cells_of
from mesascope.studies.document import study_results
from mesascope.studies.lines import with_line
from mesascope.studies.spec import MOST_BYTES, Spec, read_spec

FAILURES, STUDY, PAGE = "failures.jsonl", "study.json", "report.html"


class Request(AbstractRequest):
    """What `mesascope study` was asked for. `text` is what the file held, for workers that do not see it."""

    kind: Literal["study"] = "study"
    file: Path
    out: Path | None = None
    workers: int | None = None
    engine: str = "local"
    address: str | None = None
    action: Literal["run", "partial", "plan", "status", "gc", "gc-delete"] = "run"
    retry_failed: bool = False
    text: str | None = None


class Plan(NamedTuple):
    """A study that was read and checked, and where it goes."""

    spec: Spec
    cells: list[Cell]
    out: Path
    text: str


def make_plan(request: Request) -> Plan:
    """Read and check a study's file. `UsageError` names the file and what in it does not fit."""
    file, data = request.file, b""
    try:
        data = read_bytes(file, MOST_BYTES) if request.text is None else request.text.encode()
        spec = read_spec(data)
        return Plan(spec, cells_of(spec), request.out or Path("studies") / file.stem, data.decode())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None
    except MesascopeError as error:
        raise type(error)(f"{file}: {with_line(error, data)}") from None


def run(request: Request, listener: Listener, worker: int = 0) -> Done:
    """Make the rows that are missing, then the document and the page of all; or what else was asked for of the study."""
    plan = make_plan(request)
    study = _open(plan)
    if request.action in ACTIONS:
        return ACTIONS[request.action](study)
    check_writable(plan.out)
    if request.action == "partial":
        return write(plan, study)
    if worker:
        share = Share(worker - 1, request.workers or 1)
        run_jobs(study.jobs, study.results, listener, share=share, failures=study.failures)
        return Done({})
    if request.retry_failed:
        study.failures.forget()
    _work_elsewhere(request, plan, study, listener)
    run_jobs(study.jobs, study.results, listener, before=f"studied before: {plan.out}", failures=study.failures)
    done = write(plan, study)
    failed = study.failures.of([job.fingerprint for job in study.jobs])
    if failed:
        first = failed[0]
        raise error_of(first["code"])(
            f"{first['label']}: {first['message']} ({len(failed)} of {len(study.jobs)} cells failed; the others are in "
            f"{done.page}; --retry-failed tries the failed ones again)"
        )
    return done


def _open(plan: Plan) -> Study:
    jobs = [job_of(plan.out, cell) for cell in plan.cells]
    return Study(plan.out, plan.cells, jobs, Lines(plan.out / CELLS), Failures(plan.out / FAILURES))


def _work_elsewhere(request: Request, plan: Plan, study: Study, listener: Listener) -> None:
    """What workers make, where there are to be any."""
    missing = study.missing()
    asked = core_count() if request.workers is None and request.engine == "local" else request.workers or 1
    count = min(asked, len(missing))
    if not missing or (count == 1 and request.engine == "local"):
        return
    # Paths as they are, wherever a worker stands; the text, since the file may change meanwhile.
    told = {"file": plan.out.absolute() / request.file.name, "out": plan.out.absolute(), "text": plan.text}
    engine = engine_of(request.engine, plan.out.absolute(), request.address)
    asks = request.model_copy(update={**told, "workers": count, "retry_failed": False})
    with Pool(engine, asks, range(1, count + 1)) as pool:
        pool.wait("study", _told(study, len(pool), listener), len(study.jobs))


def _told(study: Study, workers: int, listener: Listener) -> Callable[[], int]:
    """How many cells are done by now, which the listener hears."""
    count = Count(listener, len(study.jobs), f"cells are done, by {workers} workers")
    return lambda: count(len(study.jobs) - len(study.missing()))


def write(plan: Plan, study: Study) -> Done:
    """The document and the page of what there is by now."""
    rows = [study.results.find(job) for job in study.jobs]
    # Conditions that come to the same share what was found, each under its name.
    named = [
        {**row, "condition": cell.condition, "settings": cell.settings}
        for cell, row in zip(plan.cells, rows, strict=True)
        if row is not None
    ]
    document = study_results(plan.spec, named, command_line(), study.not_done())
    with held(plan.out / ".mesascope-study.lock"):
        return publish(document, plan.out / STUDY, plan.out / PAGE, render_study)
