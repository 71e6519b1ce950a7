"""`mesascope doctor`: what a report of a problem should hold, and what could make a run fail."""

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.core.errors import MesascopeError, UsageError
from mesascope.core.jax_settings import check_jax_settings

ENOUGH_DISK = 200 * 2**20
"""Bytes a default audit of three seeds never exceeds, with much to spare."""


def command(
    out: Annotated[Path, typer.Option(help="folder that results would go to")] = Path(),
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Versions, device, threads and disk; says what would make a run fail, and then exits with 1."""
    found = examine(out, device)
    if json:
        terminal.document(found)
    else:
        terminal.table(("what", "found"), [(key, value) for key, value in found.items() if key != "problems"])
        for problem in found["problems"] or ["no problem found"]:
            terminal.line(problem)
    if found["problems"]:
        raise typer.Exit(1)


def examine(out: Path, device: str | None = None) -> dict[str, Any]:
    """What there is, by name, and under `problems` one line for each thing that would make a run fail."""
    from mesascope.cli.compiled import VARIABLE, keep_compiled
    from mesascope.cli.device import take_device

    problems = []
    try:
        check_jax_settings(os.environ)
    except UsageError as error:
        problems.append(str(error))
    compiled = keep_compiled()
    try:
        if device is not None:
            take_device(device)
        import jax
    except ValueError as error:
        raise UsageError(f"JAX cannot read its environment: {error}; correct that variable or unset it") from error

    from mesascope.store.fs import check_writable
    from mesascope.store.learned_algorithm import package_versions

    try:
        check_writable(out)
    except MesascopeError as error:
        problems.append(str(error))
    place = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < ENOUGH_DISK:
        problems.append(f"{place} has {free / 2**20:.0f} MB free; a run may need {ENOUGH_DISK / 2**20:.0f} MB")
    used = jax.devices()[0]
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor threads": available_threads(),
        **package_versions(),
        "device": f"{used.platform} {used.device_kind}",
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
        f"compiled programs kept in ({VARIABLE}=FOLDER or off)": compiled,
        "default float": str(jax.numpy.zeros(()).dtype),
        "result folder": str(out.absolute()),
        "disk free": f"{free / 2**30:.1f} GB",
        "standard output": f"{sys.stdout.encoding}, {'terminal' if sys.stdout.isatty() else 'no terminal'}",
        "problems": problems,
    }


def available_threads() -> int:
    """Threads this process may use at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
