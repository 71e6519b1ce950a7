"""What was asked of an experiment, checked before anything long begins."""

from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from mesascope.cli.plans import Request, command_line, default_folder, read_knobs
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.registry import EXPERIMENTS
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.learned_algorithm import package_versions
from mesascope.worlds.knobs import with_knobs


class ExperimentPlan(NamedTuple):
    """The request with every default filled in. `subject` is None where the experiment trains its own."""

    experiment: AbstractExperiment
    subject: str | None
    seeds: tuple[int, ...]
    quick: bool
    out: Path
    command: str

    def fingerprint(self, seed: int) -> str:
        """A hash of all that the audit of a seed depends on."""
        extras = {name: _version(name) for name in self.experiment.extras}
        return fingerprint_of(
            {
                "laboratory": self.experiment.name,
                "knobs": dict(vars(self.experiment)),
                "subject": self.subject,
                "quick": self.quick,
                "seed": seed,
                "packages": package_versions(),
                **({"extras": extras} if extras else {}),
            }
        )

    def folder(self, seed: int) -> Path:
        """Where a seed's files go: the folder itself, or one below it where there are several."""
        return self.out / f"seed-{seed}" if len(self.seeds) > 1 else self.out


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def make_experiment_plan(request: Request) -> ExperimentPlan:
    """Check everything that can be checked. Raises `UsageError` for names, values, and options of mazes only."""
    experiment = with_knobs(EXPERIMENTS[request.world], **read_knobs(request.knobs))
    _check_unused(request)
    for seed in request.seeds:
        named_key(seed)  # refuses a seed out of range
    if request.subject is not None:
        experiment.named(request.subject)
    return ExperimentPlan(
        experiment=experiment,
        subject=request.subject,
        seeds=request.seeds,
        quick=request.quick,
        out=request.out or Path("audits") / default_folder(request),
        command=command_line(),
    )


def _check_unused(request: Request) -> None:
    """Refuse what only an audit in a maze world can do, rather than pass over it in silence."""
    for option, value in (
        ("--architecture", request.architecture),
        ("--base-optimizer", request.base_optimizer),
        ("--updates", request.updates),
        ("--levels", request.levels),
        ("--describe", request.describe or None),
        ("--adversary", request.adversary or None),
    ):
        if value is not None:
            knobs = ", ".join(vars(EXPERIMENTS[request.world]())) or "none"
            raise UsageError(
                f"{option} is for maze worlds; {request.world} is an experiment, whose knobs are given by --set: {knobs}"
            )
