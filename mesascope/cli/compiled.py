"""Compiled programs kept between runs. Compiling takes a good part of a short audit and depends on nothing of it but
the shapes, the versions and the processor.
"""

import hashlib
import os
import platform
from collections.abc import MutableMapping
from pathlib import Path

from mesascope.core.errors import StorageError
from mesascope.store.fs import check_writable, make_folder

VARIABLE = "MESASCOPE_CACHE"
"""Environment variable: a folder for compiled programs, or `off`."""

_OFF = {"", "0", "no", "off", "none"}


def keep_compiled(environment: MutableMapping[str, str] | None = None) -> str:
    """Tell JAX where to keep compiled programs, and say it: a folder or the reason for none. Before JAX is imported.

    `MESASCOPE_CACHE` names the folder or turns this off; by default it is below the user's cache folder. A folder that
    cannot be written is not used. What was set for JAX itself is left alone.
    """
    env = os.environ if environment is None else environment
    if theirs := env.get("JAX_COMPILATION_CACHE_DIR"):
        return theirs
    chosen = env.get(VARIABLE)
    if chosen is not None and chosen.strip().casefold() in _OFF:
        return f"off ({VARIABLE})"
    try:
        folder = Path(chosen).expanduser() if chosen else _user_folder(env)
        folder = folder / _processor()
        make_folder(folder)
        check_writable(folder)
    except (StorageError, RuntimeError) as error:  # the latter where there is no home folder
        return f"off ({error})"
    env["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    env.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    env.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    return str(folder)


def _user_folder(env: MutableMapping[str, str]) -> Path:
    below = env.get("XDG_CACHE_HOME") or (env.get("LOCALAPPDATA") if os.name == "nt" else None)
    return (Path(below) if below and Path(below).is_absolute() else Path.home() / ".cache") / "mesascope" / "xla"


def _processor() -> str:
    """What compiled programs depend on besides versions, which JAX looks at itself: a home folder may be shared."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        features = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    except OSError:
        features = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:12]
