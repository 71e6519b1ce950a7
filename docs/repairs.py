"""Run what is missing of the study of repairs and put its tables into docs/repairs.md: `python docs/repairs.py FILE`.

FILE holds one line of JSON for each job and seed that is done, with the fingerprint of the conditions it was done under; the same
command goes on where it stopped, and takes lines of other conditions, or of none named, for not done. `--seeds N` says how
many, `--until HH:MM` when to begin no more, `--page` to run nothing.
"""

import argparse
import datetime
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from blocks import put

from benchmarks.repairs.conditions import fingerprint
from benchmarks.repairs.tables import PARTS
from mesascope.store.lines import read_lines, write_lines

PAGE = Path(__file__).resolve().parent / "repairs.md"
DRAWS = 12
"""Seeds of what trains nothing."""


def run(path: Path, seeds: int, until: str | None) -> None:
    """Every job that is not in the file yet, seed by seed, each stored as soon as it is done."""
    from benchmarks.repairs.jobs import jobs

    deadline = None if until is None else _next(until)
    finished = {(line["job"], line["seed"]) for line in of_these(read_lines(path))}
    diagnostic, *trainings = jobs()
    plan = [(diagnostic, seed) for seed in range(max(seeds, DRAWS))]
    plan += [(job, seed) for seed in range(seeds) for job in trainings]
    for job, seed in plan:
        if (job.name, seed) in finished:
            continue
        if deadline is not None and datetime.datetime.now() >= deadline:
            break
        began, used = time.monotonic(), time.process_time()
        rows = [{"seed": seed, **row} for row in job.run(seed)]
        line = {"job": job.name, "seed": seed, "conditions": fingerprint(), "rows": rows}
        line |= {"seconds": time.monotonic() - began, "processor_seconds": time.process_time() - used}
        write_lines(path, [*read_lines(path), line])
        print(
            f"seed {seed}, {job.name}: {line['seconds']:.0f} s, of the processor {line['processor_seconds']:.0f} s",
            flush=True,
        )


def of_these(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines that were made under the conditions of now."""
    return [line for line in lines if line.get("conditions") == fingerprint()]


def _next(clock: str) -> datetime.datetime:
    """The next time that the clock shows HH:MM."""
    now = datetime.datetime.now()
    hour, minute = map(int, clock.split(":"))
    found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return found if found > now else found + datetime.timedelta(days=1)


def write_page(path: Path) -> None:
    """Rewrite every block of the page from the file."""
    rows = [row for line in of_these(read_lines(path)) for row in line["rows"]]
    put(PAGE, "python docs/repairs.py FILE", {name: made(rows) for name, made in PARTS.items()})


def main() -> None:
    """Run, then write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--until")
    parser.add_argument("--page", action="store_true")
    given = parser.parse_args()
    if not given.page:
        run(given.file, given.seeds, given.until)
    write_page(given.file)


if __name__ == "__main__":
    main()
