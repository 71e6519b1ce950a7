"""Training a learned algorithm into a folder: begun, gone on with where it stopped, or loaded where it is done.

FOLDER/learned/        the learned algorithm, once training is done
FOLDER/training.json   competence on probe levels along the way
FOLDER/checkpoints/    states to go on from, while it is not
"""

import json
from pathlib import Path
from typing import NamedTuple

from mesascope.auditing.subjects import AuditSubject, untrained_twin
from mesascope.auditing.subjects import Training as Trained
from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import begin, chunks
from mesascope.cli import interrupts
from mesascope.cli.progress import Live
from mesascope.cli.subjects import LEARNED
from mesascope.core.errors import StorageError
from mesascope.learned.registry import config_of, hard_coded
from mesascope.store.bundle import MANIFEST
from mesascope.store.checkpoint import discard_checkpoints, restore_checkpoint, save_checkpoint
from mesascope.store.learned_algorithm import (
    LearnedAlgorithm,
    Provenance,
    load_learned_algorithm,
    package_versions,
    save_learned_algorithm,
)
from mesascope.store.results import write_json
from mesascope.studies.training import Training

CURVE, CHECKPOINTS = "training.json", "checkpoints"

DIGITS = 6


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


def is_trained(folder: Path) -> bool:
    """Whether the folder holds a learned algorithm, whatever it is worth."""
    return (folder / LEARNED / MANIFEST).exists()


def check_folder(training: Training, seed: int, folder: Path) -> None:
    """`StorageError` where the folder holds another training's learned algorithm, `AgentFileError` for a damaged one."""
    if is_trained(folder):
        _load(training, seed, folder)


def trained(training: Training, seed: int, folder: Path, live: Live) -> LearnedAlgorithm:
    """The learned algorithm of a seed, trained as far as it was not."""
    if not is_trained(folder):
        _train(training, seed, folder, live)
    return _load(training, seed, folder)


def trained_subject(training: Training, seed: int, folder: Path, live: Live) -> AuditSubject:
    """The same as the subject of an audit."""
    subject = trained(training, seed, folder, live).subject
    config = training.base_optimizer_config
    updates = int(config["updates"])
    return AuditSubject(
        subject,
        "trained",
        LEARNED,
        f"{training.architecture} net",
        hard_coded(subject),
        untrained_twin(subject, len(training.world.channels), seed),
        # How long it took stands in the provenance, apart from what a repetition would find again.
        Trained(
            training.base_optimizer, config, updates, None, updates * int(config["batch"]), read_curve(folder).points
        ),
    )


def _load(training: Training, seed: int, folder: Path) -> LearnedAlgorithm:
    loaded = load_learned_algorithm(folder / LEARNED)
    about = loaded.provenance
    architecture = dict(config_of(loaded.subject).config)
    if about.base_optimizer_config.get("tick_price"):  # how long it thinks is what training came to
        architecture["ticks"] = training.architecture_config.get("ticks", architecture["ticks"])
    found = {
        "world": about.world,
        "knobs": about.world_config,
        "architecture": [loaded.architecture, architecture],
        "base_optimizer": [about.base_optimizer, about.base_optimizer_config],
        "seed": about.seed,
        "packages": about.packages,
    }
    differ = [key.replace("_", " ") for key, value in training.document(seed).items() if value != found[key]]
    if differ:
        raise StorageError(
            f"{folder / LEARNED} holds another training ({', '.join(differ)} differ): name another folder with --out, "
            "or remove this one"
        )
    return loaded


def _train(training: Training, seed: int, folder: Path, live: Live) -> None:
    optimizer = build_base_optimizer(training.base_optimizer, training.base_optimizer_config)
    fingerprint, steps = training.fingerprint(seed), folder / CHECKPOINTS
    live.stage(seed, "training: compiling")
    start = begin(optimizer, training.world, training.architecture, training.architecture_config, seed=seed)
    restored = restore_checkpoint(steps, start, fingerprint)
    for warning in restored.warnings:
        live.note(f"seed {seed}: {warning}")
    state = start if restored.state is None else restored.state
    before = read_curve(folder).until(restored.updates)
    if restored.updates:
        live.note(f"seed {seed}: training goes on after {restored.updates} updates")
    points = list(before.points)
    interrupts.rest()
    for done in chunks(optimizer, training.world, state):
        state, progress = done.state, done.progress
        points.append((progress.updates_done, progress.competence))
        # The curve first: what it holds beyond the newest state is left out when training goes on.
        write_json(folder / CURVE, Curve(tuple(points), before.seconds + progress.seconds), DIGITS)
        save_checkpoint(steps, state, progress.updates_done, fingerprint)
        live.training(seed, progress)
        interrupts.rest()
    reached = read_curve(folder).points
    provenance = Provenance(
        world=training.world.name,
        world_config=dict(vars(training.world)),
        base_optimizer=training.base_optimizer,
        base_optimizer_config=dict(training.base_optimizer_config),
        seed=seed,
        updates=optimizer.updates,
        training_competence=reached[-1][1] if reached else None,
        packages=package_versions(),
    )
    inputs = len(training.world.channels)
    save_learned_algorithm(folder / LEARNED, optimizer.subject(state), provenance, inputs=inputs)
    discard_checkpoints(steps)
