"""The search tests at checkpoints of one training, started fresh or at a search that was planted.

OUT/emergence.json, where a folder is named
"""

from pathlib import Path
from typing import Any, Literal

from mesascope.base_optimizers.registry import PRESETS, base_optimizer_config, build_base_optimizer
from mesascope.calibration.emergence import Stage, at_updates, fresh_start, planted_start, watch
from mesascope.core.jsonable import to_json
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Done, Job
from mesascope.jobs.listener import Listener
from mesascope.jobs.requests import Request as AbstractRequest
from mesascope.jobs.results import Files
from mesascope.jobs.runner import run_job
from mesascope.reports.numbers import estimate_text
from mesascope.store.fs import check_writable
from mesascope.store.learned_algorithm import package_versions
from mesascope.worlds.registry import make_world

EMERGENCE = "emergence.json"


class Request(AbstractRequest):
    """What `mesascope emergence` was asked for; `plant` is the noise on a planted search, None for a fresh start."""

    kind: Literal["emergence"] = "emergence"
    world: str = "red-doors"
    plant: float | None = None
    seed: int = 0
    stages: int = 8
    out: Path | None = None
    quick: bool = False


def run(request: Request, listener: Listener) -> Done:
    """Train and examine, unless that was done before."""
    world = make_world(request.world)
    optimizer = build_base_optimizer("exact-policy-gradient", PRESETS["quick" if request.quick else "default"])
    about = {"world": request.world, "seed": request.seed, "planted_noise": request.plant}
    trained_by = list(base_optimizer_config(optimizer))
    spec = {**about, "stages": request.stages, "base_optimizer": trained_by, "packages": package_versions()}

    def work(listener: Listener) -> dict[str, Any]:
        if request.plant is None:
            start = fresh_start(optimizer, world, request.seed)
        else:
            start = planted_start(optimizer, world, request.seed, request.plant)
        found = []
        for stage in watch(optimizer, world, start, at_updates(optimizer.updates, request.stages), request.seed):
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


def _line(stage: Stage) -> str:
    scores = ", ".join(f"{name} {estimate_text(to_json(score))}" for name, score in stage.scores.items())
    return f"{stage.updates} updates: competence {stage.competence:.3f}; {scores}"
