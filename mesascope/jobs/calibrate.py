"""Calibration: a row for each subject and seed, several processes side by side, then the rates of all rows.

OUT/rows/NAME-SEED.json                                            one for each row
OUT/calibration.json, report.html, operating_point.json      what all rows come to
"""

import time
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mesascope.calibration.builds import KINDS_OF, random_builds
from mesascope.calibration.document import calibration_document
from mesascope.calibration.networks import chance_networks, trained_networks
from mesascope.calibration.row import EFFORT, examine
from mesascope.calibration.subjects import QUICK, Known, zoo
from mesascope.core.errors import unknown
from mesascope.instruments.interventions.operating_point import OPERATING_POINT
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import Count, Listener
from mesascope.jobs.processes import Local, Pool, core_count
from mesascope.jobs.requests import Request as AbstractRequest
from mesascope.jobs.requests import as_file_name
from mesascope.jobs.results import DIGITS, Files, publish
from mesascope.jobs.runner import TOGETHER, Share, run_jobs, stage_of
from mesascope.reports.html.calibration import render_calibration
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import package_versions
from mesascope.store.results import write_json
from mesascope.worlds.registry import make_world

CALIBRATION, PAGE, POINT, ROWS = "calibration.json", "report.html", "operating_point.json", "rows"
SEEDS, OTHERS = 3, 3
"""Audits of each searcher; others are audited so many times as often: a rate below 1 % takes many to measure."""
VERSION = 8
"""Of the rows: raised when what they hold, how it is measured, or what random builds are made of, changes."""


class Request(AbstractRequest):
    """What was asked for: seeds of each organism, trained networks of each kind, and random networks and classifiers.

    With `builds` as many random searchers and others of a class of subjects instead, from seed `first` on, each met once.
    """

    kind: Literal["calibrate"] = "calibrate"
    out: Path
    seeds: int | None = None
    networks: int = 0
    chance: int = 0
    quick: bool = False
    builds: tuple[int, int] | None = None
    first: int = 0
    subject_class: str = "plan-once"
    jobs: int | None = None

    @property
    def searchers(self) -> int:
        """How often each searcher is audited."""
        return self.seeds or (1 if self.quick else SEEDS)

    @property
    def processes(self) -> int:
        """How many processes share the rows: one for each core, unless it was said."""
        return self.jobs or core_count()


class Audits(NamedTuple):
    """One subject with all its seeds. They are made by one process, as are all of one `program`, so that it is compiled once."""

    known: Known
    seeds: range
    program: Hashable = None


BUILDS = {"tokens": (48, 200), "recurrent": (46, 66)}
"""Random builds of the classes that are calibrated on them alone, unless it was said."""


def _builds(request: Request) -> tuple[int, int] | None:
    return request.builds or BUILDS.get(request.subject_class)


def audits_of(request: Request) -> list[Audits]:
    """Everything that was asked for, the longest first. `UsageError` for a class that there is not."""
    if request.subject_class not in KINDS_OF:
        raise unknown("class of subjects", request.subject_class, KINDS_OF)
    wanted_builds = _builds(request)
    if wanted_builds is not None:
        builds = random_builds(request.first, *wanted_builds, request.subject_class)
        return [Audits(known, range(seed, seed + 1), known.group) for seed, known in builds]
    # Training takes longest, so every process has a share of it.
    shares = [range(first, request.networks, request.processes) for first in range(request.processes)]
    wanted = [Audits(known, share) for known in trained_networks() for share in shares]
    for known in zoo(QUICK if request.quick else ()):
        wanted.append(Audits(known, range(request.searchers if known.searches else OTHERS * request.searchers)))
    wanted += [Audits(known, range(request.chance)) for known in chance_networks()]
    return [audits for audits in wanted if len(audits.seeds)]


def run(request: Request, listener: Listener, worker: int = 0) -> Done:
    """Make the rows that are missing, in one of several processes; the first then makes the documents of all."""
    check_writable(request.out)
    jobs = [_job(audits, seed) for audits in audits_of(request) for seed in audits.seeds]
    rows = Files(lambda job: request.out / ROWS / f"{as_file_name(job.spec['name'])}-{job.spec['seed']}.json")
    # Every organism brings programs and tables of its own, and a process may hold only so many.
    together = TOGETHER if _builds(request) else 1
    if worker:
        run_jobs(jobs, rows, listener, together=together, share=Share(worker - 1, request.processes))
        return Done({})

    count = Count(listener, len(jobs), f"rows are made, in {request.processes} processes")

    def done() -> int:
        return count(sum(rows.path(job).exists() for job in jobs))

    if request.processes > 1 and done() < len(jobs):
        with Pool(Local(), request, range(1, request.processes + 1)) as pool:
            pool.wait("calibration", done, len(jobs))
    found = run_jobs(jobs, rows, listener, together=together)
    # Builds of a class that has organisms beside them do not choose its threshold.
    published = OPERATING_POINT.threshold if request.builds and request.subject_class == "plan-once" else None
    document = calibration_document(found, _command(request), published)
    write_json(request.out / POINT, document["operating_point"]["point"], DIGITS)
    return publish(document, request.out / CALIBRATION, request.out / PAGE, render_calibration)


def _job(audits: Audits, seed: int) -> Job:
    known, about = audits.known, {"version": VERSION, "packages": package_versions()}
    spec = {**about, "name": known.name, "seed": seed, "effort": list(EFFORT)}

    def work(listener: Listener) -> dict[str, Any]:
        begun = time.monotonic()
        label = f"{known.name}, seed {seed}"
        row = examine(make_world("red-doors"), known, seed, tell=stage_of(label, listener))
        return {**row, "seconds": time.monotonic() - begun}

    return Job("row", spec, work, f"{known.name}, seed {seed}", audits.program or (known.name, audits.seeds))


def _command(request: Request) -> str:
    """The shortest command that gives the same rows."""
    builds = _builds(request)
    if builds is not None:
        of = "" if request.subject_class == "plan-once" else f"--class {request.subject_class} "
        return f"mesascope calibrate {of}--builds {builds[0]} {builds[1]} --first {request.first}"
    sizes = f"--seeds {request.searchers} --networks {request.networks} --chance {request.chance}"
    return f"mesascope calibrate {sizes}" + (" --quick" if request.quick else "")
