"""What a command was asked for, as a checked value: plain data that another process can read as well."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from mesascope.core.errors import UsageError, said
from mesascope.core.options import Number
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.registry import make_anywhere
from mesascope.store.fs import read_bytes
from mesascope.store.strict_json import parse
from mesascope.studies.training import DEFAULT_ARCHITECTURE, DEFAULT_OPTIMIZER, Training, arrange, preset
from mesascope.worlds.registry import silent

LARGEST_OPTIMIZER = 65_536
"""Bytes of a file that names a base optimizer."""


class Request(BaseModel):
    """What was asked for. An option that is None was left to its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out(cls, given: Any) -> Any:
        return {k: v for k, v in given.items() if v is not None} if isinstance(given, Mapping) else given


class TrainingRequest(Request):
    """What to train: a world with its configuration, an architecture, a base optimizer by name or by a file that holds one."""

    world: str = "red-doors"
    architecture: str | None = None
    base_optimizer: str | None = None
    updates: int | None = None
    quick: bool = False
    knobs: tuple[str, ...] = ()


def make_training(request: TrainingRequest) -> Training:
    """World, architecture and base optimizer, checked. `UsageError` for names and values."""
    world = make_anywhere(request.world, silent, **read_config(request.knobs))
    if isinstance(world, AbstractExperiment):
        raise UsageError(f"{world.name} is an experiment, which trains its own subjects: mesascope audit {world.name}")
    name, given = _base_optimizer(request, world.views_per_level)
    if request.updates is not None:
        given["updates"] = request.updates
    return arrange(world, request.architecture or DEFAULT_ARCHITECTURE, {}, name, given)


def _base_optimizer(request: TrainingRequest, views: int) -> tuple[str, dict[str, Number]]:
    """The base optimizer and what is given of its options: those of a preset, or of the file that is named."""
    name = request.base_optimizer or DEFAULT_OPTIMIZER
    if name.endswith(".json"):
        return read_optimizer(Path(name))
    return name, preset(name, views, quick=request.quick)


def read_optimizer(path: Path) -> tuple[str, dict[str, Number]]:
    """A base optimizer and its options from a file that `mesascope tune` wrote; the options are checked where it is built.

    Raises `UsageError` for a file that is none.
    """
    expected = 'expected {"base_optimizer": NAME, "config": {OPTION: NUMBER}}, as `mesascope tune` writes it'
    try:
        found = parse(read_bytes(path, LARGEST_OPTIMIZER))
    except FileNotFoundError:
        raise UsageError(f"base optimizer {path}: {expected}; found no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"base optimizer {path}: {expected}; found {said(error)}") from None
    config = found.get("config") if isinstance(found, dict) else None
    if not isinstance(config, dict) or not isinstance(found.get("base_optimizer"), str):
        raise UsageError(f"base optimizer {path}: {expected}; found something else")
    return found["base_optimizer"], config


def read_config(knobs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` texts by key; `UsageError` for one that is not so, or for a key given twice."""
    found: dict[str, str] = {}
    for setting in knobs:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not (name and equals and value):
            raise UsageError(f"--set {setting}: write --set KEY=VALUE, e.g. --set alpha=0.1")
        if name in found:
            raise UsageError(f"--set {setting}: '{name}' is given twice")
        found[name] = value
    return found


def refuse(request: Request, options: Sequence[str], why: str) -> None:
    """`UsageError` for the first of these options that was given, rather than pass over it in silence."""
    for option in options:
        if getattr(request, option) not in (None, False):
            raise UsageError(f"--{option.replace('_', '-')} {why}")


def folder_name(
    request: TrainingRequest,
    *more: str,
    flags: Sequence[str] = (),
    subject: str | None = None,
    levels: int | None = None,
) -> str:
    """A folder's name that says what was asked for, so that different requests do not meet."""
    named = (subject, None), (request.architecture, DEFAULT_ARCHITECTURE), (request.base_optimizer, DEFAULT_OPTIMIZER)
    names = [name for name, usual in named if name and name != usual]
    sizes = [f"{name}{size}" for name, size in (("updates", request.updates), ("levels", levels)) if size is not None]
    knobs = [f"{name}{value}" for name, value in sorted(read_config(request.knobs).items())]
    quick = ["quick"] if request.quick else []
    return "-".join((as_file_name(request.world), *quick, *flags, *map(as_file_name, names), *sizes, *knobs, *more))[
        :200
    ]


def as_file_name(text: str) -> str:
    """A text with everything that a file's name should not hold replaced."""
    return "".join(c if c.isalnum() or c in "-=." else "-" for c in text).strip("-.")


def command_line() -> str:
    """The command as it was typed, for the record."""
    return "mesascope " + shlex.join(sys.argv[1:])
