"""Run what is missing of the study of repairs and put its tables into docs/repairs.md: `python docs/repairs.py FILE`.

FILE holds one line of JSON for each job and seed that is done; the same command goes on where it stopped. `--seeds N` says how
many, `--until HH:MM` when to begin no more, `--page` to run nothing.
"""

import argparse
import datetime
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.repairs.tables import PARTS

PAGE = Path(__file__).resolve().parent / "repairs.md"
DRAWS = 12
"""Seeds of what trains nothing."""


def done_before(path: Path) -> list[dict[str, Any]]:
    """The lines that are whole."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:  # cut off in the middle: that job is run again
            continue
    return found


def run(path: Path, seeds: int, until: str | None) -> None:
    """Every job that is not in the file yet, seed by seed, each stored as soon as it is done."""
    from benchmarks.repairs.jobs import jobs

    deadline = None if until is None else _next(until)
    finished = {(line["job"], line["seed"]) for line in done_before(path)}
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
        line = {"job": job.name, "seed": seed, "rows": rows}
        line |= {"seconds": time.monotonic() - began, "processor_seconds": time.process_time() - used}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(
            f"seed {seed}, {job.name}: {line['seconds']:.0f} s, of the processor {line['processor_seconds']:.0f} s",
            flush=True,
        )


def _next(clock: str) -> datetime.datetime:
    """The next time that the clock shows HH:MM."""
    now = datetime.datetime.now()
    hour, minute = map(int, clock.split(":"))
    found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return found if found > now else found + datetime.timedelta(days=1)


def write_page(path: Path) -> None:
    """Rewrite every block of the page from the file."""
    rows = [row for line in done_before(path) for row in line["rows"]]
    text = PAGE.read_text(encoding="utf-8")
    for name, made in PARTS.items():
        begin, end = f"<!-- {name}: python docs/repairs.py FILE -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not ended:
            sys.exit(f"{PAGE}: expected a line {begin} and after it a line {end}")
        text = f"{before}{begin}\n\n{made(rows)}\n\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8")


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
