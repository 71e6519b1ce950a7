"""One virtual environment for each package, made where it is missing and kept for the next run."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("navix", "xminigrid", "gymnax", "jumanji", "craftax", "minigrid")
"""Packages installed by name; each has its own environment, because their requirements need not agree."""


class PeerError(Exception):
    """Why a package cannot be measured, in one line."""


class Environment(NamedTuple):
    """A package that can be imported: the interpreter that sees it, and the versions that matter."""

    python: Path
    versions: dict[str, str]


MISSING = {"gymnax": ["six"]}
"""What a package imports and does not ask for."""


def requirements(who: str, jaxgmg: Path | None) -> list[str]:
    """What pip is asked for. Mesascope runs from this checkout on its own lock."""
    if who == "mesascope":
        return ["-r", str(ROOT / "requirements.lock")]
    if who == "jaxgmg":
        return [str(checkout(jaxgmg))]
    return [who, *MISSING.get(who, [])]


def checkout(path: Path | None) -> Path:
    """`path` if it is a checkout of jaxgmg; `PeerError` says what was looked for otherwise."""
    if path is None:
        raise PeerError("no checkout was named: --jaxgmg FOLDER (benchmarks/peers/README.md says where to get one)")
    missing = [
        part
        for part in ("pyproject.toml", "jaxgmg/environments/cheese_in_the_corner.py")
        if not (path / part).is_file()
    ]
    if missing:
        raise PeerError(f"{path} is no checkout of jaxgmg: it has no {' and no '.join(missing)}")
    return path.resolve()


def clean() -> dict[str, str]:
    """This process's environment without what would lead Python or JAX elsewhere; the CPU alone is measured."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("JAX_", "XLA_", "PYTHON", "VIRTUAL_ENV"))}
    return {**kept, "JAX_PLATFORMS": "cpu", "WANDB_MODE": "disabled"}


def prepare(who: str, work: Path, jaxgmg: Path | None = None, run=subprocess.run) -> Environment:
    """The environment of `who` below `work`. `PeerError` where it cannot be made, with pip's last word."""
    asked = requirements(who, jaxgmg)
    folder = work / "environments" / who
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, mark = folder / "asked.json", _mark(asked)
    if not (stamp.is_file() and stamp.read_text() == mark and python.exists()):
        _call(run, [sys.executable, "-m", "venv", "--clear", str(folder)], f"no environment for {who}")
        _call(run, [str(python), "-m", "pip", "install", "--quiet", *asked], f"{who} cannot be installed")
        stamp.write_text(mark)
    listed = _call(run, [str(python), "-m", "pip", "list", "--format=json"], f"versions of {who}")
    found = {p["name"].lower(): p["version"] for p in json.loads(listed)}
    kept = {n: found[n] for n in (who, "jax", "jaxlib", "flax", "numpy", "gymnasium") if n in found}
    if who == "jaxgmg":
        kept["jaxgmg"] = _commit(Path(asked[0]), run)
    return Environment(python, kept)


def _mark(asked: list[str]) -> str:
    """Requirements, and what a lock among them says: an environment is made anew when either changes."""
    held = [Path(a).read_bytes() for a in asked if a.endswith(".lock")]
    return json.dumps([sys.version, *asked, *(hashlib.sha256(h).hexdigest() for h in held)])


def _commit(path: Path, run) -> str:
    done = run(["git", "-C", str(path), "rev-parse", "HEAD"], capture_output=True, text=True)
    return f"commit {done.stdout.strip()[:12]}" if done.returncode == 0 else "a checkout without its history"


def _call(run, command: list[str], what: str) -> str:
    done = run(command, capture_output=True, text=True, env=clean())
    if done.returncode != 0:
        said = [line.strip() for line in (done.stderr or done.stdout or "").splitlines() if line.strip()]
        errors = [line for line in said if line.upper().startswith("ERROR")] or said
        raise PeerError(f"{what}: {errors[-1][:300] if errors else f'exit {done.returncode}'}")
    return done.stdout
