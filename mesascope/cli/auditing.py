"""What `mesascope audit` does: resolve the request, train or load, audit, write; skip what is already there."""

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.audit.audit import audit
from mesascope.audit.document import provenance
from mesascope.audit.settings import FULL, QUICK, Settings
from mesascope.audit.subjects import AuditSubject
from mesascope.base_optimizers.registry import PRESETS, base_optimizer_config, build_base_optimizer
from mesascope.cli import terminal
from mesascope.cli.progress import Live
from mesascope.cli.subjects import resolve, train_subject
from mesascope.core.errors import StorageError, UsageError
from mesascope.learned.registry import check_architecture
from mesascope.reports.html import render_report
from mesascope.reports.study import study_document
from mesascope.reports.terminal import summary
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import package_versions
from mesascope.store.results import write_json, write_text
from mesascope.worlds.registry import make_world
from mesascope.worlds.world import AbstractWorld

DEFAULT = "exact-policy-gradient"

DIGITS = 6
"""Significant digits of numbers in documents: more than any interval here, and small files."""


class Request(NamedTuple):
    """What was asked for on the command line."""

    world: str
    subject: str | None
    seeds: tuple[int, ...]
    out: Path | None
    quick: bool
    levels: int | None
    architecture: str
    base_optimizer: str
    updates: int | None
    knobs: tuple[str, ...]


class Plan(NamedTuple):
    """The request with every default filled in; `document` is what two runs must share to be the same run."""

    world: AbstractWorld
    subject: str | None
    seeds: tuple[int, ...]
    settings: Settings
    architecture: str
    architecture_config: dict[str, Any]
    base_optimizer: str
    base_optimizer_config: dict[str, Any]
    out: Path
    command: str

    def fingerprint(self, seed: int) -> str:
        """A hash of all that the audit of a seed depends on."""
        return fingerprint_of({**self.training(seed), "subject": self.subject, "settings": self.settings})

    def training(self, seed: int) -> dict[str, Any]:
        """All that the training of a seed depends on."""
        return {
            "world": self.world.name,
            "knobs": knobs_of(self.world),
            "architecture": [self.architecture, self.architecture_config],
            "base_optimizer": [self.base_optimizer, self.base_optimizer_config],
            "seed": seed,
            "packages": package_versions(),
        }


def knobs_of(world: AbstractWorld) -> dict[str, Any]:
    """The knobs of a world with their values."""
    return dict(vars(world))


def make_plan(request: Request) -> Plan:
    """Check everything that can be checked before anything long begins."""
    pairs = [knob.partition("=") for knob in request.knobs]
    for name, equals, value in pairs:
        if not equals or not value:
            raise UsageError(f"--set {name}{equals}: write --set KEY=VALUE, e.g. --set alpha=0.1")
    world = make_world(request.world, **{name: value for name, _, value in pairs})
    settings = QUICK if request.quick else FULL
    if request.levels is not None:
        settings = settings._replace(levels=request.levels)
    given = dict(PRESETS["quick" if request.quick else "default"]) if request.base_optimizer == DEFAULT else {}
    if request.updates is not None:
        given["updates"] = request.updates
    optimizer = base_optimizer_config(build_base_optimizer(request.base_optimizer, given))
    out = request.out or Path("audits") / _default_folder(request)
    return Plan(
        world=world,
        subject=request.subject,
        seeds=request.seeds,
        settings=settings,
        architecture=request.architecture,
        architecture_config=check_architecture(request.architecture, {}),
        base_optimizer=request.base_optimizer,
        base_optimizer_config=optimizer.config,
        out=out,
        command="mesascope " + shlex.join(sys.argv[1:]),
    )


def _default_folder(request: Request) -> str:
    parts = [request.world, *(["quick"] if request.quick else [])]
    if request.subject:
        parts.append("".join(c if c.isalnum() or c in "-=." else "-" for c in request.subject).strip("-"))
    if request.architecture != "glance":
        parts.append(request.architecture)
    if request.base_optimizer != DEFAULT:
        parts.append(request.base_optimizer)
    return "-".join((*parts, *(knob.replace("=", "") for knob in request.knobs)))


def run_audits(request: Request, *, json: bool) -> None:
    """Do what is missing of the plan and print the result: the audit of one subject, the study of several."""
    plan = make_plan(request)
    check_writable(plan.out)
    several = len(plan.seeds) > 1
    documents = []
    with Live(quiet=False) as live:
        for seed in plan.seeds:
            folder = plan.out / f"seed-{seed}" if several else plan.out
            documents.append(_audit_of_seed(plan, seed, folder, live))
        if several:
            _write_study(plan, documents)
        report = plan.out / "report.html"
        write_text(report, render_report(documents))
    if json:
        terminal.document(study_document(documents) if several else documents[0])
    else:
        summary(documents, report)


def _write_study(plan: Plan, documents: list[dict[str, Any]]) -> None:
    write_json(plan.out / "study.json", study_document(documents), DIGITS)


def _audit_of_seed(plan: Plan, seed: int, folder: Path, live: Live) -> dict[str, Any]:
    path, fingerprint = folder / "audit.json", plan.fingerprint(seed)
    if path.exists():
        document = _read(path)
        if document.get("fingerprint") != fingerprint:
            raise StorageError(
                f"{path} holds another audit (world, subject, settings or versions differ): "
                "name another folder with --out, or remove this one"
            )
        live.note(f"seed {seed}: audited before, {path}")
        return document
    started = time.monotonic()
    if plan.subject is None:
        subject = train_subject(plan, seed, folder, live)
    else:
        subject = resolve(plan, seed)
    trained = time.monotonic()
    document = _audited(plan, seed, subject, fingerprint, trained - started, live)
    write_json(path, document, DIGITS)
    document = _read(path)
    write_text(folder / "report.html", render_report([document]))
    return document


def _audited(
    plan: Plan, seed: int, subject: AuditSubject, fingerprint: str, spent: float, live: Live
) -> dict[str, Any]:
    started = time.monotonic()
    document = audit(plan.world, subject, plan.settings, seed, lambda stage: live.stage(seed, stage))
    seconds = {"subject": spent, "audit": time.monotonic() - started}
    live.note(f"seed {seed}: audited in {seconds['audit']:.0f} s")
    spent_on = {**seconds, **document.pop("seconds")}
    return {**document, "provenance": provenance(plan.command, spent_on), "fingerprint": fingerprint}


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read as an audit ({error}): remove it and run the command again") from None
