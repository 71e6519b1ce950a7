"""What can be asked of a study without running it: what it will take, how far it is, and what in its folder nothing refers to."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.jobs.cell import TRAININGS, folder_of
from mesascope.jobs.failures import Failures
from mesascope.jobs.job import Done, Job
from mesascope.jobs.leases import lease_of
from mesascope.jobs.processes import core_count
from mesascope.jobs.results import Lines
from mesascope.jobs.train import CHECKPOINTS, is_trained
from mesascope.store.fs import holder, leftovers, remove
from mesascope.store.journal import FINGERPRINT
from mesascope.studies.cells import Cell
from mesascope.studies.training import weight_bytes

MANIFEST_BYTES = 8_192
"""A manifest and a curve of competence, which lie beside the weights, before any was measured."""


class Study(NamedTuple):
    """A study's cells, their jobs, and where their results lie."""

    out: Path
    cells: Sequence[Cell]
    jobs: Sequence[Job]
    results: Lines
    failures: Failures

    def missing(self) -> list[Job]:
        """Jobs that are neither done nor failed, each once."""
        there = self.results.there() | self.failures.there()
        return list({job.fingerprint: job for job in self.jobs if job.fingerprint not in there}.values())

    def states(self) -> list[str]:
        """`done`, `failed`, `running` or `missing`, cell by cell."""
        done, failed = self.results.there(), self.failures.there()
        leases = {path.name for path in self.out.glob(".mesascope-*.lock") if holder(path)}

        def state(job: Job) -> str:
            if job.fingerprint in done:
                return "done"
            running = lease_of(self.out, job.fingerprint).name in leases
            return "running" if running else "failed" if job.fingerprint in failed else "missing"

        return [state(job) for job in self.jobs]

    def not_done(self) -> list[dict[str, Any]]:
        """The cells without a row, with what was raised by those that failed."""
        done, raised = self.results.there(), {}
        for found in self.failures.of([job.fingerprint for job in self.jobs]):
            raised[found[FINGERPRINT]] = f"{found['code']}: {found['message']}"
        return [
            {
                "condition": cell.condition,
                "seed": cell.seed,
                "error": raised.get(job.fingerprint),
                FINGERPRINT: job.fingerprint,
            }
            for cell, job in zip(self.cells, self.jobs, strict=True)
            if job.fingerprint not in done
        ]


def status(study: Study) -> Done:
    """How many cells of each condition are done, running, failed and missing; reads no row."""
    counts: dict[str, dict[str, int]] = {}
    states = study.states()
    for cell, state in zip(study.cells, states, strict=True):
        of = counts.setdefault(cell.condition, dict.fromkeys(("done", "running", "failed", "missing"), 0))
        of[state] += 1
    failed = study.failures.of([job.fingerprint for job in study.jobs])
    total = {state: states.count(state) for state in ("done", "running", "failed", "missing")}
    return Done({"kind": "study-status", "out": str(study.out), **total, "conditions": counts, "failures": failed})


def plan(study: Study) -> Done:
    """How many cells and trainings there are, and what is left of them in seconds and bytes.

    Seconds are the means of the cells that are done, of the same condition where there is one; nothing is known before that.
    """
    seconds: dict[str, list[float]] = defaultdict(list)
    sizes = {}
    for cell, job in zip(study.cells, study.jobs, strict=True):
        folder = folder_of(study.out, cell)
        if cell.subject is None and folder not in sizes:
            sizes[folder] = _size(folder) if is_trained(folder) else None
        row = study.results.find(job) if job.fingerprint in study.results.there() else None
        if row is not None:
            seconds[cell.condition].append(sum(row.get("seconds", {}).values()))
    every = [s for found in seconds.values() for s in found]
    missing = {job.fingerprint for job in study.missing()}
    left = [cell for cell, job in zip(study.cells, study.jobs, strict=True) if job.fingerprint in missing]
    known = [size for size in sizes.values() if size is not None]
    each = {cell.condition: _mean(seconds[cell.condition] or every) for cell in left}
    untrained = {folder_of(study.out, cell): cell for cell in left if cell.subject is None}
    fresh = [cell for folder, cell in untrained.items() if sizes[folder] is None]
    to_come = [_mean(known) if known else weight_bytes(cell.training) + MANIFEST_BYTES for cell in fresh]
    return Done(
        {
            "kind": "study-plan",
            "out": str(study.out),
            "cells": len(study.cells),
            "conditions": len({cell.condition for cell in study.cells}),
            "trainings": len(sizes),
            "left": len(left),
            "trainings_left": len(fresh),
            "seconds_left": sum(each[cell.condition] for cell in left) if every else None,
            "seconds_from": len(every),
            "cores": core_count(),
            "bytes_now": _size(study.out),
            "bytes_left": round(sum(to_come)),
            "bytes_from": len(known),
        }
    )


def garbage(study: Study) -> list[Path]:
    """Files of ours below the folder that nothing refers to: trainings of no cell, states of trainings that are done, and what
    processes that have ended left. What a living process is at is not among them, nor is any file that Mesascope did not make.
    """
    mine = {folder_of(study.out, cell).name for cell in study.cells}
    found = list(leftovers(study.out))
    below = study.out / TRAININGS
    for folder in sorted(below.iterdir()) if below.is_dir() else []:
        if not folder.is_dir() or folder.is_symlink() or holder(folder / f".mesascope-{folder.name}.lock"):
            continue
        found += [path for place in (folder, *_below(folder)) for path in leftovers(place)]
        kept = [folder / CHECKPOINTS] if folder.name in mine and is_trained(folder) else []
        for place in kept if folder.name in mine else [folder]:
            found += [path for path in _files(place) if path not in found]
    return found


def _files(place: Path) -> list[Path]:
    """What a training wrote in a folder, by its names."""
    names = ("manifest.json", "weights*.safetensors", "training.json")
    return [path for name in names for path in sorted(place.rglob(name)) if path.is_file() and not path.is_symlink()]


def _below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_dir() and not path.is_symlink()]


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def gc(study: Study, *, delete: bool) -> Done:
    """List what `garbage` finds; with `delete` remove it, and the folders that are empty then."""
    found = garbage(study)
    size = sum(path.lstat().st_size for path in found)
    if delete:
        for path in found:
            remove(path)
        for folder in sorted({path.parent for path in found}, key=lambda path: -len(path.parts)):
            _remove_empty(folder, study.out)
    rows = study.results.there() - {job.fingerprint for job in study.jobs}
    files = [path.relative_to(study.out).as_posix() for path in found]
    about = {"deleted": delete, "bytes": size, "files": files, "rows_of_no_cell": len(rows)}
    return Done({"kind": "study-gc", "out": str(study.out), **about})


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        remove(folder)
        folder = folder.parent


ACTIONS: dict[str, Callable[[Study], Done]] = {
    "plan": plan,
    "status": status,
    "gc": lambda study: gc(study, delete=False),
    "gc-delete": lambda study: gc(study, delete=True),
}
