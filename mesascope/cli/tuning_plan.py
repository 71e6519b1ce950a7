"""What `mesascope tune` was asked for, with every default filled in and every name checked."""

from pathlib import Path
from typing import Any, NamedTuple

from mesascope.cli import plans
from mesascope.core.errors import UsageError
from mesascope.meta_optimizers.contrast import QUICK_LOOK, Looked
from mesascope.meta_optimizers.overfitting import other_world
from mesascope.meta_optimizers.problem import GAP, Problem, check_problem
from mesascope.meta_optimizers.samplers import check_names
from mesascope.meta_optimizers.space import space_of
from mesascope.meta_optimizers.trials import Search
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.learned_algorithm import package_versions
from mesascope.worlds.card import knob_defaults
from mesascope.worlds.knobs import with_knobs
from mesascope.worlds.world import AbstractWorld

UPDATES, QUICK_UPDATES = 600, 200
SEEDS, FRESH_SEEDS, LEVELS = 3, 10, 512
QUICK_SEEDS, QUICK_FRESH_SEEDS, QUICK_LEVELS = 1, 5, 256
VERSION = 1
"""Of what a trial is scored by: raised when it changes."""


class Request(NamedTuple):
    """What was asked for on the command line; None is what was left to the defaults."""

    world: str
    sampler: str = "tpe"
    pruner: str = "median"
    trials: int = 100
    jobs: int = 1
    objectives: tuple[str, ...] = ("return",)
    shift: str | None = None
    tuned: tuple[str, ...] = ()
    base_optimizer: str | None = None
    architecture: str | None = None
    updates: int | None = None
    seeds: int | None = None
    fresh_seeds: int | None = None
    elsewhere: tuple[str, ...] = ()
    seed: int = 0
    storage: str = "journal"
    out: Path | None = None
    quick: bool = False
    knobs: tuple[str, ...] = ()
    worker: int | None = None


class Plan(NamedTuple):
    """The request with every default filled in. `elsewhere` holds the knobs that the other world differs in."""

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
    training = plans.make_training(
        plans.Request(
            request.world,
            quick=request.quick,
            architecture=request.architecture,
            base_optimizer=request.base_optimizer,
            updates=request.updates or (QUICK_UPDATES if request.quick else UPDATES),
            knobs=request.knobs,
        )
    )
    if request.shift is not None and GAP not in request.objectives:
        raise UsageError(f"--shift {request.shift} says where the inner gap is read: add --objectives return,{GAP}")
    updates = int(training.base_optimizer_config["updates"])
    problem = Problem(
        training.world,
        training.architecture,
        training.architecture_config,
        training.base_optimizer,
        training.base_optimizer_config,
        space_of(training.base_optimizer, updates, request.tuned),
        request.objectives,
        request.shift or next(iter(training.world.shifts), ""),
        request.seeds or (QUICK_SEEDS if request.quick else SEEDS),
        QUICK_LEVELS if request.quick else LEVELS,
    )
    check_problem(problem)
    knobs = _elsewhere(training.world, request.elsewhere)
    return Plan(
        problem,
        Search(request.sampler, request.pruner, request.seed, request.trials),
        QUICK_LOOK if request.quick else Looked(),
        request.fresh_seeds or (QUICK_FRESH_SEEDS if request.quick else FRESH_SEEDS),
        knobs,
        other_world(problem, knobs) if knobs else None,
        request.out or Path("tunings") / _folder(request),
    )


def _elsewhere(world: AbstractWorld, asked: tuple[str, ...]) -> dict[str, Any]:
    """The knobs of the other world: those asked for, or no openings, or half of the walls open where none is open here."""
    own = dict(vars(world))
    if not asked:
        if "openings" not in knob_defaults(type(world)):
            return {}
        return {"openings": 0.0 if own["openings"] else 0.5}
    given = plans.read_knobs(asked)
    there = with_knobs(type(world), **{**own, **given})
    return {name: getattr(there, name) for name in given}


def _folder(request: Request) -> str:
    base = plans.Request(
        request.world,
        quick=request.quick,
        architecture=request.architecture,
        base_optimizer=request.base_optimizer,
        updates=request.updates,
        knobs=request.knobs,
    )
    parts = [request.sampler, *([] if request.objectives == ("return",) else request.objectives)]
    parts += [request.shift] if request.shift else []
    parts += [f"seeds{request.seeds}"] if request.seeds else []
    parts += [f"seed{request.seed}"] if request.seed else []
    return "-".join((plans.default_folder(base), *parts))[:200]
