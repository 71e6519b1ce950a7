"""Further processes of this program that share a task with it, and end when it does.

Each gets the request as JSON and its own number, makes the jobs that are its share, and stores their results as this process
does. What an engine needs to know of a task is in `Share`; where the processes run is not.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from mesascope.core.errors import StorageError
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Job
from mesascope.jobs.requests import Request


class Share(NamedTuple):
    """The part of a task that one of several processes does: the first, number 0, starts and awaits the others."""

    worker: int = 0
    of: int = 1

    def jobs(self, jobs: Sequence[Job]) -> list[Job]:
        """This process's share. Jobs of one program stay together, so that it is compiled in one process only."""
        programs = list(dict.fromkeys(job.program for job in jobs))
        mine = set(programs[self.worker :: self.of])
        return [job for job in jobs if job.program in mine]

    @contextmanager
    def others(self, request: Request) -> Iterator[list[subprocess.Popen]]:
        """The other processes, started by the first; they are ended where the work in between raises."""
        found: list[subprocess.Popen] = []
        try:
            for number in range(1, self.of) if self.worker == 0 else ():
                command = [sys.executable, "-m", "mesascope", "worker", request.model_dump_json(), str(number)]
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
            check_canceled()
            meanwhile()
            time.sleep(0.2)
        if process.returncode != 0:
            raise StorageError(f"a process of this {task} ended with exit code {process.returncode} (see above)")
