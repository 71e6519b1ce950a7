"""The search tests at checkpoints of one training, started fresh or at a search that was planted.

OUT/emergence.json, where a folder is named
"""

from pathlib import Path
from typing import Any, Literal

from mesascope.base_optimizers.protocol import AbstractBaseOptimizer, TrainState
from mesascope.base_optimizers.registry import PRESETS, base_optimizer_config, build_base_optimizer
from mesascope.calibration.emergence import Checkpoint, at_updates, fresh_start, imitating_start, planted_start, watch
from mesascope.core.errors import UsageError
from mesascope.core.jsonable import to_json
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import Listener
from mesascope.jobs.requests import Request as AbstractRequest
from mesascope.jobs.results import Files
from mesascope.jobs.runner import run_job, stage_of
from mesascope.organisms.registry import check_organism
from mesascope.reports.numbers import estimate_text
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import package_versions
from mesascope.worlds.registry import make_world
from mesascope.worlds.world import AbstractWorld

EMERGENCE = "emergence.json"


class Request(AbstractRequest):
    """What `mesascope emergence` was asked for; `plant` is the noise on a search that is written into the weights, `imitate` an
    organism that the net imitates first, for as many updates as the training has; with neither the start is fresh.
    """

    kind: Literal["emergence"] = "emergence"
    world: str = "red-doors"
    plant: float | None = None
    imitate: str | None = None
    seed: int = 0
    stages: int = 8
    out: Path | None = None
    quick: bool = False


def run(request: Request, listener: Listener) -> Done:
    """Train and examine, unless that was done before."""
    world = make_world(request.world)
    optimizer = build_base_optimizer("exact-policy-gradient", PRESETS["quick" if request.quick else "default"])
    if request.plant is not None and request.imitate is not None:
        raise UsageError("--plant and --imitate: a training starts at one of them; leave out the other")
    if request.imitate is not None:
        check_organism(request.imitate, world)
    about = {"world": request.world, "seed": request.seed, "planted_noise": request.plant}
    about |= {} if request.imitate is None else {"imitated": request.imitate}
    trained_by = list(base_optimizer_config(optimizer))
    spec = {**about, "stages": request.stages, "base_optimizer": trained_by, "packages": package_versions()}

    def work(listener: Listener) -> dict[str, Any]:
        tell = stage_of(f"seed {request.seed}", listener)
        tell("where the training starts")
        start, found = _start(request, optimizer, world), []
        at = at_updates(optimizer.updates, request.stages)
        for stage in watch(optimizer, world, start, at, request.seed, tell):
            check_canceled()
            found.append(stage)
            listener.note(_line(stage))
        return to_json({**about, "stages": found})

    job = Job("emergence", spec, work, f"seed {request.seed}")
    if request.out is None:
        return Done(work(listener))
    out = request.out
    check_writable(out)
    return Done(run_job(job, Files(lambda job: out / EMERGENCE), listener), out / EMERGENCE)


def _start(request: Request, optimizer: AbstractBaseOptimizer, world: AbstractWorld) -> TrainState:
    if request.imitate is not None:
        return imitating_start(optimizer, world, request.seed, request.imitate, optimizer.updates)
    if request.plant is not None:
        return planted_start(optimizer, world, request.seed, request.plant)
    return fresh_start(optimizer, world, request.seed)


def _line(stage: Checkpoint) -> str:
    scores = ", ".join(f"{name} {estimate_text(to_json(score))}" for name, score in stage.scores.items())
    return f"{stage.updates} updates: competence {stage.competence:.3f}, weights moved by {stage.moved:.0%}; {scores}"
