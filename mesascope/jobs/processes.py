"""Workers: processes, here or elsewhere, that do the jobs of a command together with this one, or for it.

Each gets the request as JSON and its own number, runs the jobs that nobody else is at, and stores their results as this process
does; that is all that an engine needs to know of a task. They meet in the store alone.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

from mesascope.core.errors import StorageError
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.requests import Request

LOST = -1
"""Exit code of a worker that ended without having said why: its machine went away, say."""
POLITELY = (130, 143)
"""Exit codes of a worker that somebody interrupted."""
MOST_LOSSES = 3
"""Workers that may be lost one after another without a single job done in between."""
PAUSE, ENDING = 0.2, 10.0
"""Seconds between two looks at the workers; and from when all is done to when those that have not ended are ended."""


@runtime_checkable
class Worker(Protocol):
    """A process that was started."""

    def poll(self) -> int | None:
        """Its exit code; negative where it was lost, None while it runs."""

    def stop(self) -> None:
        """End it, with what it is doing."""


@runtime_checkable
class Engine(Protocol):
    """Where workers run."""

    def start(self, request: Request, number: int) -> Worker:
        """Start worker `number`, counted from 1, of the command that was asked for."""

    def close(self) -> None:
        """Let go of what the engine holds; no worker is started after that."""


class Local:
    """Processes of this machine, each pinned to a core of its own while there are enough."""

    def start(self, request: Request, number: int) -> Worker:
        """Start one. It ends when this process does, in whatever way, which it sees by its standard input."""
        cores = usable_cores()
        command = [sys.executable, "-m", "mesascope", "worker", request.model_dump_json(), str(number)]
        pinned = [] if cores is None else ["--core", str(cores[number % len(cores)])]
        return _Process(subprocess.Popen([*command, *pinned], stdin=subprocess.PIPE))  # noqa: S603, arguments of our own

    def close(self) -> None:
        """Nothing is held."""


class _Process:
    def __init__(self, process: Any):
        self._process = process

    def poll(self) -> int | None:
        return self._process.poll()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()


def usable_cores() -> list[int] | None:
    """The cores that this process may use; None where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def core_count() -> int:
    """How many cores this process may use."""
    return len(usable_cores() or ()) or os.cpu_count() or 1


class Pool:
    """Workers of one request. Used as a context: they are ended where the work in it raises.

    Args:
        engine: where they run.
        request: what they are asked for.
        numbers: their numbers, counted from 1.
    """

    def __init__(self, engine: Engine, request: Request, numbers: Iterable[int]):
        self._engine, self._request = engine, request
        self._numbers, self._workers = tuple(numbers), dict[int, Worker]()

    def __enter__(self) -> "Pool":
        try:
            for number in self._numbers:
                self._workers[number] = self._engine.start(self._request, number)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._engine.close()
        else:
            self._end()

    def _end(self) -> None:
        try:
            self.stop()
        finally:
            self._engine.close()

    def __len__(self) -> int:
        return len(self._workers)

    def wait(
        self, task: str, done: Callable[[], int] = lambda: 0, wanted: int | None = None, pause: float = PAUSE
    ) -> None:
        """Until all have ended. One that is lost is started anew.

        Args:
            task: what messages call the work.
            done: how many jobs are done, asked all the while.
            wanted: how many there are; once they are done, workers that do not end are ended.
            pause: seconds between two looks.

        Raises:
            StorageError: one failed, or several were lost in a row without a job done.
            KeyboardInterrupt: a signal was heard.
        """
        losses, before, finished = 0, done(), float("inf")
        while self._workers:
            check_canceled()
            now = done()
            if now == wanted:
                finished = min(finished, time.monotonic())
            for number, worker in list(self._workers.items()):
                code = worker.poll()
                if code is None:
                    continue
                del self._workers[number]
                if code < 0 or code in POLITELY:
                    losses, before = (losses if now == before else 0) + 1, now
                    if losses >= MOST_LOSSES:
                        raise StorageError(
                            f"{losses} processes of this {task} ended one after another (exit code {code}) and none finished a "
                            "job: is there memory enough? The same command goes on; fewer workers need less"
                        )
                    self._workers[number] = self._engine.start(self._request, number)
                elif code > 0:
                    raise StorageError(f"a process of this {task} ended with exit code {code} (see above)")
            if time.monotonic() - finished > ENDING:
                self.stop()
            time.sleep(pause if self._workers else 0)

    def stop(self) -> None:
        """End all of them."""
        for worker in self._workers.values():
            worker.stop()
        self._workers.clear()
