"""Runs cases by the command line, each in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tests.golden.cases import HERE, Case
from tests.golden.environment import environment
from tests.golden.figures import Figures, figures, flat, nested

ROOT = HERE.parents[1]
KEPT_OF_JAX = ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_")
"""Variables of JAX that change no result: where compiled programs are kept."""


class Failed(Exception):
    """A case whose command ended with an error."""


class Ran(NamedTuple):
    """Figures of one case, and the seconds that it took."""

    figures: Figures
    seconds: float


def variables() -> dict[str, str]:
    """The environment variables of a case: those of this process, without what changes how XLA computes.

    `PYTHONPATH` says which package runs; without it the package of this checkout does.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XLA_", "JAX_")) or name.startswith(KEPT_OF_JAX)
    }
    return {**kept, "JAX_PLATFORMS": "cpu", "PYTHONPATH": os.environ.get("PYTHONPATH") or str(ROOT)}


def check_package() -> Path:
    """The folder that `mesascope` is imported from.

    Raises:
        SystemExit: If that is not the first folder of `PYTHONPATH`.
    """
    expected = Path(variables()["PYTHONPATH"].split(os.pathsep)[0]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        code = "import mesascope; print(mesascope.__file__)"
        command = [sys.executable, "-c", code]
        said = subprocess.run(command, cwd=folder, env=variables(), capture_output=True, text=True, check=True).stdout
    found = Path(said.strip()).resolve().parents[1]
    if found != expected:
        raise SystemExit(f"expected mesascope from {expected}, found it in {found}: set PYTHONPATH to the checkout")
    return found


def run(case: Case) -> Ran:
    """Run one case.

    Raises:
        Failed: With the command's last words, if it ends with an error.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mesascope", *case.command(Path(folder) / "audit")]
        done = subprocess.run(command, cwd=folder, env=variables(), capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["without a word"]
        raise Failed(f"exit code {done.returncode}: {said[-1]}")
    return Ran(figures(json.loads(done.stdout)), time.monotonic() - started)


def run_all(cases: Sequence[Case], side_by_side: int) -> Iterator[tuple[Case, Ran | Failed]]:
    """Run cases, at most so many at a time, and yield each in order."""

    def attempt(case: Case) -> Ran | Failed:
        try:
            return run(case)
        except Failed as failure:
            return failure

    with ThreadPoolExecutor(side_by_side) as pool:
        yield from zip(cases, pool.map(attempt, cases), strict=True)


def written(case: Case, found: Figures) -> str:
    """The text of a golden file: what was run, where, and the figures, with a line for each part of a section."""
    head = {"audit": " ".join(case.arguments), "kind": case.kind, "environment": environment()}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    sections = []
    for section, whole in nested(found).items():
        body = json.dumps(whole, separators=(",", ":"))
        if isinstance(whole, Mapping):
            parts = (f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in whole.items())
            body = "{\n  " + ",\n  ".join(parts) + "}"
        sections.append(f" {json.dumps(section)}: {body}")
    return "{" + ",\n".join([*lines, '"figures": {\n' + ",\n".join(sections) + "}"]) + "}\n"


class Golden(NamedTuple):
    """A golden file."""

    figures: Figures
    environment: dict[str, str]


def read_golden(case: Case) -> Golden:
    """Read the golden values of a case.

    Raises:
        SystemExit: If there are none, or they were made by another command.
    """
    remake = f"make it with `python -m tests.golden.make {case.name}`"
    if not case.golden.exists():
        raise SystemExit(f"{case.golden.name} is not there: {remake}")
    document: dict[str, Any] = json.loads(case.golden.read_text("utf-8"))
    if document["audit"] != " ".join(case.arguments):
        raise SystemExit(
            f"{case.golden.name} is of `audit {document['audit']}`, which cases.toml has changed: {remake}"
        )
    return Golden(flat(document["figures"]), document["environment"])
