"""What `mesascope study` does: every cell trained and looked at once, then what the seeds of each condition come to.

OUT/cells.jsonl           a line for each cell that is done, also for those that the file no longer asks for
OUT/trainings/HASH/       the learned algorithm of a cell; cells that differ only in what is done to the agent share it
OUT/study.json, .html     the rows, and the aggregate over seeds
"""

import gc
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax

from mesascope.auditing.document import of_world
from mesascope.auditing.settings import FULL
from mesascope.auditing.subjects import AuditSubject
from mesascope.cli import interrupts, terminal
from mesascope.cli.plans import command_line
from mesascope.cli.progress import Live
from mesascope.cli.results import read_document
from mesascope.cli.subjects import LEARNED, find_source
from mesascope.cli.training import trained_subject
from mesascope.core.errors import AgentFileError, MesascopeError, StorageError, UsageError
from mesascope.learned.registry import LearnedAlgorithm
from mesascope.reports.html.studied import render_study
from mesascope.reports.numbers import estimate_text
from mesascope.reports.studied import conditions_table, difference_lines, failure_lines, heading
from mesascope.store.fs import check_writable, read_bytes
from mesascope.store.learned_algorithm import load_learned_algorithm
from mesascope.store.lines import read_lines, write_lines
from mesascope.store.results import write_json, write_text
from mesascope.studies.cells import Cell, cells_of
from mesascope.studies.document import study_results
from mesascope.studies.measure import measure, of_net
from mesascope.studies.spec import MOST_BYTES, Spec, read_spec
from mesascope.studies.treatment import treated

CELLS, STUDY, PAGE, TRAININGS = "cells.jsonl", "study.json", "study.html", "trainings"
DIGITS = 6
WIDE = 120
"""Columns of a terminal from which on conditions are shown as a table."""
TOGETHER = 8
"""Conditions after which compiled programs are let go of."""


class Job(NamedTuple):
    """A study that was read and checked, and where it goes."""

    spec: Spec
    cells: list[Cell]
    out: Path


def run_study(file: Path, out: Path | None, *, json: bool) -> None:
    """Do what is missing of the study and print what its conditions come to."""
    document, page = interrupts.interruptible(lambda: _run(make_job(file, out)))
    if json:
        terminal.document(document)
    else:
        show(document, page)


def make_job(file: Path, out: Path | None) -> Job:
    """Read and check a study's file. `UsageError` names the file and what in it does not fit."""
    try:
        spec = read_spec(read_bytes(file, MOST_BYTES))
        return Job(spec, cells_of(spec), out or Path("studies") / file.stem)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None
    except MesascopeError as error:
        raise type(error)(f"{file}: {error}") from None


def _run(job: Job) -> tuple[dict[str, Any], Path]:
    check_writable(job.out)
    done = rows_done(job.out)
    with Live() as live:
        _fill(job, done, live)
        rows = _rows(job, done)
        command = command_line()
        write_json(job.out / STUDY, study_results(job.spec, rows, command), DIGITS)
        document = read_document(job.out / STUDY)
        write_text(job.out / PAGE, render_study(document))
    return document, job.out / PAGE


def rows_done(out: Path) -> dict[str, dict[str, Any]]:
    """The rows of a study's folder by fingerprint. `StorageError` names a line that has none, which is of no cell."""
    found = {}
    for number, row in enumerate(read_lines(out / CELLS), 1):
        if not isinstance(row.get("fingerprint"), str):
            raise StorageError(
                f"{out / CELLS}, line {number}: expected the text 'fingerprint', which says of what cell it is: remove the "
                "line or the file, and run the command again"
            )
        found[row["fingerprint"]] = row
    return found


def _rows(job: Job, done: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows in the order of the cells. Where conditions come to the same they share what was found, each under its name."""
    return [
        {**done[cell.fingerprint], "condition": cell.condition, "settings": cell.settings}
        for cell in job.cells
        if cell.fingerprint in done
    ]


def _others(job: Job, done: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows that the study's file does not ask for now: it may ask for them again."""
    asked = {cell.fingerprint for cell in job.cells}
    return [row for fingerprint, row in done.items() if fingerprint not in asked]


def _fill(job: Job, done: dict[str, Any], live: Live) -> None:
    """Make the rows that are missing, one after another; each is on disk before the next is begun."""
    missing = list({cell.fingerprint: cell for cell in job.cells if cell.fingerprint not in done}.values())
    if not missing:
        live.note(f"studied before: {job.out}")
    last, conditions = None, 0
    started = time.monotonic()
    for number, cell in enumerate(missing):
        interrupts.rest()
        each = (time.monotonic() - started) / number if number else 0.0
        left = f", about {each * (len(missing) - number):.0f} s left" if number else ""
        live.note(f"cell {number + 1} of {len(missing)} to do: {cell.condition}, seed {cell.seed}{left}")
        if cell.condition != last:
            conditions += 1
            last = cell.condition
            if conditions % TOGETHER == 0:
                # Every condition brings programs of its own, and a process may hold only so many.
                jax.clear_caches()
                gc.collect()
        try:
            done[cell.fingerprint] = row_of(job.out, cell, live)
        except MesascopeError as error:
            raise type(error)(f"condition '{cell.condition}', seed {cell.seed}: {error}") from error
        write_lines(job.out / CELLS, [*_rows(job, done), *_others(job, done)], DIGITS)
    # As a file gives them back, whichever cells were done before.
    done.update(rows_done(job.out))


def row_of(out: Path, cell: Cell, live: Live) -> dict[str, Any]:
    """Train the agent of a cell as far as it was not, treat it, look at it."""
    begun = time.monotonic()
    try:
        audited, about = _subject_of(out, cell, live)
    except AgentFileError:
        if not _diverged(out, cell):
            raise
        return {
            **_named(cell),
            "failed": "its weights are not finite",
            "seconds": {"training": time.monotonic() - begun},
        }
    made = time.monotonic()

    def stage(name: str) -> None:
        live.stage(cell.seed, name)
        interrupts.rest()

    found = measure(cell.training.world, audited, cell.look, cell.seed, stage)
    return {
        **_named(cell),
        **about,
        **found,
        "seconds": {"training": made - begun, "looking": time.monotonic() - made},
    }


def _named(cell: Cell) -> dict[str, Any]:
    """What a row says of its cell, whatever came of it."""
    named = {
        "condition": cell.condition,
        "settings": cell.settings,
        "seed": cell.seed,
        "world": of_world(cell.training.world),
        "fingerprint": cell.fingerprint,
    }
    if cell.subject is not None:
        return {**named, "subject": cell.subject}
    document = cell.training.document(cell.seed)
    training = {part: document[part] for part in ("architecture", "base_optimizer")}
    return {**named, "training": training, "agent": cell.agent}


def _folder(out: Path, cell: Cell) -> Path:
    return out / TRAININGS / cell.training.fingerprint(cell.seed)[:16]


def _diverged(out: Path, cell: Cell) -> bool:
    """Whether what training saved is whole, and is refused for its numbers alone."""
    try:
        load_learned_algorithm(_folder(out, cell) / LEARNED, allow_nonfinite=True)
    except AgentFileError:
        return False
    return True


def _subject_of(out: Path, cell: Cell, live: Live) -> tuple[AuditSubject, dict[str, Any]]:
    """The agent of a cell, and what its row says of it."""
    if cell.subject is not None:
        settings = FULL._replace(levels=cell.look.levels)
        audited = find_source(cell.subject, cell.training.world).make(settings, cell.seed)
        return audited, {}
    folder = _folder(out, cell)
    audited = trained_subject(cell.training, cell.seed, folder, live)
    if not isinstance(audited.subject, LearnedAlgorithm):
        raise StorageError(f"{folder}: expected a learned algorithm")
    agent = treated(audited.subject, cell.agent)
    return audited._replace(subject=agent), {
        "net": of_net(agent),
        "trained": f"{TRAININGS}/{folder.name}",
    }


def show(document: Mapping[str, Any], page: Path) -> None:
    """The table of conditions, what failed, what differs, and where the page is."""
    terminal.line(heading(document))
    columns, rows = conditions_table(document, estimate_text)
    if terminal.console().width >= WIDE and sys.stdout.isatty():
        terminal.table(columns, rows)
    else:  # one record to a line, which no width can fold
        for row in rows:
            terminal.line("; ".join(f"{column} {cell}" for column, cell in zip(columns, row, strict=True)))
    for text in (*failure_lines(document), *difference_lines(document)):
        terminal.line(text)
    terminal.line(f"Page: {page}")
