#!/usr/bin/env python3
"""Sets up Mesascope in a folder of its own on first use, then runs it. Needs nothing but Python and a network.

    python3 start.py audit red-doors     set up, then `mesascope audit red-doors`
    python3 start.py test                set up with the developers' tools, then every check

What is installed is named with versions and hashes in the lock files. It goes to `.venv` beside this file, or to the
folder that MESASCOPE_VENV names. Nothing outside of that folder is touched.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("MESASCOPE_VENV") or ROOT / ".venv").absolute()
MARK = VENV / ".made-by-start"  # written first: this folder is ours to remove
STAMP = VENV / ".complete"  # written last: what is installed here
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {"run": "requirements.lock", "test": "requirements-dev.lock"}
# For the tests of other people's agents, which are left out where these cannot be had. PyTorch is named with its version alone:
# which of its builds pip finds (for a processor, or far larger for a GPU) differs from place to place, and with it the hash.
AGENTS = (
    ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(ROOT / "requirements-agents.lock")],
    ["--only-binary=:all:", "torch==2.13.0"],
)
LEFT_OUT = "the libraries of other people's agents could not be installed: their tests are left out"
# What a report does in its page is compared with Python by Node, and tried in a browser, where these are on the path.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OUTSIDE = (
    (("node",), "no Node here: what a report computes in its page is not compared with Python"),
    (BROWSERS, "no Chromium here: reports are not opened in a browser"),
)
WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")  # in the order of tests/order.py
CHECKS = (
    ("lint", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports"]),
    ("tests", ["pytest", *WORKERS, "--durations=40", "--cov", "--cov-report=", "-m", "not long"]),
    ("coverage of core", ["coverage", "report", "--include=mesascope/core/*", "--fail-under=90"]),
    ("coverage of instruments", ["coverage", "report", "--include=mesascope/instruments/*", "--fail-under=90"]),
)


def say(line):
    """One line for the person, apart from the program's own output."""
    print("mesascope: " + line, file=sys.stderr, flush=True)


def stop(line) -> NoReturn:
    """Leave with a message for the person who is stuck."""
    say(line)
    sys.exit(2)


def suitable_python():
    """Go on with this Python if it is one of the supported, else with one found on the path."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and subprocess.call([other, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            sys.exit(subprocess.call([other, *sys.argv]))
    stop(f"needs Python 3.11, 3.12 or 3.13; this is {platform.python_version()} and no other was found")


def wanted(*names):
    """A hash of everything the installation depends on: the place, the Python, and the named files."""
    parts = [str(sys.version_info[:2]), str(ROOT), str(VENV), *((ROOT / name).read_text() for name in names)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def installed():
    """What the folder says it holds; empty when it was never finished, or was made for another place or Python."""
    try:
        found = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and PYTHON.exists() and found.get("place") == wanted() else {}


def make_folder(lock):
    """An empty virtual environment. A half-made one is emptied first; one that is somebody else's is left alone."""
    if VENV.exists() and any(VENV.iterdir()):
        if not MARK.exists():
            stop(f"{VENV} was not made by start.py: move it away, or name another folder in MESASCOPE_VENV")
        for path in VENV.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(str(path))
            elif path != MARK:
                path.unlink()
    VENV.mkdir(parents=True, exist_ok=True)
    MARK.touch()
    command = [sys.executable, "-m", "venv", str(VENV)]
    if not brings_pip():
        command.insert(3, "--without-pip")
    if subprocess.call(command, env=clean_environment(), pass_fds=lock) != 0:
        stop(f"could not make a virtual environment in {VENV} (see above)")


def brings_pip():
    """Whether this Python can put a pip into a new environment; Debian's cannot without its package python3-venv."""
    try:
        import ensurepip

        return bool(ensurepip.version())
    except Exception:
        return False


def clean_environment():
    """The environment without what would make Python or pip install to, or read from, somewhere else."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**env, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def pip():
    """The new environment's own pip or, where Python came without one to copy, the system's."""
    if brings_pip():
        return [str(PYTHON), "-m", "pip"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    stop(
        "this Python came without ensurepip and without pip, so it cannot install anything; "
        f"on Debian and Ubuntu `apt install python3.{sys.version_info[1]}-venv` brings them"
    )


def set_up(kind):
    """Install what the lock names and this project itself, unless that is done already."""
    goal = {"place": wanted(), "run": wanted(LOCKS["run"], "pyproject.toml")}
    if kind == "test":
        goal["test"] = wanted(LOCKS["test"], "requirements-agents.lock", "start.py", "pyproject.toml")
    if goal.items() <= installed().items():
        return
    with only_one() as lock:
        stamp = installed()
        if goal.items() <= stamp.items():
            return
        started = time.monotonic()
        installer = pip()
        say(
            f"setting up {VENV} from {LOCKS[kind]} (once, a minute or two, {'under 1 GB' if kind == 'run' else 'some 2 GB'})"
        )
        if not stamp:
            make_folder(lock)
        STAMP.unlink(missing_ok=True)

        def install(arguments):
            # Python compiles what is imported when it is imported: a small part of it all, and that took most of the time.
            command = [*installer, "install", "--quiet", "--no-compile", *arguments]
            return subprocess.call(command, env=clean_environment(), cwd=str(ROOT), pass_fds=lock) == 0

        for arguments in (
            ["--require-hashes", "--only-binary=:all:", "-r", str(ROOT / LOCKS[kind])],
            ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        ):
            if not install(arguments):
                stop("the installation failed (see above); the same command tries again from the start")
        agents = kind == "test" and all(map(install, AGENTS))
        STAMP.write_text(json.dumps({**goal, "agents": agents}))
        say(f"ready after {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def only_one():
    """Wait until no other start.py sets up this clone; yields what to pass on to the installer.

    The system frees the lock when its holders end, however they do.
    An installer that outlives a killed start.py is such a holder.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield ()
        return
    with Path(__file__).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another start.py that is setting up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield (lock.fileno(),)


def run_checks(extra):
    """Every check in turn, the failed ones named at the end; `extra` goes to pytest."""
    # Compiled modules are kept for all workers, and for the processes that tests start, also where that is switched off.
    failed, env = [], {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if installed().get("agents"):
        env["MESASCOPE_AGENTS"] = "1"  # to tests/conftest.py: nothing may be left out for want of a library
    else:
        say(f"{LEFT_OUT}; to try again, remove {VENV}")
    for programs, missing in OUTSIDE:
        if not any(map(shutil.which, programs)):
            say(missing)
    for name, command in CHECKS:
        say(name)
        begun = time.monotonic()
        command = [str(PYTHON.parent / command[0]), *command[1:], *(extra if name == "tests" else [])]
        if subprocess.call(command, cwd=str(ROOT), env=env) != 0:
            failed.append(name)
        say(f"{name} {'FAILED' if name in failed else 'passed'}, {time.monotonic() - begun:.0f} s")
    say("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


def main():
    """Set up, then hand over."""
    suitable_python()
    arguments = sys.argv[1:] or ["--help"]
    testing = arguments[0] == "test"
    set_up("test" if testing else "run")
    if testing:
        sys.exit(run_checks(arguments[1:]))
    command = [str(PYTHON), "-P", "-m", "mesascope", *arguments]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("interrupted; the same command goes on")
        sys.exit(130)
