"""Audits of a world or an experiment into a folder: one for each seed, its subject trained first unless one is given.

FOLDER/audit.json, report.html    of a single seed, beside what its training left
FOLDER/seed-N/...                 the same of each of several
FOLDER/study.json, report.html    what several seeds come to
"""

import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mesascope.adapters.references import OutsideAgent
from mesascope.auditing.audit import audit
from mesascope.auditing.provenance import provenance
from mesascope.core.errors import StorageError, UsageError, subject_errors
from mesascope.core.rng import as_seed
from mesascope.core.subject import AbstractSubject
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.settings import FULL, QUICK, Settings
from mesascope.jobs.audit_folder import AUDIT, REPORT, STUDY, read_audit
from mesascope.jobs.audit_plan import Plan, Request, chosen_shifts, make_plan, settings_of
from mesascope.jobs.background import background
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import SILENT, Listener, duration
from mesascope.jobs.requests import command_line
from mesascope.jobs.results import ADVICE, DIGITS, Files
from mesascope.jobs.runner import run_jobs, stage_of
from mesascope.jobs.subjects import source_of
from mesascope.jobs.train import is_trained, read_curve, trained_subject, training_job
from mesascope.jobs.warmup import warm_up
from mesascope.reports.html import render_report
from mesascope.reports.reading import items, words
from mesascope.reports.study import study_document
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import LearnedAlgorithm
from mesascope.store.results import read_json, write_json, write_text
from mesascope.worlds.described import AbstractDescribed
from mesascope.worlds.world import AbstractWorld


def run(request: Request, listener: Listener) -> Done:
    """Audit what is not audited yet; the document is the audit of one seed, or what several come to."""
    plan = make_plan(request, listener)
    check_writable(plan.out)
    _check_seeds(plan)
    several = len(plan.seeds) > 1

    def report_one(path: Path, document: dict[str, Any]) -> None:
        if several:
            write_text(path.with_name(REPORT), render_report([document]))

    place = Files(lambda job: plan.folder(job.spec["seed"]) / AUDIT, read_audit, report_one)
    jobs = [job_of(plan, seed) for seed in plan.seeds]
    missing = [job for job in jobs if place.find(job) is None]
    for job in missing:
        if (earlier := place.aside(job)) is not None:
            listener.note(
                f"{place.path(job)} is of this agent before it changed: it is audited again; that audit stays as {earlier.name}"
            )
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
    """`StorageError` where the folder holds audits in another world, or of other seeds, or of one seed where several are asked
    for.
    """
    several = len(plan.seeds) > 1
    for path in (plan.out / AUDIT, plan.out / STUDY):
        if path.exists() and (worlds := _worlds_in(path) - {plan.world.name}):
            raise StorageError(
                f"{path} holds another audit (of {', '.join(sorted(worlds))}, not of {plan.world.name}): {ADVICE}"
            )
    if several and (plan.out / AUDIT).exists():
        raise StorageError(f"{plan.out / AUDIT} is the audit of a single subject: {ADVICE}")
    if (plan.out / STUDY).exists():
        audits = items(read_json(plan.out / STUDY), "audits")
        theirs = [item.get("seed") for item in audits if isinstance(item, dict)]
        if not several or not set(theirs) <= set(plan.seeds):
            listed = ", ".join(map(str, theirs))
            raise StorageError(f"{plan.out / STUDY} is a study of the seeds {listed}: {ADVICE}, or include these seeds")


def _worlds_in(path: Path) -> set[str]:
    """The worlds that a document of one audit or of several is of."""
    found = read_json(path)
    return {words(audit, "world", "name") for audit in (items(found, "audits") or [found])} - {""}


def job_of(plan: Plan, seed: int) -> Job:
    """The audit of a seed: what is asked for, and of which agent."""
    work, label = partial(_audit, plan, seed), f"seed {seed}"
    return Job("audit", plan.spec(seed), work, label, agent=plan.agent(seed), named=plan.request.subject)


def _audit(plan: Plan, seed: int, listener: Listener) -> dict[str, Any]:
    """The document of a seed with its provenance."""
    subject, seconds = _subject(plan, seed, listener)
    return _examine(plan.world, subject, plan.settings, seed, seconds, listener)


def _examine(
    world: AbstractDescribed, audited: AuditSubject, settings: Settings, seed: int, subject: float, listener: Listener
) -> dict[str, Any]:
    """The document of an audit, made with a second thread; `subject` is the seconds that its subject took."""
    begun = time.monotonic()
    with background() as second:
        document = audit(world, audited, settings, seed, stage_of(f"seed {seed}", listener), second).to_json()
    return _with_provenance(document, {"subject": subject, "audit": time.monotonic() - begun}, listener)


def _with_provenance(document: dict[str, Any], spent: dict[str, float], listener: Listener) -> dict[str, Any]:
    listener.note(f"seed {document['seed']}: audited in {duration(spent['audit'])}")
    seconds = {**spent, **document.pop("seconds")}
    return {**document, "provenance": provenance(command_line(), seconds)}


@subject_errors()
def audit_agent(
    agent: str | Path | LearnedAlgorithm | AbstractSubject | OutsideAgent,
    world: AbstractWorld | AbstractExperiment,
    seed: int = 0,
    *,
    quick: bool = False,
    describe: bool = False,
    adversary: bool = False,
    levels: int | None = None,
    shifts: Sequence[str] | None = None,
    listener: Listener = SILENT,
) -> dict[str, Any]:
    """Audit an agent in memory, without reading or writing an audit's folder.

    Args:
        agent: a reference as `--subject` takes it, a learned algorithm that was trained or loaded, an agent of another
            library, or any subject.
        world: the world it is audited in.
        seed: from 0 to 2^32 - 1; levels and random numbers are a function of it.
        quick: fewer levels, as `--quick`.
        describe: as `--describe`.
        adversary: as `--adversary`.
        levels: levels of each distribution, as `--levels`.
        shifts: names of the shifts that are run; all of the world's for None.
        listener: hears what begins.

    Returns:
        The document with its provenance: what `audit.json` would hold, its fingerprint apart.

    Raises:
        UsageError, AgentFileError, SubjectError: as `find_source` does.
    """
    if isinstance(world, AbstractExperiment):
        return _audit_in_experiment(agent, world, as_seed(seed), quick, listener)
    world = chosen_shifts(world, shifts)
    source = source_of(agent, world)
    settings = settings_of(
        world, quick=quick, describe=describe, adversary=adversary, levels=levels, recurrent=source.recurrent
    )
    number, begun = as_seed(seed), time.monotonic()
    audited = source.make(settings, number)
    return _examine(world, audited, settings, number, time.monotonic() - begun, listener)


def _audit_in_experiment(
    agent: object, world: AbstractExperiment, seed: int, quick: bool, listener: Listener
) -> dict[str, Any]:
    """The document of an agent that an experiment takes, by its reference."""
    reference, begun = getattr(agent, "reference", agent), time.monotonic()
    if not isinstance(reference, str):
        raise UsageError(
            f"{world.name} is an experiment: it takes references to its subjects, not a {type(agent).__name__}"
        )
    audited = world.make_subject(seed, quick, stage_of(f"seed {seed}", listener), reference)
    return _examine(world, audited, QUICK if quick else FULL, seed, time.monotonic() - begun, listener)


def _subject(plan: Plan, seed: int, listener: Listener) -> tuple[AuditSubject, float]:
    """The subject, trained as far as it was not, and the seconds that took."""
    started = time.monotonic()
    if isinstance(plan.world, AbstractExperiment):
        stage = stage_of(f"seed {seed}", listener)
        made = plan.world.make_subject(seed, plan.request.quick, stage, plan.request.subject)
        return made, time.monotonic() - started
    if plan.source is None:
        return _trained_subject(plan, seed, listener), read_curve(plan.folder(seed)).seconds
    return plan.source.make(plan.settings, seed), time.monotonic() - started


def _trained_subject(plan: Plan, seed: int, listener: Listener) -> AuditSubject:
    """The subject, trained as far as it was not.

    During the first training the audit's programs are compiled in a second thread. Should that fail, so will the audit,
    which then says why.
    """
    assert plan.training is not None
    assert isinstance(plan.world, AbstractWorld)
    folder, enough = plan.folder(seed), threading.Event()
    if plan.training.recurrent or seed != plan.seeds[0] or is_trained(folder):
        return trained_subject(plan.training, seed, folder, listener)
    with background() as second:
        second.submit(warm_up, plan.world, plan.settings, seed, enough.is_set)
        try:
            return trained_subject(plan.training, seed, folder, listener)
        finally:
            enough.set()
