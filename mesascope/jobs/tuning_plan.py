"""What `mesascope tune` was asked for, with every default filled in and every name checked."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

from mesascope.core.errors import UsageError
from mesascope.jobs.requests import TrainingRequest, folder_name, make_training, read_config
from mesascope.meta_optimizers.contrast import QUICK_LOOK, Looked
from mesascope.meta_optimizers.overfitting import other_world
from mesascope.meta_optimizers.problem import GAP, Problem, check_problem
from mesascope.meta_optimizers.samplers import check_names
from mesascope.meta_optimizers.space import space_of
from mesascope.meta_optimizers.trials import Search
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.learned_algorithm import package_versions
from mesascope.worlds.card import config_defaults
from mesascope.worlds.config import with_config
from mesascope.worlds.world import AbstractWorld

UPDATES, QUICK_UPDATES = 600, 200
SEEDS, FRESH_SEEDS, LEVELS = 3, 10, 512
QUICK_SEEDS, QUICK_FRESH_SEEDS, QUICK_LEVELS = 1, 5, 256
VERSION = 1
"""Of what a trial is scored by: raised when it changes."""


class Request(TrainingRequest):
    """What `mesascope tune` was asked for."""

    kind: Literal["tune"] = "tune"
    sampler: str = "tpe"
    pruner: str = "median"
    trials: int = 100
    jobs: int = 1
    objectives: tuple[str, ...] = ("return",)
    shift: str | None = None
    tune: tuple[str, ...] = ()
    seeds: int | None = None
    fresh_seeds: int | None = None
    elsewhere: tuple[str, ...] = ()
    seed: int = 0
    storage: str = "journal"
    out: Path | None = None


class Plan(NamedTuple):
    """The request with every default filled in. `elsewhere` holds the configuration in which the other world differs."""

    problem: Problem
    search: Search
    looked: Looked
    fresh: int
    elsewhere: dict[str, Any]
    other: Problem | None
    out: Path

    @property
    def fingerprint(self) -> str:
        """A hash of all that a trial's values and the choice of trials depend on; how many there are is left open."""
        return fingerprint_of(
            {
                "version": VERSION,
                "packages": package_versions(),
                "world": [self.problem.world.name, dict(vars(self.problem.world))],
                "problem": {key: value for key, value in self.problem._asdict().items() if key != "world"},
                "search": self.search._replace(trials=0),
            }
        )


def make_plan(request: Request) -> Plan:
    """Check everything that can be checked before anything long begins; `UsageError` for names and values."""
    check_names(request.sampler, request.pruner, request.objectives)
    quick, shift = request.quick, request.shift
    usual = QUICK_UPDATES if quick else UPDATES
    training = make_training(request.model_copy(update={"updates": request.updates or usual}))
    if shift is not None and GAP not in request.objectives:
        raise UsageError(f"--shift {shift} says where the inner gap is read: add --objectives return,{GAP}")
    updates = int(training.base_optimizer_config["updates"])
    problem = Problem(
        training.world,
        training.architecture,
        training.architecture_config,
        training.base_optimizer,
        training.base_optimizer_config,
        space_of(training.base_optimizer, updates, request.tune),
        request.objectives,
        shift or next(iter(training.world.shifts), ""),
        request.seeds or (QUICK_SEEDS if quick else SEEDS),
        QUICK_LEVELS if quick else LEVELS,
    )
    check_problem(problem)
    config = _elsewhere(training.world, request.elsewhere)
    return Plan(
        problem,
        Search(request.sampler, request.pruner, request.seed, request.trials),
        QUICK_LOOK if quick else Looked(),
        request.fresh_seeds or (QUICK_FRESH_SEEDS if quick else FRESH_SEEDS),
        config,
        other_world(problem, config) if config else None,
        request.out or Path("tunings") / _folder(request),
    )


def _elsewhere(world: AbstractWorld, asked: tuple[str, ...]) -> dict[str, Any]:
    """The configuration of the other world: that asked for, or no openings, or half of them where there are none here."""
    own = dict(vars(world))
    if not asked:
        if "openings" not in config_defaults(type(world)):
            return {}
        return {"openings": 0.0 if own["openings"] else 0.5}
    given = read_config(asked)
    there = with_config(type(world), **{**own, **given})
    return {name: getattr(there, name) for name in given}


def _folder(request: Request) -> str:
    more = [request.sampler, *([] if request.objectives == ("return",) else request.objectives)]
    more += [request.shift] if request.shift else []
    more += [f"seeds{request.seeds}"] if request.seeds else []
    more += [f"seed{request.seed}"] if request.seed else []
    return folder_name(request, *more)
