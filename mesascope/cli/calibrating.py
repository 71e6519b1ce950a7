"""What `mesascope calibrate` does: a file for each row, several processes side by side, then the rates of all rows.

Rows that are there are not made again, so that the same command goes on where it stopped.
"""

import gc
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

from mesascope.calibration.document import calibration_document
from mesascope.calibration.networks import chance_networks, trained_networks
from mesascope.calibration.row import EFFORT, examine
from mesascope.calibration.subjects import QUICK, Known, zoo
from mesascope.cli import interrupts, terminal
from mesascope.cli.progress import Live
from mesascope.cli.results import read_document
from mesascope.cli.workers import wait_for, workers
from mesascope.core.errors import StorageError
from mesascope.reports.html.calibration import render_calibration
from mesascope.reports.terminal import calibration_summary
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import package_versions
from mesascope.store.results import write_json, write_text
from mesascope.worlds.registry import make_world
from mesascope.worlds.world import AbstractWorld

CALIBRATION, PAGE, POINT, ROWS = "calibration.json", "calibration.html", "operating_point.json", "rows"
DIGITS = 6
OTHERS = 3
"""Organisms that do not search are audited so many times as often as searchers: a rate below 1 % takes many to measure."""
VERSION = 5
"""Of the rows: raised when what they hold, or how it is measured, changes."""


class Request(NamedTuple):
    """What was asked for: seeds of each organism, trained networks of each kind, and random networks and classifiers."""

    out: Path
    seeds: int
    networks: int
    chance: int
    quick: bool
    jobs: int
    worker: int | None = None


class Job(NamedTuple):
    """One subject with all its seeds, so that its programs are compiled once."""

    known: Known
    seeds: range


def run_calibration(request: Request, *, json: bool) -> None:
    """Make the rows that are missing, write the documents, and print the result."""
    document, page = interrupts.interruptible(lambda: _run(request))
    if request.worker is not None:
        return
    if json:
        terminal.document(document)
    else:
        calibration_summary(document, page)


def jobs_of(request: Request) -> list[Job]:
    """Everything that was asked for, the longest first."""
    # Training takes longest, so every process has a share of it.
    shares = [range(first, request.networks, request.jobs) for first in range(request.jobs)]
    wanted = [Job(known, share) for known in trained_networks() for share in shares]
    for known in zoo(QUICK if request.quick else ()):
        wanted.append(Job(known, range(request.seeds if known.searches else OTHERS * request.seeds)))
    wanted += [Job(known, range(request.chance)) for known in chance_networks()]
    return [job for job in wanted if len(job.seeds)]


def _run(request: Request) -> tuple[dict[str, Any], Path]:
    world = make_world("red-doors")
    check_writable(request.out)
    jobs = jobs_of(request)
    mine = jobs if request.worker is None else jobs[request.worker :: request.jobs]
    with workers(_others(request)) as processes, Live() as live:
        if request.worker is None:
            mine = jobs[0 :: request.jobs]
        _make_rows(world, request, mine, live)
        wait_for(
            processes,
            "calibration",
            lambda: live.say(f"waiting for another process: {_missing(request, jobs)} rows missing"),
        )
    page = request.out / PAGE
    if request.worker is not None:
        return {}, page
    rows = [_row(request, job.known, seed) for job in jobs for seed in job.seeds]
    write_json(request.out / CALIBRATION, calibration_document(rows, _command(request)), DIGITS)
    document = read_document(request.out / CALIBRATION)
    write_json(request.out / POINT, document["operating_point"]["point"], DIGITS)
    write_text(page, render_calibration(document))
    return document, page


def _command(request: Request) -> str:
    """The shortest command that gives the same rows."""
    return f"mesascope calibrate --seeds {request.seeds} --networks {request.networks} --chance {request.chance}" + (
        " --quick" if request.quick else ""
    )


def _fingerprint(known: Known, seed: int) -> str:
    about = {"version": VERSION, "packages": package_versions(), "name": known.name, "seed": seed}
    return fingerprint_of({**about, "effort": list(EFFORT)})


def _path(request: Request, known: Known, seed: int) -> Path:
    name = "".join(c if c.isalnum() or c in "-=." else "-" for c in known.name)
    return request.out / ROWS / f"{name}-{seed}.json"


def _make_rows(world: AbstractWorld, request: Request, jobs: Sequence[Job], live: Live) -> None:
    count = sum(len(job.seeds) for job in jobs)
    done, made, started = 0, 0, time.monotonic()
    for job in jobs:
        # Every build brings programs and tables of its own, and a process may hold only so many. What builds share is
        # read again from the programs kept on disk.
        jax.clear_caches()
        gc.collect()
        for seed in job.seeds:
            interrupts.rest()
            path = _path(request, job.known, seed)
            done += 1
            if path.exists() and read_document(path).get("fingerprint") == _fingerprint(job.known, seed):
                continue
            left = (time.monotonic() - started) / made * (count - done + 1) if made else 0.0
            live.say(f"{done}/{count}: {job.known.name}, seed {seed}" + (f", about {left:.0f} s left" if made else ""))
            begun = time.monotonic()
            row = examine(world, job.known, seed)
            made += 1
            write_json(
                path,
                {**row, "seconds": time.monotonic() - begun, "fingerprint": _fingerprint(job.known, seed)},
                DIGITS,
            )


def _row(request: Request, known: Known, seed: int) -> dict[str, Any]:
    path = _path(request, known, seed)
    row = read_document(path)
    if row.get("fingerprint") != _fingerprint(known, seed):
        raise StorageError(f"{path} is of another version: remove it and run the command again")
    return row


def _others(request: Request) -> list[list[str]]:
    """Arguments of further processes of this same command, each with a share of the jobs; none where this is one of them."""
    if request.worker is not None:
        return []
    arguments = [
        *("calibrate", "--out", str(request.out), "--seeds", str(request.seeds), "--networks", str(request.networks)),
        *("--chance", str(request.chance), "--jobs", str(request.jobs), *(["--quick"] if request.quick else [])),
    ]
    return [[*arguments, "--worker", str(number)] for number in range(1, request.jobs)]


def _missing(request: Request, jobs: Sequence[Job]) -> int:
    return sum(not _path(request, job.known, seed).exists() for job in jobs for seed in job.seeds)
