"""A cell of a study as a job: the agent trained as far as it was not, treated, measured."""

import re
import time
from pathlib import Path
from typing import Any

from mesascope.auditing.document import of_world
from mesascope.core.errors import DivergedError
from mesascope.core.machine import machine
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.settings import FULL, Settings
from mesascope.jobs.agent_identity import identity_of
from mesascope.jobs.background import background
from mesascope.jobs.job import Job
from mesascope.jobs.listener import Listener
from mesascope.jobs.runner import stage_of
from mesascope.jobs.subjects import Source, find_source
from mesascope.jobs.train import trained_subject
from mesascope.studies.cells import Cell
from mesascope.studies.measure import measure, of_net
from mesascope.studies.treatment import treated

CELLS, TRAININGS = "cells.jsonl", "trainings"


def job_of(out: Path, cell: Cell) -> Job:
    """The job of a cell, whose training lies below `out`."""
    label = label_of(cell.condition, cell.seed)
    agent = None if cell.subject is None else identity_of(_source(cell), cell.training.world, _sizes(cell), cell.seed)
    return Job("cell", cell.spec, lambda listener: row_of(out, cell, listener), label, cell.condition, agent)


def label_of(condition: str, seed: int) -> str:
    """What messages and failures call a cell."""
    return f"condition '{condition}', seed {seed}"


def cell_of_label(label: str) -> tuple[str, int] | None:
    """The condition and the seed that `label_of` made a label of; None of any other text."""
    found = re.fullmatch(r"condition '(.*)', seed (\d{1,10})", label, re.DOTALL)
    return None if found is None else (found[1], int(found[2]))


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
        "machine": machine(),
    }
    if cell.subject is not None:
        return {**named, "subject": cell.subject}
    document = cell.training.document(cell.seed)
    training = {part: document[part] for part in ("architecture", "base_optimizer")}
    return {**named, "training": training, "agent": cell.agent}


def folder_of(out: Path, cell: Cell) -> Path:
    """Where the training of a cell lies."""
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
    folder = folder_of(out, cell)
    audited = trained_subject(cell.training, cell.seed, folder, listener)
    agent = treated(audited.subject, cell.agent)
    about = {"net": of_net(agent), "trained": f"{TRAININGS}/{folder.name}"}
    return audited._replace(subject=agent), about
