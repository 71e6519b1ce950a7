"""Studies: every cell trained and measured once, then what the seeds of each condition come to.

OUT/cells.jsonl           a line for each cell that is done, also for those that the file no longer asks for
OUT/trainings/HASH/       the learned algorithm of a cell; cells that differ only in what is done to the agent share it
OUT/study.json, .html     the rows, and the aggregate over seeds
"""

import time
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mesascope.auditing.document import of_world
from mesascope.core.errors import DivergedError, MesascopeError, UsageError
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.settings import FULL, Settings
from mesascope.jobs.agent_identity import identity_of
from mesascope.jobs.background import background
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import Listener
from mesascope.jobs.requests import Request as AbstractRequest
from mesascope.jobs.requests import command_line
from mesascope.jobs.results import lines, publish
from mesascope.jobs.runner import run_jobs, stage_of
from mesascope.jobs.subjects import Source, find_source
from mesascope.jobs.train import trained_subject
from mesascope.reports.html.studied import render_study
from mesascope.store.fs import check_writable, read_bytes
from mesascope.studies.cells import Cell, cells_of
from mesascope.studies.document import study_results
from mesascope.studies.measure import measure, of_net
from mesascope.studies.spec import MOST_BYTES, Spec, read_spec
from mesascope.studies.treatment import treated

CELLS, STUDY, PAGE, TRAININGS = "cells.jsonl", "study.json", "study.html", "trainings"


class Request(AbstractRequest):
    """What `mesascope study` was asked for."""

    kind: Literal["study"] = "study"
    file: Path
    out: Path | None = None


class Plan(NamedTuple):
    """A study that was read and checked, and where it goes."""

    spec: Spec
    cells: list[Cell]
    out: Path


def make_plan(request: Request) -> Plan:
    """Read and check a study's file. `UsageError` names the file and what in it does not fit."""
    file = request.file
    try:
        spec = read_spec(read_bytes(file, MOST_BYTES))
        return Plan(spec, cells_of(spec), request.out or Path("studies") / file.stem)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None
    except MesascopeError as error:
        raise type(error)(f"{file}: {error}") from None


def run(request: Request, listener: Listener) -> Done:
    """Make the rows that are missing, then the document and the page of all."""
    plan = make_plan(request)
    check_writable(plan.out)
    jobs = [_job(plan.out, cell) for cell in plan.cells]
    rows = run_jobs(jobs, lines(plan.out / CELLS), listener, before=f"studied before: {plan.out}")
    # Conditions that come to the same share what was found, each under its name.
    named = [
        {**row, "condition": cell.condition, "settings": cell.settings}
        for cell, row in zip(plan.cells, rows, strict=True)
    ]
    document = study_results(plan.spec, named, command_line())
    return publish(document, plan.out / STUDY, plan.out / PAGE, render_study)


def _job(out: Path, cell: Cell) -> Job:
    label = f"condition '{cell.condition}', seed {cell.seed}"
    agent = None if cell.subject is None else identity_of(_source(cell), cell.training.world, _sizes(cell), cell.seed)
    job = Job("cell", cell.spec, partial(row_of, out, cell), label, cell.condition, agent)
    return job._replace(work=lambda listener: {**row_of(out, cell, listener), "fingerprint": job.fingerprint})


def row_of(out: Path, cell: Cell, listener: Listener) -> dict[str, Any]:
    """Train the agent of a cell as far as it was not, treat it, measure it."""
    begun = time.monotonic()
    try:
        audited, about = _subject_of(out, cell, listener)
    except DivergedError:
        failed = {"failed": "its weights are not finite", "seconds": {"training": time.monotonic() - begun}}
        return {**_named(cell), **failed}
    made = time.monotonic()
    stage = stage_of(f"seed {cell.seed}", listener)
    with background() as second:
        found = measure(cell.training.world, audited, cell.look, cell.seed, stage, second)
    seconds = {"training": made - begun, "looking": time.monotonic() - made}
    return {**_named(cell), **about, **found, "seconds": seconds}


def _named(cell: Cell) -> dict[str, Any]:
    """What a row says of its cell, whatever came of it."""
    named = {
        "condition": cell.condition,
        "settings": cell.settings,
        "seed": cell.seed,
        "world": of_world(cell.training.world),
    }
    if cell.subject is not None:
        return {**named, "subject": cell.subject}
    document = cell.training.document(cell.seed)
    training = {part: document[part] for part in ("architecture", "base_optimizer")}
    return {**named, "training": training, "agent": cell.agent}


def _folder(out: Path, cell: Cell) -> Path:
    return out / TRAININGS / cell.training.fingerprint(cell.seed)[:16]


def _sizes(cell: Cell) -> Settings:
    return FULL._replace(levels=cell.look.levels)


def _source(cell: Cell) -> Source:
    assert cell.subject is not None
    return find_source(cell.subject, cell.training.world)


def _subject_of(out: Path, cell: Cell, listener: Listener) -> tuple[AuditSubject, dict[str, Any]]:
    """The agent of a cell, and what its row says of it."""
    if cell.subject is not None:
        return _source(cell).make(_sizes(cell), cell.seed), {}
    folder = _folder(out, cell)
    audited = trained_subject(cell.training, cell.seed, folder, listener)
    agent = treated(audited.subject, cell.agent)
    about = {"net": of_net(agent), "trained": f"{TRAININGS}/{folder.name}"}
    return audited._replace(subject=agent), about
