"""Kills at random times: stub studies whose processes are ended by SIGKILL, over and over, until they are through.

    python -m tests.jobs.kills 500

Each study has 24 cells of a few milliseconds, with a checkpoint in each, and one process or two. Whenever processes were killed
the same command is given again. In the end the files must be those of a study that nobody disturbed.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mesascope.jobs.job import Job
from mesascope.jobs.listener import SILENT
from mesascope.jobs.results import Files, Lines
from mesascope.jobs.runner import Share, run_job, run_jobs
from mesascope.store.bundle import load_bundle, save_bundle, sweep_bundle
from mesascope.store.results import write_json

CELLS, STEPS = 24, 3


def stub_jobs(out: Path) -> list[Job]:
    """Cells that train in three steps, each saved, and log every step that they do."""

    def trained(number: int) -> Job:
        def work(listener: object) -> dict[str, float]:
            folder, state, done = place(number) / "checkpoint", np.arange(5.0) + number, 0
            if (folder / "manifest.json").exists():
                found = load_bundle(folder, "stub", "it is passed over")
                state, done = found.arrays["state"], int(found.about["done"])
            for step in range(done, STEPS):
                time.sleep(0.001)
                state = np.cos(state * (step + 2))
                save_bundle(folder, "stub", {"done": step + 1}, {"state": state})
            return {"value": float(state.sum())}

        return Job("training", {"training": number}, work, f"training {number}")

    def place(number: int) -> Path:
        return out / "trainings" / str(number)

    def cell(number: int) -> Job:
        def work(listener: object) -> dict[str, float]:
            results = Files(lambda job: place(number) / "training.json")
            found = run_job(trained(number), results, SILENT)
            sweep_bundle(place(number) / "checkpoint")
            return {"cell": number, "value": found["value"]}

        return Job("cell", {"cell": number}, work, f"cell {number}", number % 3)

    return [cell(number) for number in range(CELLS)]


def study(out: Path, worker: int, of: int) -> None:
    """One process of a stub study: the cells that nobody is at, then the document of all."""
    results = Lines(out / "cells.jsonl")
    rows = run_jobs(stub_jobs(out), results, SILENT, share=Share(worker, of))
    write_json(out / "study.json", {"rows": rows})


def in_processes(out: Path, count: int, alive: float | None = None, rng: random.Random | None = None) -> bool:
    """Run the study in forked processes; kill one of them, or all, after so many seconds. Whether all came through."""
    children = []
    for worker in range(count):
        child = os.fork()
        if child == 0:
            try:
                study(out, worker, count)
                os._exit(0)
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
        children.append(child)
    if alive is not None and rng is not None:
        time.sleep(alive)
        for child in children if rng.random() < 0.5 else children[:1]:
            os.kill(child, signal.SIGKILL)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert all(code in (0, -signal.SIGKILL) for code in codes), f"a process ended with {codes}"
    return codes == [0] * count


def contents(out: Path, *, ordered: bool) -> dict[str, bytes]:
    """All files by name; lines of the journal sorted where two processes wrote them."""
    found = {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
    if not ordered:
        found["cells.jsonl"] = b"\n".join(sorted(found["cells.jsonl"].splitlines()))
    return found


class Outcome(NamedTuple):
    """What came of the kills."""

    kills: int
    studies: int
    lost: int
    different: int


def kill(kills: int, seed: int, folder: Path) -> Outcome:
    """Kill processes of stub studies so many times, and finish each study now and then."""
    rng = random.Random(seed)
    begun = time.monotonic()
    assert in_processes(folder / "undisturbed", 1)
    length = time.monotonic() - begun
    whole = {ordered: contents(folder / "undisturbed", ordered=ordered) for ordered in (True, False)}
    done = studies = lost = different = 0
    while done < kills:
        out, count, before = folder / str(studies), 1 + studies % 2, 0
        for _ in range(rng.randint(2, 8)):
            through = in_processes(out, count, rng.uniform(0, length), rng)
            done += not through
            journal = out / "cells.jsonl"
            there = len(Lines(journal).there()) if journal.exists() else 0
            lost += max(before - there, 0)
            before = there
        assert in_processes(out, count)
        different += contents(out, ordered=count == 1) != whole[count == 1]
        studies += 1
        shutil.rmtree(out)
    return Outcome(done, studies, lost, different)


def main(arguments: list[str]) -> int:
    """So many kills from a seed; exit code 1 where something was lost or came out otherwise."""
    kills, seed = int(arguments[0]) if arguments else 50, int(arguments[1]) if len(arguments) > 1 else 0
    memory = Path("/dev/shm")  # where flushing takes no time
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        outcome = kill(kills, seed, Path(folder))
    print(
        f"{outcome.kills} kills in {outcome.studies} studies of {CELLS} cells: {outcome.lost} finished cells lost, "
        f"{outcome.different} studies with other files than one that nobody disturbed"
    )
    return int(outcome.lost > 0 or outcome.different > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
