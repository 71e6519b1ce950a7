"""What `mesascope audit` does once it has a plan: train or load, audit, write; what is already there is not done again."""

import threading
import time
from pathlib import Path
from typing import Any

from mesascope.auditing.audit import audit
from mesascope.auditing.background import beside
from mesascope.auditing.document import provenance
from mesascope.auditing.subjects import AuditSubject
from mesascope.auditing.warmup import warm_up
from mesascope.base_optimizers.registry import WALKING
from mesascope.cli import interrupts, terminal
from mesascope.cli.experiment_plans import ExperimentPlan, make_experiment_plan
from mesascope.cli.plans import Plan, Request, make_plan
from mesascope.cli.progress import Live
from mesascope.cli.results import AUDIT, REPORT, STUDY, read_audit, read_document
from mesascope.cli.training import check_folder, is_trained, read_curve, trained_subject
from mesascope.core.errors import StorageError
from mesascope.experiments.registry import EXPERIMENTS
from mesascope.reports.html import render_report
from mesascope.reports.reading import items
from mesascope.reports.study import study_document
from mesascope.reports.terminal import summary
from mesascope.store.fs import check_writable
from mesascope.store.results import write_json, write_text

DIGITS = 6
"""Significant digits of numbers in documents: more than any interval here, and small files."""

_ADVICE = "name another folder with --out, or remove this one"


def run_audits(request: Request, *, json: bool) -> None:
    """Do what is missing of the plan and print the result: the audit of one subject, the study of several."""
    documents, report = interrupts.interruptible(lambda: _run(request))
    if json:
        terminal.document(study_document(documents) if len(documents) > 1 else documents[0])
    else:
        summary(documents, report)


def _run(request: Request) -> tuple[list[dict[str, Any]], Path]:
    plan = make_experiment_plan(request) if request.world in EXPERIMENTS else make_plan(request)
    check_writable(plan.out)
    before = _audited_before(plan)
    report = plan.out / REPORT
    with Live() as live:
        if len(before) == len(plan.seeds):
            live.note(f"audited before: {plan.out}")
        documents = [before.get(seed) or _audit_of_seed(plan, seed, live) for seed in plan.seeds]
        changed = len(before) < len(plan.seeds)
        if len(documents) > 1 and (changed or not (plan.out / STUDY).exists()):
            write_json(plan.out / STUDY, study_document(documents), DIGITS)
        if changed or not report.exists():
            live.say("writing the report")
            write_text(report, render_report(documents))
    return documents, report


def _audited_before(plan: Plan | ExperimentPlan) -> dict[int, dict[str, Any]]:
    """The audits of this plan that are already there; `StorageError` where anything of another one is."""
    several = len(plan.seeds) > 1
    if several and (plan.out / AUDIT).exists():
        raise StorageError(f"{plan.out / AUDIT} is the audit of a single subject: {_ADVICE}")
    if (plan.out / STUDY).exists():
        theirs = [
            item.get("seed") for item in items(read_document(plan.out / STUDY), "audits") if isinstance(item, dict)
        ]
        if not several or not set(theirs) <= set(plan.seeds):
            listed = ", ".join(map(str, theirs))
            raise StorageError(
                f"{plan.out / STUDY} is a study of the seeds {listed}: {_ADVICE}, or include these seeds"
            )
    found = {}
    for seed in plan.seeds:
        path = plan.folder(seed) / AUDIT
        if path.exists():
            document = read_audit(path)
            if document.get("fingerprint") != plan.fingerprint(seed):
                raise StorageError(
                    f"{path} holds another audit (world, subject, settings or versions differ): {_ADVICE}"
                )
            found[seed] = document
        elif isinstance(plan, Plan) and plan.source is None:
            check_folder(plan.training, seed, plan.folder(seed))
    return found


def _audit_of_seed(plan: Plan | ExperimentPlan, seed: int, live: Live) -> dict[str, Any]:
    started = time.monotonic()

    def stage(name: str) -> None:
        live.stage(seed, name)
        interrupts.rest()

    if isinstance(plan, ExperimentPlan):
        document = plan.experiment.audit(seed, plan.quick, stage, plan.subject)
        spent: dict[str, float] = {}
    else:
        subject, seconds = _subject_of_seed(plan, seed, live)
        spent = {"subject": seconds}
        started = time.monotonic()
        document = audit(plan.world, subject, plan.settings, seed, stage)
    seconds_of = {**spent, "audit": time.monotonic() - started, **document.pop("seconds")}
    return _written(plan, seed, document, seconds_of, live)


def _subject_of_seed(plan: Plan, seed: int, live: Live) -> tuple[AuditSubject, float]:
    """The subject, trained as far as it was not, and the seconds that took."""
    folder = plan.folder(seed)
    started = time.monotonic()
    if plan.source is None:
        return _trained_subject(plan, seed, live), read_curve(folder).seconds
    return plan.source.make(plan.settings, seed), time.monotonic() - started


def _trained_subject(plan: Plan, seed: int, live: Live) -> AuditSubject:
    """The subject, trained as far as it was not. Beside the first training the audit is rehearsed; should that fail, so will
    the audit, and there it is told.
    """
    folder, enough = plan.folder(seed), threading.Event()
    walks = plan.training.base_optimizer == WALKING
    if walks or seed != plan.seeds[0] or is_trained(folder):
        return trained_subject(plan.training, seed, folder, live)
    with beside() as second:
        second.submit(warm_up, plan.world, plan.settings, seed, enough.is_set)
        try:
            return trained_subject(plan.training, seed, folder, live)
        finally:
            enough.set()


def _written(
    plan: Plan | ExperimentPlan, seed: int, document: dict[str, Any], seconds: dict[str, float], live: Live
) -> dict[str, Any]:
    """The document with provenance and fingerprint, once it is on disk."""
    folder = plan.folder(seed)
    whole = {
        **document,
        "provenance": provenance(plan.command, seconds),
        "fingerprint": plan.fingerprint(seed),
    }
    interrupts.rest()
    write_json(folder / AUDIT, whole, DIGITS)
    live.note(f"seed {seed}: audited in {seconds['audit']:.0f} s")
    written = read_audit(folder / AUDIT)
    if len(plan.seeds) > 1:
        write_text(folder / REPORT, render_report([written]))
    return written
