"""Training a learned algorithm: in memory, or into a folder, where it is resumed if it was cut off and loaded if it is done.

FOLDER/learned/        the learned algorithm, once training is done
FOLDER/training.json   competence on probe levels along the way
FOLDER/checkpoints/    states to resume from, while it is not
"""

import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import Progress, begin, chunks, fixed_levels
from mesascope.core.errors import StorageError
from mesascope.core.machine import machine
from mesascope.core.options import Config
from mesascope.core.rng import as_seed
from mesascope.instruments.audited import AuditSubject, untrained_twin
from mesascope.instruments.audited import Training as Trained
from mesascope.jobs.interrupts import check_canceled, was_canceled
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import SILENT, Listener, duration
from mesascope.jobs.requests import TrainingRequest, make_training
from mesascope.jobs.results import DIGITS, refusal
from mesascope.jobs.runner import run_job
from mesascope.jobs.subjects import LEARNED
from mesascope.learned.registry import config_of, hard_coded
from mesascope.store.bundle import MANIFEST, sweep_bundle
from mesascope.store.checkpoint import discard_checkpoints, restore_checkpoint, save_checkpoint
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import (
    LearnedAlgorithm,
    Provenance,
    load_learned_algorithm,
    package_versions,
    save_learned_algorithm,
    weights_hash,
)
from mesascope.store.results import read_json, rounded, write_json
from mesascope.studies.training import DEFAULT_ARCHITECTURE, DEFAULT_OPTIMIZER, Training, arrange
from mesascope.worlds.world import AbstractWorld

CURVE, CHECKPOINTS = "training.json", "checkpoints"

SAVED_EVERY = 2.0
"""Seconds of training at least between two saved states. To save one flushes a dozen files and folders to the disk, which takes
as long as many updates of a small network."""


class Request(TrainingRequest):
    """What `mesascope train` was asked for."""

    kind: Literal["train"] = "train"
    seed: int = 0
    out: Path


def run(request: Request, listener: Listener) -> Done:
    """Train into the folder what is not there yet; the document says what it holds."""
    training = make_training(request)
    as_seed(request.seed)  # refuses one out of range
    check_writable(request.out)
    learned = trained(training, request.seed, request.out, listener)
    about = {"architecture": learned.architecture, "sha256": learned.sha256, **learned.provenance.model_dump()}
    folder = str(request.out / LEARNED)
    configured = [part for setting in request.knobs for part in ("--set", setting)]
    audit = shlex.join(["mesascope", "audit", request.world, *configured, "--subject", folder])
    return Done({"folder": folder, "audit_with": audit, **about})


def train(
    world: AbstractWorld,
    architecture: str = DEFAULT_ARCHITECTURE,
    base_optimizer: str = DEFAULT_OPTIMIZER,
    seed: int = 0,
    *,
    architecture_config: Config | None = None,
    base_optimizer_config: Config | None = None,
    listener: Listener = SILENT,
) -> LearnedAlgorithm:
    """Train in memory: a pure function of its arguments, which writes no file.

    Args:
        world: draws the training levels and rewards its base objective.
        architecture: a registered architecture by name.
        base_optimizer: a registered base optimizer by name.
        seed: from 0 to 2^32 - 1; the weights are a function of it.
        architecture_config: options of the architecture; the others keep their defaults.
        base_optimizer_config: the same of the base optimizer, `updates` and `batch` among them.
        listener: hears how far the training is.

    Returns:
        The learned algorithm with its provenance, bit by bit what the command line saves for the same arguments.

    Raises:
        UsageError: a name, an option or the seed does not fit.
    """
    training = arrange(world, architecture, architecture_config or {}, base_optimizer, base_optimizer_config or {})
    return _train(training, seed, None, listener)


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
        found = read_json(folder / CURVE)
        return Curve(tuple((int(u), float(c)) for u, c in found["points"]), float(found["seconds"]))
    except (StorageError, ValueError, KeyError, TypeError):
        return Curve()


def is_trained(folder: Path) -> bool:
    """Whether the folder holds a learned algorithm, whatever it is worth."""
    return (folder / LEARNED / MANIFEST).exists()


class TrainingFolder(NamedTuple):
    """The folder of a training, as a place for its result."""

    place: Path
    inputs: int

    def folder(self, job: Job) -> Path:
        """The training's own."""
        return self.place

    def find(self, job: Job) -> LearnedAlgorithm | None:
        """The learned algorithm. `StorageError` for another training's, `AgentFileError` for a damaged one."""
        if not is_trained(self.place):
            return None
        loaded = load_learned_algorithm(self.place / LEARNED)
        about = loaded.provenance
        architecture = dict(config_of(loaded.subject).config)
        if about.base_optimizer_config.get("tick_price"):  # how long it thinks is what training came to
            architecture["ticks"] = job.spec["architecture"][1].get("ticks", architecture["ticks"])
        found = {
            "world": about.world,
            "knobs": about.world_config,
            "architecture": [loaded.architecture, architecture],
            "base_optimizer": [about.base_optimizer, about.base_optimizer_config],
            "seed": about.seed,
            "packages": about.packages,
        }
        differ = [key.replace("_", " ") for key, value in job.spec.items() if value != found[key]]
        if differ:
            raise refusal(self.place / LEARNED, job.kind, ", ".join(differ))
        return loaded

    def put(self, job: Job, result: LearnedAlgorithm) -> LearnedAlgorithm | None:
        """Save what was trained, and remove the states that led to it. `DivergedError` for weights that are not finite, which
        are saved all the same, so that the training is not done again.
        """
        about = result.provenance
        save_learned_algorithm(self.place / LEARNED, result.subject, about, inputs=self.inputs, allow_nonfinite=True)
        discard_checkpoints(self.place / CHECKPOINTS)
        return self.find(job)


def training_job(training: Training, seed: int, folder: Path) -> tuple[Job, TrainingFolder]:
    """The training of a seed as a job, and the place of its result."""
    job = Job("training", training.document(seed), lambda live: _train(training, seed, folder, live), f"seed {seed}")
    return job, TrainingFolder(folder, len(training.world.channels))


def trained(training: Training, seed: int, folder: Path, listener: Listener) -> LearnedAlgorithm:
    """The learned algorithm of a seed, trained as far as it was not."""
    found: LearnedAlgorithm = run_job(*training_job(training, seed, folder), listener)
    _tidy(folder)
    return found


def _tidy(folder: Path) -> None:
    """Remove what a process left that ended between the last state and the end of its training."""
    with suppress(StorageError):  # a folder of somebody else's that can only be read
        if (folder / CHECKPOINTS).exists():
            discard_checkpoints(folder / CHECKPOINTS)
        sweep_bundle(folder / LEARNED)


def trained_subject(training: Training, seed: int, folder: Path, listener: Listener) -> AuditSubject:
    """The same as the subject of an audit."""
    subject = trained(training, seed, folder, listener).subject
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
        known=fixed_levels(training.world, config, seed),
    )


def _train(training: Training, seed: int, folder: Path | None, listener: Listener) -> LearnedAlgorithm:
    """Train; with a folder, from the state that was saved there last, and saving states on the way."""
    optimizer, saved = build_base_optimizer(training.base_optimizer, training.base_optimizer_config), time.monotonic()
    listener.say(f"seed {seed}: training: compiling")
    state = begin(optimizer, training.world, training.architecture, training.architecture_config, seed=seed)
    before, fingerprint = Curve(), training.fingerprint(seed)
    if folder is not None:
        restored = restore_checkpoint(folder / CHECKPOINTS, state, fingerprint, machine())
        for warning in restored.warnings:
            listener.note(f"seed {seed}: {warning}")
        before = read_curve(folder).until(restored.updates)
        if restored.state is not None:
            state = restored.state
            listener.note(f"seed {seed}: training goes on after {restored.updates} updates")
    points, seconds = list(before.points), before.seconds
    check_canceled()
    for done in chunks(optimizer, training.world, state):
        state, progress = done.state, done.progress
        points.append((progress.updates_done, progress.competence))
        seconds = before.seconds + progress.seconds
        stopping = was_canceled()
        if folder is not None and (stopping or time.monotonic() - saved >= SAVED_EVERY):
            # The curve first: what it holds beyond the newest state is left out when training goes on.
            write_json(folder / CURVE, Curve(tuple(points), seconds), DIGITS)
            save_checkpoint(folder / CHECKPOINTS, state, progress.updates_done, fingerprint, machine())
            saved = time.monotonic()
        tell_training(listener, seed, progress)
        if stopping:
            check_canceled()
    if folder is not None:
        write_json(folder / CURVE, Curve(tuple(points), seconds), DIGITS)
    subject = optimizer.subject(state)
    provenance = Provenance(
        world=training.world.name,
        world_config=dict(vars(training.world)),
        base_optimizer=training.base_optimizer,
        base_optimizer_config=dict(training.base_optimizer_config),
        seed=seed,
        updates=optimizer.updates,
        training_competence=rounded(points[-1][1], DIGITS) if points else None,
        packages=package_versions(),
        machine=machine(),
    )
    return LearnedAlgorithm(subject, training.architecture, provenance, weights_hash(subject))


def tell_training(listener: Listener, seed: int, progress: Progress) -> None:
    """Where a training stands; its end is a line that stays."""
    now = f"competence {progress.competence:.3f}"
    if progress.updates_done >= progress.updates_total:
        took = duration(progress.seconds)
        listener.note(f"seed {seed}: trained {progress.updates_total} updates in {took}, {now}")
    else:
        at = f"seed {seed}: training {progress.updates_done}/{progress.updates_total} updates"
        listener.say(f"{at}, {now}, {duration(progress.eta)} left")
