"""What was asked for, with every default filled in and every name checked before anything long begins."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mesascope.auditing.settings import FULL, QUICK, STAGED_LEVELS, Settings
from mesascope.auditing.walked import NO_SEARCH, check_walkable
from mesascope.base_optimizers.registry import PRESETS, WALKING
from mesascope.cli.subjects import Source, find_source
from mesascope.core.errors import UsageError, said
from mesascope.core.options import Number
from mesascope.core.rng import named_key
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.registry import make_anywhere
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.fs import read_bytes
from mesascope.store.strict_json import parse
from mesascope.studies.training import DEFAULT_ARCHITECTURE, DEFAULT_OPTIMIZER, Training, arrange
from mesascope.worlds.grids.vocabulary import DOORS
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.world import AbstractWorld

SEVERAL_VIEWS_BATCH = 8
"""Levels of an update where a level is shown several times: 14 views each in the default `keys-and-chests`."""

LARGEST_OPTIMIZER = 65_536
"""Bytes of a file that names a base optimizer."""


class Request(NamedTuple):
    """What was asked for on the command line; None is what was left to the defaults."""

    world: str
    subject: str | None = None
    seeds: tuple[int, ...] = (0,)
    out: Path | None = None
    quick: bool = False
    describe: bool = False
    adversary: bool = False
    levels: int | None = None
    architecture: str | None = None
    base_optimizer: str | None = None
    updates: int | None = None
    knobs: tuple[str, ...] = ()


class Plan(NamedTuple):
    """The request with every default filled in. `source` is None where the subject is trained first."""

    training: Training
    source: Source | None
    seeds: tuple[int, ...]
    settings: Settings
    out: Path
    command: str

    @property
    def world(self) -> AbstractWorld:
        """The world that is audited in."""
        return self.training.world

    def fingerprint(self, seed: int) -> str:
        """A hash of all that the audit of a seed depends on."""
        if self.source is None:
            about = self.training.document(seed)
        else:
            shared = ("world", "knobs", "seed", "packages")
            about = {key: self.training.document(seed)[key] for key in shared}
            about["subject"] = self.source.identity
        return fingerprint_of({**about, "settings": self.settings})

    def folder(self, seed: int) -> Path:
        """Where a seed's files go: the folder itself, or one below it where there are several."""
        return self.out / f"seed-{seed}" if len(self.seeds) > 1 else self.out


def make_plan(request: Request) -> Plan:
    """Check everything that can be checked before anything long begins, loading the subject if there is one.

    Raises `UsageError` for names and values, `AgentFileError` for a saved subject, `SubjectError` for one that breaks
    its promises.
    """
    training = make_training(request)
    for seed in request.seeds:
        named_key(seed)  # refuses a seed out of range
    settings = (QUICK if request.quick else FULL)._replace(describe=request.describe, adversary=request.adversary)
    if training.world.views_per_level > 1:
        settings = settings._replace(levels=min(settings.levels, STAGED_LEVELS))
    if request.levels is not None:
        settings = settings._replace(levels=request.levels)
    if request.subject is not None:
        _check_unused(request)
    source = None if request.subject is None else find_source(request.subject, training.world)
    walks = training.base_optimizer == WALKING if source is None else source.walks
    if walks:
        check_walkable(training.world)
    if request.adversary:
        _check_adversary(training.world, walks)
    if request.describe:
        _check_describe(training.world, walks)
    return Plan(
        training=training,
        source=source,
        seeds=request.seeds,
        settings=settings,
        out=request.out or Path("audits") / default_folder(request),
        command=command_line(),
    )


def _check_adversary(world: AbstractWorld, walks: bool) -> None:
    """Refuse what the search for the worst level cannot look at, before anything long begins."""
    if walks:
        raise UsageError(NO_SEARCH)
    if not isinstance(world, AbstractGridWorld) or not world.single_choice or world.vocabulary != DOORS:
        raise UsageError(f"--adversary changes levels of doors and balls, and {world.name} has others: leave it out")


def _check_describe(world: AbstractWorld, walks: bool) -> None:
    """Refuse what the describing instruments cannot look at."""
    if walks:
        raise UsageError("--describe reads one answer to a level, and an agent that walks gives none: leave it out")
    if world.views_per_level > 1:
        raise UsageError(
            f"--describe reads one answer to a level, and in {world.name} an agent answers once for every set of objects "
            "that may be gone: leave it out"
        )


def make_training(request: Request) -> Training:
    """World, architecture and base optimizer, checked."""
    world = make_anywhere(request.world, **read_knobs(request.knobs))
    if isinstance(world, AbstractExperiment):
        raise UsageError(f"{world.name} is an experiment, which trains its own subjects: mesascope audit {world.name}")
    architecture = request.architecture or DEFAULT_ARCHITECTURE
    name, given = _base_optimizer(request, world.views_per_level)
    if request.updates is not None:
        given["updates"] = request.updates
    return arrange(world, architecture, {}, name, given)


def _base_optimizer(request: Request, views: int) -> tuple[str, dict[str, Number]]:
    """The base optimizer and what is given of its options: those of a preset, or of the file that is named."""
    name = request.base_optimizer or DEFAULT_OPTIMIZER
    if name.endswith(".json"):
        return read_optimizer(Path(name))
    if name != DEFAULT_OPTIMIZER:
        return name, {}
    return name, {
        **PRESETS["quick" if request.quick else "default"],
        **({"batch": SEVERAL_VIEWS_BATCH} if views > 1 else {}),
    }


def read_optimizer(path: Path) -> tuple[str, dict[str, Number]]:
    """A base optimizer and its options from a file that `mesascope tune` wrote; the options are checked where it is built.

    Raises `UsageError` for a file that is none.
    """
    expected = 'expected {"base_optimizer": NAME, "config": {OPTION: NUMBER}}, as `mesascope tune` writes it'
    try:
        found = parse(read_bytes(path, LARGEST_OPTIMIZER))
    except (OSError, ValueError) as error:
        raise UsageError(f"base optimizer {path}: {expected}; found {said(error)}") from None
    config = found.get("config") if isinstance(found, dict) else None
    if not isinstance(config, dict) or not isinstance(found.get("base_optimizer"), str):
        raise UsageError(f"base optimizer {path}: {expected}; found something else")
    return found["base_optimizer"], config


def read_knobs(knobs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` texts by key; `UsageError` for one that is not so, or for a key given twice."""
    found: dict[str, str] = {}
    for knob in knobs:
        name, equals, value = (part.strip() for part in knob.partition("="))
        if not (name and equals and value):
            raise UsageError(f"--set {knob}: write --set KEY=VALUE, e.g. --set alpha=0.1")
        if name in found:
            raise UsageError(f"--set {knob}: '{name}' is given twice")
        found[name] = value
    return found


def _check_unused(request: Request) -> None:
    """Refuse what says how to train where nothing is trained, rather than pass over it in silence."""
    for option, value in (
        ("--architecture", request.architecture),
        ("--base-optimizer", request.base_optimizer),
        ("--updates", request.updates),
    ):
        if value is not None:
            raise UsageError(f"{option} says what to train, but --subject names what is audited: leave one of them out")


def default_folder(request: Request) -> str:
    """A folder's name that says what was asked for, so that different requests do not meet."""
    flags = (("quick", request.quick), ("described", request.describe), ("adversary", request.adversary))
    parts = [request.world, *(name for name, given in flags if given)]
    if request.subject:
        parts.append("".join(c if c.isalnum() or c in "-=." else "-" for c in request.subject).strip("-."))
    if request.architecture not in (None, DEFAULT_ARCHITECTURE):
        parts.append(str(request.architecture))
    if request.base_optimizer not in (None, DEFAULT_OPTIMIZER):
        parts.append("".join(c if c.isalnum() or c in "-=." else "-" for c in str(request.base_optimizer)).strip("-."))
    for name in ("updates", "levels"):
        if getattr(request, name) is not None:
            parts.append(f"{name}{getattr(request, name)}")
    knobs = [f"{name}{value}" for name, value in sorted(read_knobs(request.knobs).items())]
    first = [] if len(request.seeds) > 1 or request.seeds[0] == 0 else [f"seed{request.seeds[0]}"]
    return "-".join((*parts, *knobs, *first))[:200]


def command_line() -> str:
    """The command as it was typed, for the record."""
    return "mesascope " + shlex.join(sys.argv[1:])
