"""Audits of a world or an experiment into a folder: one for each seed, its subject trained first unless one is given.

FOLDER/audit.json, report.html    of a single seed, beside what its training left
FOLDER/seed-N/...                 the same of each of several
FOLDER/study.json, report.html    what several seeds come to
"""

import threading
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mesascope.auditing.audit import audit
from mesascope.auditing.provenance import provenance
from mesascope.core.errors import StorageError, UsageError
from mesascope.core.rng import named_key
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.registry import EXPERIMENTS, make_anywhere
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.search.trials import not_applicable
from mesascope.instruments.settings import FULL, QUICK, STAGED_LEVELS, Settings
from mesascope.jobs.audit_folder import AUDIT, REPORT, STUDY, read_audit
from mesascope.jobs.background import background
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import Listener, duration
from mesascope.jobs.requests import TrainingRequest, command_line, folder_name, make_training, read_knobs, refuse
from mesascope.jobs.results import ADVICE, DIGITS, Files
from mesascope.jobs.runner import run_jobs
from mesascope.jobs.subjects import Source, find_source
from mesascope.jobs.train import is_trained, read_curve, trained_subject, training_job
from mesascope.jobs.warmup import warm_up
from mesascope.reports.html import render_report
from mesascope.reports.reading import items
from mesascope.reports.study import study_document
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import package_versions
from mesascope.store.results import read_document, write_json, write_text
from mesascope.studies.training import Training
from mesascope.worlds.grids.vocabulary import DOORS
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.world import AbstractWorld

SEEDS = 3
"""Trained and audited by default; one with `--quick`, and one for a subject that is given."""


class Request(TrainingRequest):
    """What `mesascope audit` was asked for."""

    kind: Literal["audit"] = "audit"
    subject: str | None = None
    seeds: int | None = None
    first_seed: int = 0
    out: Path | None = None
    describe: bool = False
    adversary: bool = False
    levels: int | None = None

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """Every seed that is audited."""
        usual = EXPERIMENTS[self.world].seeds if self.world in EXPERIMENTS else SEEDS
        count = self.seeds or (1 if self.quick or self.subject is not None else usual)
        return tuple(range(self.first_seed, self.first_seed + count))


class Plan(NamedTuple):
    """A request with every default filled in. A subject comes from `source`, from `training`, or from the experiment."""

    world: AbstractWorld | AbstractExperiment
    training: Training | None
    source: Source | None
    settings: Settings
    request: Request
    out: Path

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed that is audited."""
        return self.request.all_seeds

    def spec(self, seed: int) -> dict[str, Any]:
        """All that the audit of a seed depends on."""
        shared = {"knobs": dict(vars(self.world)), "seed": seed, "packages": package_versions()}
        if isinstance(self.world, AbstractExperiment):
            extras = {name: _version(name) for name in self.world.extras}
            asked = {"laboratory": self.world.name, "subject": self.request.subject, "quick": self.request.quick}
            return {**shared, **asked, **({"extras": extras} if extras else {})}
        if self.source is not None:
            return {**shared, "world": self.world.name, "subject": self.source.identity, "settings": self.settings}
        assert self.training is not None
        return {**self.training.document(seed), "settings": self.settings}

    def folder(self, seed: int) -> Path:
        """Where a seed's files go: the folder itself, or one below it where there are several."""
        return self.out / f"seed-{seed}" if len(self.seeds) > 1 else self.out


def make_plan(request: Request) -> Plan:
    """Check everything that can be checked before anything long begins, loading the subject if there is one.

    Raises `UsageError` for names and values, `AgentFileError` for a saved subject, `SubjectError` for one that breaks
    its promises.
    """
    world = make_anywhere(request.world, **read_knobs(request.knobs))
    for seed in request.all_seeds:
        named_key(seed)  # refuses a seed out of range
    settings = (QUICK if request.quick else FULL)._replace(describe=request.describe, adversary=request.adversary)
    out = request.out or Path("audits") / default_folder(request)
    if isinstance(world, AbstractExperiment):
        knobs = ", ".join(vars(world)) or "none"
        why = f"is for maze worlds; {world.name} is an experiment, whose knobs are given by --set: {knobs}"
        refuse(request, ("architecture", "base_optimizer", "updates", "levels", "describe", "adversary"), why)
        if request.subject is not None:
            world.named(request.subject)
        return Plan(world, None, None, settings, request, out)
    training = make_training(request)
    if world.views_per_level > 1:
        settings = settings._replace(levels=min(settings.levels, STAGED_LEVELS))
    if request.levels is not None:
        settings = settings._replace(levels=request.levels)
    source = None
    if request.subject is not None:
        why = "says what to train, but --subject names what is audited: leave one of them out"
        refuse(request, ("architecture", "base_optimizer", "updates"), why)
        source = find_source(request.subject, world)
    _check_applies(request, world, training.recurrent if source is None else source.recurrent)
    return Plan(world, training if source is None else None, source, settings, request, out)


NO_ADVERSARY = (
    "--adversary asks a subject about whole levels, and one that has a memory cannot be asked so: leave it out"
)


def check_walkable(world: AbstractWorld) -> None:
    """Raise `UsageError` for a world in which agents with a memory cannot be audited."""
    impossible = not_applicable(world)
    if impossible is not None:
        raise UsageError(f"agents that walk with a memory are audited by these tests alone: {impossible}")


def _check_applies(request: Request, world: AbstractWorld, recurrent: bool) -> None:
    """Refuse what the instruments that were asked for cannot look at, before anything long begins."""
    if recurrent:
        check_walkable(world)
        if request.adversary:
            raise UsageError(NO_ADVERSARY)
        refuse(request, ("describe",), "reads one answer to a level, and a recurrent agent gives none: leave it out")
    if not isinstance(world, AbstractGridWorld) or not world.single_choice or world.vocabulary != DOORS:
        why = f"changes levels of doors and balls, and {world.name} has others: leave it out"
        refuse(request, ("adversary",), why)
    if world.views_per_level > 1:
        why = f"reads one answer to a level, and in {world.name} an agent answers once for every set of objects that may be gone"
        refuse(request, ("describe",), f"{why}: leave it out")


def default_folder(request: Request) -> str:
    """The name of the folder below `audits` that a request's results go to."""
    flags = [name for name, given in (("described", request.describe), ("adversary", request.adversary)) if given]
    first = request.first_seed if len(request.all_seeds) == 1 else 0
    more = [f"seed{first}"] if first else []
    return folder_name(request, *more, flags=flags, subject=request.subject, levels=request.levels)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def run(request: Request, listener: Listener) -> Done:
    """Audit what is not audited yet; the document is the audit of one seed, or what several come to."""
    plan = make_plan(request)
    check_writable(plan.out)
    _check_seeds(plan)
    several = len(plan.seeds) > 1

    def report_one(path: Path, document: dict[str, Any]) -> None:
        if several:
            write_text(path.with_name(REPORT), render_report([document]))

    place = Files(lambda job: plan.folder(job.spec["seed"]) / AUDIT, read_audit, report_one)
    jobs = [_job(plan, seed) for seed in plan.seeds]
    missing = [job for job in jobs if place.find(job) is None]
    for seed in (job.spec["seed"] for job in missing):
        if plan.training is not None:  # refuses another training's learned algorithm before anything begins
            training, folder = training_job(plan.training, seed, plan.folder(seed))
            folder.find(training)
    documents = run_jobs(jobs, place, listener, before=f"audited before: {plan.out}")
    report = plan.out / REPORT
    document = study_document(documents) if several else documents[0]
    if several and (missing or not (plan.out / STUDY).exists()):
        write_json(plan.out / STUDY, document, DIGITS)
    if missing or not report.exists():
        listener.say("writing the report")
        write_text(report, render_report(documents))
    return Done(document, report)


def _check_seeds(plan: Plan) -> None:
    """`StorageError` where the folder holds an audit of a single seed and several are asked for, or of other seeds."""
    several = len(plan.seeds) > 1
    if several and (plan.out / AUDIT).exists():
        raise StorageError(f"{plan.out / AUDIT} is the audit of a single subject: {ADVICE}")
    if (plan.out / STUDY).exists():
        audits = items(read_document(plan.out / STUDY), "audits")
        theirs = [item.get("seed") for item in audits if isinstance(item, dict)]
        if not several or not set(theirs) <= set(plan.seeds):
            listed = ", ".join(map(str, theirs))
            raise StorageError(f"{plan.out / STUDY} is a study of the seeds {listed}: {ADVICE}, or include these seeds")


def _job(plan: Plan, seed: int) -> Job:
    return Job("audit", plan.spec(seed), lambda listener: _audit(plan, seed, listener), f"seed {seed}")


def _audit(plan: Plan, seed: int, listener: Listener) -> dict[str, Any]:
    """The document of a seed with its provenance."""

    def stage(name: str) -> None:
        listener.say(f"seed {seed}: {name}")
        check_canceled()

    spent: dict[str, float] = {}
    if isinstance(plan.world, AbstractExperiment):
        begun = time.monotonic()
        if plan.world.instruments is None:
            document = plan.world.audit(seed, plan.request.quick, stage, plan.request.subject)
            spent["audit"] = time.monotonic() - begun
            return _with_provenance(document, spent, seed, listener)
        subject = plan.world.make_subject(seed, plan.request.quick, stage, plan.request.subject)
        spent["subject"] = time.monotonic() - begun
    else:
        subject, spent["subject"] = _subject(plan, seed, listener)
    started = time.monotonic()
    with background() as second:
        document = audit(plan.world, subject, plan.settings, seed, stage, second).to_json()
    spent["audit"] = time.monotonic() - started
    return _with_provenance(document, spent, seed, listener)


def _with_provenance(
    document: dict[str, Any], spent: dict[str, float], seed: int, listener: Listener
) -> dict[str, Any]:
    listener.note(f"seed {seed}: audited in {duration(spent['audit'])}")
    seconds = {**spent, **document.pop("seconds")}
    return {**document, "provenance": provenance(command_line(), seconds)}


def _subject(plan: Plan, seed: int, listener: Listener) -> tuple[AuditSubject, float]:
    """The subject, trained as far as it was not, and the seconds that took."""
    started = time.monotonic()
    if plan.source is None:
        return _trained_subject(plan, seed, listener), read_curve(plan.folder(seed)).seconds
    return plan.source.make(plan.settings, seed), time.monotonic() - started


def _trained_subject(plan: Plan, seed: int, listener: Listener) -> AuditSubject:
    """The subject, trained as far as it was not.

    During the first training the audit's programs are compiled in a second thread. Should that fail, so will the audit,
    which then says why.
    """
    assert plan.training is not None
    world, folder, enough = plan.training.world, plan.folder(seed), threading.Event()
    if plan.training.recurrent or seed != plan.seeds[0] or is_trained(folder):
        return trained_subject(plan.training, seed, folder, listener)
    with background() as second:
        second.submit(warm_up, world, plan.settings, seed, enough.is_set)
        try:
            return trained_subject(plan.training, seed, folder, listener)
        finally:
            enough.set()
