"""What the runner costs beside the jobs: `python -m benchmarks.jobs`.

Runs 1,000 jobs that do nothing, each stored in a journal with its lease, then opens a journal of 100,000 rows of two kilobytes.
Processor seconds are those of this process; on a disk, flushing adds wall time that no processor spends.
"""

import resource
import tempfile
import time
from pathlib import Path

from mesascope.jobs.job import Job
from mesascope.jobs.listener import SILENT
from mesascope.jobs.results import Lines
from mesascope.jobs.runner import run_jobs
from mesascope.store.journal import encoded

JOBS, ROWS, WIDE = 1_000, 100_000, 100


def job(number: int) -> Job:
    """A job that does nothing."""
    return Job("cell", {"cell": number}, lambda listener: {"value": number}, f"cell {number}", number // 10)


def kilobytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Print what is measured."""
    with tempfile.TemporaryDirectory() as folder:
        jobs, path = [job(number) for number in range(JOBS)], Path(folder) / "cells.jsonl"
        run_jobs([job(-1)], Lines(path), SILENT)
        before = kilobytes()
        wall, spent = time.monotonic(), time.process_time()
        run_jobs(jobs, Lines(path), SILENT)
        wall, spent = time.monotonic() - wall, time.process_time() - spent
        each = f"{spent / JOBS * 1e3:.2f} ms of processor time and {wall / JOBS * 1e3:.2f} ms of wall time a job"
        print(f"{JOBS} jobs: {each}, {kilobytes() - before} kB more memory at the most")
        large = Path(folder) / "large.jsonl"
        row = {"readouts": {f"readout {i}": i / 7 for i in range(WIDE)}}
        line = encoded({**row, "fingerprint": "0" * 64}, 6)
        with large.open("wb") as file:
            for number in range(ROWS):
                file.write(encoded({"cell": number, **row, "fingerprint": f"{number:064x}"}, 6) + b"\n")
        spent = time.process_time()
        found = Lines(large).there()
        print(
            f"a journal of {len(found)} rows of {len(line)} bytes opens in {time.process_time() - spent:.2f} s of processor time"
        )


if __name__ == "__main__":
    main()
