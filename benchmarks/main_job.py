"""Seconds and memory of whole commands: `python benchmarks/main_job.py [JOB ...] [--repeats N] [--trained DIR]`.

Jobs: `help`, `quick`, `saved` (one already trained subject, 1,000 levels of each distribution), `default` (three
seeds). Every repeat is a new process that writes to a new folder, imports included. The first of each job finds nothing
compiled; the others find what it left in a cache of their own. Prints both, with the largest resident memory and the
load of the machine before the job: figures of a busy machine say little.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

TARGETS = {"help": "0.5 s", "quick": "90 s", "saved": "60 s", "default": "360 s, 4,096 MB"}
COMMANDS = {
    "help": ("--help",),
    "quick": ("audit", "red-doors", "--quick"),
    "saved": ("audit", "red-doors", "--levels", "1000"),
    "default": ("audit", "red-doors"),
}
ROOT = Path(__file__).resolve().parents[1]


class Cost(NamedTuple):
    """What one process took: wall seconds, and its largest resident memory in megabytes (1,048,576 bytes)."""

    seconds: float
    megabytes: float


def run(arguments: tuple[str, ...], cache: Path) -> Cost:
    """Cost of one command, in a process of its own; ends the benchmark where the command fails."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mesascope", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**inherited, "PYTHONPATH": paths, "MESASCOPE_CACHE": str(cache)},
    )
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode != 0:
        sys.exit(f"mesascope {' '.join(arguments)}: exit {process.returncode}\n{said.decode(errors='replace')}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes here
    return Cost(seconds, usage.ru_maxrss * unit / 2**20)


def measure(job: str, repeats: int, trained: Path, folder: Path) -> list[Cost]:
    """Costs of every repeat of a job."""
    costs = []
    for repeat in range(repeats):
        extra: tuple[str, ...] = () if job == "help" else ("--out", str(folder / f"{job}-{repeat}"))
        if job == "saved":
            extra = (*extra, "--subject", str(trained))
        costs.append(run((*COMMANDS[job], *extra), folder / f"compiled-{job}"))
    return costs


def report(job: str, costs: list[Cost], load: float) -> None:
    """One line: the first run, median and range of the others, the most memory of any."""
    later = [cost.seconds for cost in costs[1:]]
    again = (
        f"then {statistics.median(later):.2f} s [{min(later):.2f}, {max(later):.2f}] in {len(later)}, " if later else ""
    )
    print(
        f"{job:8s} first {costs[0].seconds:.2f} s, {again}at most {max(cost.megabytes for cost in costs):,.0f} MB; "
        f"load {load:.2f} before; target {TARGETS[job]}",
        flush=True,
    )


def main() -> None:
    """Measure the jobs asked for and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", choices=[[], *COMMANDS], default=[], metavar="JOB", help=", ".join(COMMANDS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trained", type=Path, help="a saved learned algorithm for `saved`, instead of training one")
    given = parser.parse_args()
    if given.repeats < 1:
        parser.error("expected --repeats of at least 1")
    jobs = given.jobs or list(COMMANDS)
    with tempfile.TemporaryDirectory() as name:
        folder, trained = Path(name), given.trained
        if "saved" in jobs and trained is None:
            trained = folder / "trained"
            run(("audit", "red-doors", "--seeds", "1", "--out", str(trained)), folder / "compiled-training")
        for job in jobs:
            load = os.getloadavg()[0]
            report(job, measure(job, given.repeats, trained or folder, folder), load)


if __name__ == "__main__":
    main()
