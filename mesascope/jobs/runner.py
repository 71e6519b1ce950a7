"""The one loop over jobs: what was done before is not done again, what is done is stored before the next begins."""

import gc
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax

from mesascope.core.errors import MesascopeError
from mesascope.jobs.interrupts import check_canceled
from mesascope.jobs.job import Job
from mesascope.jobs.listener import Listener, duration
from mesascope.jobs.results import Results

TOGETHER = 8
"""Different programs after which the compiled ones are let go of: a process may hold only so many."""


def run_job(job: Job, results: Results, listener: Listener) -> Any:
    """The result of one job, made and stored if it is not there yet."""
    found = results.find(job)
    if found is None:
        check_canceled()
        made = job.work(listener)
        check_canceled()
        found = results.put(job, made)
    return found


def run_jobs(
    jobs: Sequence[Job], results: Results, listener: Listener, *, before: str = "", together: int = TOGETHER
) -> list[Any]:
    """The results of all jobs, in order; those that are missing are made one after another.

    Args:
        jobs: jobs with equal fingerprints share one result.
        results: where results are found and stored. All are looked for before the first is made.
        listener: hears which job begins and how long the rest will take.
        before: what the listener hears where every job was done before.
        together: different programs after which compiled ones are let go of.

    Raises:
        MesascopeError: of the job that failed, with its label in front where there are several; `KeyboardInterrupt` once a
            signal was heard. What was stored before stays.
    """
    found = {job.fingerprint: results.find(job) for job in jobs}
    missing = {job.fingerprint: job for job in jobs if found[job.fingerprint] is None}
    if before and not missing:
        listener.note(before)
    programs: set[Hashable] = set()
    started = time.monotonic()
    for number, (fingerprint, job) in enumerate(missing.items()):
        if job.program not in programs and len(programs) == together:
            programs.clear()
            forget_programs()
        programs.add(job.program)
        if len(missing) > 1:
            each = (time.monotonic() - started) / max(number, 1)
            left = f", about {duration(each * (len(missing) - number))} left" if number else ""
            listener.note(f"{job.kind} {number + 1} of {len(missing)}: {job.label}{left}")
        try:
            found[fingerprint] = run_job(job, results, listener)
        except MesascopeError as error:
            if len(jobs) == 1:
                raise
            raise type(error)(f"{job.label}: {error}") from error
    return [found[job.fingerprint] for job in jobs]


def stage_of(label: str, listener: Listener) -> Callable[[str], None]:
    """What is to be called where a stage of a job begins: the listener hears it, and a signal ends the job there."""

    def stage(name: str) -> None:
        listener.say(f"{label}: {name}")
        check_canceled()

    return stage


def forget_programs() -> None:
    """Let go of what was compiled in this process. What is kept on disk is read again when it is needed."""
    jax.clear_caches()
    gc.collect()
