"""Engines by name: where the workers of a command run."""

from pathlib import Path

from mesascope.core.errors import UsageError, unknown
from mesascope.jobs.processes import Engine, Local

ENGINES = ("local", "ray", "slurm")


def engine_of(name: str, out: Path, address: str | None = None) -> Engine:
    """An engine that can start workers.

    Args:
        name: one of `ENGINES`.
        out: the folder of the command, which every worker must see under this path.
        address: of a Ray cluster; without one a cluster is started on this machine.

    Raises:
        UsageError: there is none of that name, or what it needs is not installed; the message says what to type.
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    if address is not None and name != "ray":
        raise UsageError("--address is that of a Ray cluster: add --engine ray")
    if name == "ray":
        from mesascope.jobs.ray_engine import Ray

        return Ray(address)
    if name == "slurm":
        from mesascope.jobs.slurm_engine import Slurm

        return Slurm(out)
    return Local()
