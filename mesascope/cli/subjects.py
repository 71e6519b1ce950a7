"""Where the subject of an audit comes from: trained here, loaded from a folder, an organism, or the user's own code."""

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mesascope.audit.exhibited import shown_levels
from mesascope.audit.subjects import AuditSubject, Training, untrained_twin
from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import begin, chunks
from mesascope.cli.progress import Live
from mesascope.core.errors import UsageError
from mesascope.core.subject import AbstractSubject
from mesascope.organisms.registry import ORGANISMS, build_organism
from mesascope.store.checkpoint import discard_checkpoints, fingerprint_of, restore_checkpoint, save_checkpoint
from mesascope.store.learned_algorithm import (
    Provenance,
    load_learned_algorithm,
    package_versions,
    save_learned_algorithm,
)
from mesascope.store.results import write_json
from mesascope.worlds.grid import CHANNELS

if TYPE_CHECKING:
    from mesascope.cli.auditing import Plan

ORGANISM, PYTHON = "organism:", "python:"
CURVE = "training.json"


class Curve(NamedTuple):
    """Competence on probe levels after so many updates, and the seconds all of it took."""

    points: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0

    def until(self, updates: int) -> "Curve":
        """The part that a training resumed after `updates` updates keeps."""
        return Curve(tuple(p for p in self.points if p[0] <= updates), self.seconds if updates else 0.0)


def read_curve(folder: Path) -> Curve:
    """The curve a training left in its folder; empty where it left none."""
    try:
        found = json.loads((folder / CURVE).read_text(encoding="utf-8"))
        return Curve(tuple((int(u), float(c)) for u, c in found["points"]), float(found["seconds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Curve()


def resolve(plan: "Plan", seed: int) -> AuditSubject:
    """The subject that a reference names."""
    ref = plan.subject or ""
    if ref.startswith(ORGANISM):
        text = ref.removeprefix(ORGANISM)
        organism = build_organism(text, plan.world, shown_levels(plan.world, plan.settings, seed))
        return AuditSubject(organism, "organism", ref, text, hard_coded=ORGANISMS[text.split(",")[0].strip()].searches)
    if ref.startswith(PYTHON):
        return AuditSubject(_from_python(ref), "python", ref, ref.removeprefix(PYTHON), hard_coded=None)
    return _saved(Path(ref), seed)


def _from_python(ref: str) -> AbstractSubject:
    """The user's own code, imported because it was named on the command line and for no other reason."""
    module, _, attribute = ref.removeprefix(PYTHON).partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"subject '{ref}': {error}; write python:MODULE:ATTRIBUTE") from None
    subject = found() if callable(found) and not isinstance(found, AbstractSubject) else found
    if not isinstance(subject, AbstractSubject):
        raise UsageError(
            f"subject '{ref}' is a {type(subject).__name__}; expected an instance of mesascope.core.subject.AbstractSubject"
        )
    return subject


def _saved(folder: Path, seed: int) -> AuditSubject:
    if not (folder / "manifest.json").exists() and (folder / "learned" / "manifest.json").exists():
        folder = folder / "learned"
    loaded = load_learned_algorithm(folder)
    about = loaded.provenance
    training = Training(
        about.base_optimizer, about.base_optimizer_config, about.updates, None, _levels_seen(about.base_optimizer_config), ()
    )
    untrained = untrained_twin(loaded.subject, len(CHANNELS), seed)
    name = f"{loaded.architecture}, seed {about.seed}"
    return AuditSubject(loaded.subject, "saved", str(folder), name, False, untrained, training)


def _levels_seen(config) -> int:
    return int(config.get("updates", 0)) * int(config.get("batch", 0))


def train_subject(plan: "Plan", seed: int, folder: Path, live: Live) -> AuditSubject:
    """Train a seed, or go on where its training stopped, or load it where it is done."""
    fingerprint = fingerprint_of(plan.training(seed))
    learned, steps = folder / "learned", folder / "checkpoints"
    if not (learned / "manifest.json").exists():
        _train(plan, seed, learned, steps, fingerprint, live)
    subject = load_learned_algorithm(learned).subject
    curve = read_curve(folder)
    untrained = untrained_twin(subject, len(CHANNELS), seed)
    training = Training(
        plan.base_optimizer,
        plan.base_optimizer_config,
        int(plan.base_optimizer_config["updates"]),
        curve.seconds,
        _levels_seen(plan.base_optimizer_config),
        curve.points,
    )
    name = f"{plan.architecture} net, seed {seed}"
    return AuditSubject(subject, "trained", str(learned), name, False, untrained, training)


def _train(plan: "Plan", seed: int, learned: Path, steps: Path, fingerprint: str, live: Live) -> None:
    optimizer = build_base_optimizer(plan.base_optimizer, plan.base_optimizer_config)
    start = begin(optimizer, plan.world, plan.architecture, plan.architecture_config, seed=seed)
    restored = restore_checkpoint(steps, start, fingerprint)
    for warning in restored.warnings:
        live.note(f"seed {seed}: {warning}")
    state = start if restored.state is None else restored.state
    before = read_curve(learned.parent).until(restored.updates)
    if restored.updates:
        live.note(f"seed {seed}: training goes on after {restored.updates} updates")
    points, progress = list(before.points), None
    for done in chunks(optimizer, plan.world, state):
        state, progress = done.state, done.progress
        points.append((progress.updates_done, progress.competence))
        write_json(learned.parent / CURVE, Curve(tuple(points), before.seconds + progress.seconds), 6)
        save_checkpoint(steps, state, progress.updates_done, fingerprint)
        live.training(seed, progress)
    provenance = Provenance(
        world=plan.world.name,
        world_config=dict(vars(plan.world)),
        base_optimizer=plan.base_optimizer,
        base_optimizer_config=dict(plan.base_optimizer_config),
        seed=seed,
        updates=optimizer.updates,
        training_competence=points[-1][1] if points else None,
        packages=package_versions(),
    )
    save_learned_algorithm(learned, optimizer.subject(state), provenance, inputs=len(CHANNELS))
    discard_checkpoints(steps)
