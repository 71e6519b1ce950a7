"""What `mesascope audit` was asked for, with every default filled in and every name checked."""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mesascope.core.errors import UsageError
from mesascope.core.rng import as_seed
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.registry import EXPERIMENTS, make_anywhere
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.registry import INSTRUMENTS
from mesascope.instruments.settings import FULL, QUICK, STAGED_LEVELS, Settings
from mesascope.jobs.agent_identity import identity_of
from mesascope.jobs.listener import SILENT, Listener
from mesascope.jobs.requests import TrainingRequest, folder_name, make_training, read_config, refuse
from mesascope.jobs.subjects import Source, find_source
from mesascope.store.learned_algorithm import package_versions
from mesascope.studies.training import Training
from mesascope.worlds.rewarding import with_shifts
from mesascope.worlds.world import AbstractWorld

SEEDS = 3
"""Trained and audited by default; one with `--quick`, and one for a subject that is given."""


class Request(TrainingRequest):
    """What `mesascope audit` was asked for."""

    kind: Literal["audit"] = "audit"
    subject: str | None = None
    seeds: int | None = None
    first_seed: int = 0
    out: Path | None = None
    describe: bool = False
    adversary: bool = False
    levels: int | None = None
    shifts: str | None = None

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """Every seed that is audited."""
        usual = EXPERIMENTS[self.world].seeds if self.world in EXPERIMENTS else SEEDS
        count = self.seeds or (1 if self.quick or self.subject is not None else usual)
        return tuple(range(self.first_seed, self.first_seed + count))


class Plan(NamedTuple):
    """A request with every default filled in. A subject comes from `source`, from `training`, or from the experiment."""

    world: AbstractWorld | AbstractExperiment
    training: Training | None
    source: Source | None
    settings: Settings
    request: Request
    out: Path

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed that is audited."""
        return self.request.all_seeds

    def spec(self, seed: int) -> dict[str, Any]:
        """All that the audit of a seed depends on, what the agent is that a subject names apart."""
        shared: dict[str, Any] = {"knobs": dict(vars(self.world)), "seed": seed, "packages": package_versions()}
        if self.request.shifts is not None:
            shared["shifts"] = list(self.world.shifts)
        if isinstance(self.world, AbstractExperiment):
            extras = {name: _version(name) for name in self.world.extras}
            asked = {"laboratory": self.world.name, "subject": self.request.subject, "quick": self.request.quick}
            return {**shared, **asked, **({"extras": extras} if extras else {})}
        # Whether the sizes are those of `--quick` is no size: what they are decides.
        sizes = {name: size for name, size in self.settings._asdict().items() if name != "quick"}
        if self.source is not None:
            return {**shared, "world": self.world.name, "settings": sizes}
        assert self.training is not None
        return {**self.training.document(seed), **shared, "settings": sizes}

    def agent(self, seed: int) -> dict[str, Any] | None:
        """What the agent is known by that is audited with a seed; None where it is a function of the spec."""
        if isinstance(self.world, AbstractExperiment):
            return None if self.request.subject is None else self.world.identity(self.request.subject)
        if self.source is None:
            return None
        return identity_of(self.source, self.world, self.settings, seed)

    def folder(self, seed: int) -> Path:
        """Where a seed's files go: the folder itself, or one below it where there are several."""
        return self.out / f"seed-{seed}" if len(self.seeds) > 1 else self.out


def make_plan(request: Request, listener: Listener = SILENT) -> Plan:
    """Check everything that can be checked before anything long begins, loading the subject if there is one. `listener` hears
    how far the world is, where that takes long.

    Raises `UsageError` for names and values, `AgentFileError` for a saved subject, `SubjectError` for one that breaks
    its promises.
    """
    world = make_anywhere(request.world, say=listener.say, **read_config(request.knobs))
    for seed in request.all_seeds:
        as_seed(seed)  # refuses one out of range
    out = request.out or Path("audits") / default_folder(request)
    if isinstance(world, AbstractExperiment):
        config = ", ".join(vars(world)) or "none"
        why = f"is for maze worlds; {world.name} is an experiment, whose config is given by --set: {config}"
        refuse(request, ("architecture", "base_optimizer", "updates", "levels", "describe", "adversary", "shifts"), why)
        if request.subject is not None:
            world.named(request.subject)
        return Plan(world, None, None, QUICK if request.quick else FULL, request, out)
    world = chosen_shifts(world, None if request.shifts is None else request.shifts.split(","))
    training, source = None, None
    if request.subject is not None:
        why = "says what to train, but --subject names what is audited: leave one of them out"
        refuse(request, ("architecture", "base_optimizer", "updates"), why)
        source = find_source(request.subject, world)
        recurrent = source.recurrent
    else:
        training = make_training(request)
        recurrent = training.recurrent
    settings = settings_of(
        world,
        quick=request.quick,
        describe=request.describe,
        adversary=request.adversary,
        levels=request.levels,
        recurrent=recurrent,
    )
    return Plan(world, training, source, settings, request, out)


class _Trait(NamedTuple):
    """What instruments ask of a subject that is not there yet."""

    recurrent: bool
    sites: tuple[str, ...] = ("state",)
    view: str = "full"


def settings_of(
    world: AbstractWorld, *, quick: bool, describe: bool, adversary: bool, levels: int | None, recurrent: bool
) -> Settings:
    """The sizes of an audit in a world.

    Raises `UsageError` where an optional instrument was asked for and none of its kind applies to the world or to a subject that
    is `recurrent` or not.
    """
    settings = (QUICK if quick else FULL)._replace(describe=describe, adversary=adversary)
    subject = AuditSubject(_Trait(recurrent), "trained", "", "", None)
    for option in ("describe", "adversary"):
        if getattr(settings, option):
            reasons = [i.applies(world, subject) for i in INSTRUMENTS.values() if i.option == option]
            if all(reason is not None for reason in reasons):
                raise UsageError(f"--{option} has nothing to measure: {reasons[0]}; leave it out")
    if world.views_per_level > 1:
        settings = settings._replace(levels=min(settings.levels, STAGED_LEVELS))
    return settings if levels is None else settings._replace(levels=levels)


def chosen_shifts(world: AbstractWorld, shifts: Sequence[str] | None) -> AbstractWorld:
    """The world with the shifts that were asked for, all of them for None; `UsageError` for one that it does not have."""
    return world if shifts is None else with_shifts(world, [name for shift in shifts if (name := shift.strip())])


def default_folder(request: Request) -> str:
    """The name of the folder below `audits` that a request's results go to."""
    flags = [name for name, given in (("described", request.describe), ("adversary", request.adversary)) if given]
    first = request.first_seed if len(request.all_seeds) == 1 else 0
    more = [f"seed{first}"] if first else []
    more += [] if request.shifts is None else [f"shifts-{request.shifts.replace(',', '-')}"]
    return folder_name(request, *more, flags=flags, subject=request.subject, levels=request.levels)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
