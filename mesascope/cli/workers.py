"""Further processes of this program that share a task with it, and end when it does."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mesascope.cli import interrupts
from mesascope.core.errors import StorageError


@contextmanager
def workers(commands: Sequence[Sequence[str]]) -> Iterator[list[subprocess.Popen]]:
    """One process of `mesascope` for each list of arguments; all are ended where the work in between raises."""
    found: list[subprocess.Popen] = []
    try:
        for arguments in commands:
            command = [sys.executable, "-m", "mesascope", *arguments]
            found.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603, arguments of our own making
        yield found
    except BaseException:
        for process in found:
            process.terminate()
        raise


def wait_for(processes: Sequence[subprocess.Popen], task: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Until all have ended; `StorageError` for one that failed, `KeyboardInterrupt` once a signal was heard."""
    for process in processes:
        while process.poll() is None:
            interrupts.rest()
            meanwhile()
            time.sleep(0.2)
        if process.returncode != 0:
            raise StorageError(f"a process of this {task} ended with exit code {process.returncode} (see above)")
