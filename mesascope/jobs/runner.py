"""The one loop over jobs: what was done before is not done again, what is done is stored before the next begins.

Any number of processes may run it over the same jobs. They meet in the store alone: whoever holds a job's lease makes it.
"""

import gc
import time
from collections.abc import Hashable, Sequence
from threading import Lock
from typing import Any, NamedTuple

import jax

from mesascope.core.errors import MesascopeError, StorageError
from mesascope.core.progress import Stage
from mesascope.jobs.failures import Failures
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Job
from mesascope.jobs.leases import PAUSE, held, lease_of, letting_go
from mesascope.jobs.listener import Listener, TimeLeft
from mesascope.jobs.results import Results
from mesascope.store.fs import hold, holder, sweep

TOGETHER = 8
"""Different programs after which the compiled ones are let go of: a process may hold only so many."""


class Share(NamedTuple):
    """Which of several processes this is that run the same jobs. Each begins at another place, and goes round them all."""

    worker: int = 0
    of: int = 1

    def in_turn(self, jobs: Sequence[Job]) -> list[Job]:
        """All jobs in this process's order: those of one program together, so that it is compiled in few processes."""
        programs = list(dict.fromkeys(job.program for job in jobs))
        place = {program: number for number, program in enumerate(programs)}
        ordered = sorted(jobs, key=lambda job: place[job.program])
        first = self.worker * len(ordered) // self.of
        return ordered[first:] + ordered[:first]


ALONE = Share()


def run_job(job: Job, results: Results, listener: Listener) -> Any:
    """The result of one job, made and stored if it is not there yet; where another process is at it, once that has ended."""
    sweep(results.folder(job))
    found = results.find(job)
    if found is None:

        def waiting(who: str) -> None:
            listener.say(f"{job.label}: waiting for {who or 'another process'}")

        with held(lease_of(results.folder(job), job.fingerprint), waiting):
            found = _made(job, results, listener)
    return found


def run_jobs(
    jobs: Sequence[Job],
    results: Results,
    listener: Listener,
    *,
    before: str = "",
    together: int = TOGETHER,
    share: Share = ALONE,
    failures: Failures | None = None,
) -> list[Any]:
    """The results of all jobs, in order; those that are missing are made one after another.

    Args:
        jobs: jobs with equal fingerprints share one result.
        results: where results are found and stored. All are looked for before the first is made.
        listener: hears which job begins and how long the rest will take.
        before: what the listener hears where every job was done before.
        together: different programs after which compiled ones are let go of.
        share: which of several processes this is.
        failures: where jobs that failed are kept: the others are made all the same, and None stands for the result of one that
            failed, now or before.

    Raises:
        MesascopeError: without `failures`, of the job that failed, with its label in front where there are several.
        StorageError: a result cannot be stored; with `failures` as well.
        KeyboardInterrupt: once a signal was heard. What was stored before stays.
    """
    for folder in {results.folder(job) for job in jobs}:
        sweep(folder)  # what processes left that have ended
    found = {job.fingerprint: results.find(job) for job in jobs}
    missing = {job.fingerprint: job for job in share.in_turn(jobs) if found[job.fingerprint] is None}
    if failures is not None:
        missing = {fingerprint: job for fingerprint, job in missing.items() if fingerprint not in failures}
    if before and not missing:
        listener.note(before)
    told, programs = _Told(listener, len(missing)), Programs(together)
    while missing:
        left = len(missing)
        for fingerprint, job in list(missing.items()):
            if results.find(job) is None and (failures is None or fingerprint not in failures):
                lease = hold(lease_of(results.folder(job), fingerprint))
                if lease is None:
                    continue  # another process is at it
                with letting_go(lease):
                    told.begins(job, len(missing))
                    programs.use(job.program)
                    _make(job, results, listener, failures, len(jobs))
            found[fingerprint] = results.find(job)
            del missing[fingerprint]
        if len(missing) == left:
            told.waits(missing, results)
    return [found[job.fingerprint] for job in jobs]


def _make(job: Job, results: Results, listener: Listener, failures: Failures | None, jobs: int) -> None:
    """Make a job whose lease is held; how it failed is kept or raised."""
    try:
        _made(job, results, listener)
    except StorageError as error:
        raise _labeled(error, job, jobs) from error
    except MesascopeError as error:
        if failures is None:
            raise _labeled(error, job, jobs) from error
        failures.put(job, error)
    except Exception as error:
        if failures is None:
            raise
        failures.put(job, error)


def _labeled(error: MesascopeError, job: Job, jobs: int) -> MesascopeError:
    return error if jobs == 1 else type(error)(f"{job.label}: {error}")


def _made(job: Job, results: Results, listener: Listener) -> Any:
    """The result of a job whose lease is held: made by now, or to be made."""
    found = results.find(job)
    if found is None:
        check_canceled()
        made = job.work(listener)
        check_canceled()
        found = results.put(job, made)
    return found


class _Told:
    """What the listener hears of a run."""

    def __init__(self, listener: Listener, total: int):
        self._listener, self._total, self._left = listener, total, TimeLeft()

    def begins(self, job: Job, left: int) -> None:
        """A job begins, with so many left."""
        if self._total > 1:
            done = self._total - left
            rest = self._left.after(done, self._total)
            self._listener.note(f"{job.kind} {done + 1} of {self._total}: {job.label}{rest}")
        else:
            self._listener.say(f"{job.kind}: {job.label}")

    def waits(self, missing: dict[str, Job], results: Results) -> None:
        """All that is missing is being made by other processes."""
        fingerprint, job = next(iter(missing.items()))
        who = holder(lease_of(results.folder(job), fingerprint)) or "another process"
        self._listener.say(f"waiting for {len(missing)} of {self._total}: {who} is at {job.label}")
        check_canceled()
        time.sleep(PAUSE)


class Programs:
    """Compiled programs of this process.

    Args:
        together: Different ones after which all are let go of.
    """

    def __init__(self, together: int = TOGETHER):
        self._together = together
        self._used: set[Hashable] = set()
        self._lock = Lock()

    def use(self, program: Hashable) -> None:
        """Let go of the others where there are too many."""
        with self._lock:
            if program not in self._used and len(self._used) == self._together:
                self._used.clear()
                forget_programs()
            self._used.add(program)


def stage_of(label: str, listener: Listener) -> Stage:
    """What is to be called where a stage of a job begins or goes on: the listener hears it, and a signal ends the job there."""

    def stage(name: str, done: int = 0, of: int = 0, /) -> None:
        listener.say(f"{label}: {name}", done, of)
        check_canceled()

    return stage


def forget_programs() -> None:
    """Let go of what was compiled in this process. What is kept on disk is read again when it is needed."""
    jax.clear_caches()
    gc.collect()
