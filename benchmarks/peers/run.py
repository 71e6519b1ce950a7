"""Mesascope and its peers on one machine: `python benchmarks/peers/run.py [--jaxgmg FOLDER]`.

Makes an environment for each package, measures all of them in turn, and writes the page, its figures and its data.
README.md beside this file says what for. Standard library only.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.peers.environments import PEERS, ROOT, Environment, PeerError, prepare
from benchmarks.peers.measure import Row, measure
from benchmarks.peers.page import figure, page, scrub
from benchmarks.peers.plan import QUESTIONS, Case, cases, wanted

POOL = 16_384
"""Levels that peers train on."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, help="repeats of every measurement, 5; with --quick 3")
    parser.add_argument("--quick", action="store_true", help="fewer sizes, rooms and repeats, a lower cap")
    parser.add_argument("--jaxgmg", type=Path, metavar="FOLDER", help="a checkout of jaxgmg")
    parser.add_argument("--only", nargs="+", default=[], choices=("mesascope", "jaxgmg", *PEERS), metavar="PACKAGE")
    parser.add_argument("--jobs", nargs="+", default=[], choices=[q.job for q in QUESTIONS], metavar="JOB")
    parser.add_argument("--cap", type=float, help="CPU-seconds after which a training is cut off, 100; with --quick 30")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "peers", help="folder of environments and logs")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "performance", help="folder of page, data and figures"
    )
    parser.add_argument("--from", dest="data", type=Path, metavar="JSON", help="make the page anew and measure nothing")
    parser.add_argument(
        "--again",
        type=Path,
        metavar="JSON",
        help="keep what this data says of other questions, and add what is measured now",
    )
    asked = parser.parse_args(given)
    asked.repeats = asked.repeats if asked.repeats is not None else 3 if asked.quick else 5
    asked.cap = asked.cap if asked.cap is not None else 30.0 if asked.quick else 100.0
    if asked.repeats < 1 or asked.cap <= 0:
        parser.error("expected --repeats of at least 1 and --cap above 0")
    return asked


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def environments(found: list[Case], work: Path, jaxgmg: Path | None) -> dict[str, Environment | PeerError]:
    """Environments of all packages that the cases need; a package that cannot be had stands with its reason."""

    def one(who: str) -> Environment | PeerError:
        say(f"environment of {who}")
        try:
            return prepare(who, work, jaxgmg)
        except (PeerError, OSError) as error:
            say(f"{who} is left out: {error}")
            return PeerError(str(error))

    names = list(dict.fromkeys(case.who for case in found))
    with ThreadPoolExecutor(max_workers=2) as two:
        return dict(zip(names, two.map(one, names), strict=True))


def share_mazes(made: dict[str, Environment | PeerError], work: Path) -> None:
    """Let Mesascope write the mazes that all trainings share. Where that fails, the peers' trainings say so."""
    case = Case("share", "mesascope", "shared mazes", {"size": 9, "pool": POOL})
    (work / "mazes.npz").unlink(missing_ok=True)
    if "mesascope" not in made:
        made["mesascope"] = environments([case], work, None)["mesascope"]
    row = measure([case], made, 0, work, say)[0]
    if row.failed:
        say(f"no shared mazes: {row.failed}")


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def plain(row: Row) -> dict:
    """A row as JSON holds it."""
    case = row.case
    failed = None if row.failed is None else scrub(row.failed)
    return {
        "job": case.job,
        "who": case.who,
        "name": case.name,
        "options": case.options,
        "about": row.about,
        "repeats": list(row.repeats),
        "peak_mb": row.peak_mb,
        "ready": row.ready,
        "failed": failed,
    }


def added(earlier: dict, run: dict) -> dict:
    """Data of an earlier run, with the questions of a later one answered anew; `again` says when and how those were measured."""
    jobs = {row["job"] for row in run["rows"]}
    about = {name: run[name] for name in ("command", "date", "load", "repeats")}
    kept = [row for row in earlier["rows"] if row["job"] not in jobs]
    again = {**earlier.get("again", {}), **dict.fromkeys(sorted(jobs), about)}
    return {
        **earlier,
        "rows": [*kept, *run["rows"]],
        "versions": {**earlier["versions"], **run["versions"]},
        "again": again,
    }


def write(run: dict, out: Path) -> None:
    """The data, the page and the figures."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "peers.json").write_text(json.dumps(run, indent=1) + "\n")
    (out / "peers.md").write_text(page(run))
    for question in QUESTIONS:
        drawn = figure(question, run)
        if drawn:
            (out / f"peers-{question.job}.svg").write_text(drawn)
    say(f"written: {out / 'peers.md'}")


def main() -> None:
    """Measure and write."""
    asked, begun, before = arguments(), time.monotonic(), os.getloadavg()[0]
    if asked.data:
        write(json.loads(asked.data.read_text()), asked.out)
        return
    work, most = asked.work.resolve(), before
    work.mkdir(parents=True, exist_ok=True)
    found = [c for c in wanted(cases(asked.cap, asked.quick), asked.only) if not asked.jobs or c.job in asked.jobs]
    made, rows = environments(found, work, asked.jaxgmg), []
    if any(case.job == "training" and not case.ours for case in found):
        share_mazes(made, work)
    for question in QUESTIONS:
        of_it = [case for case in found if case.job == question.job]
        if of_it:
            rows += measure(of_it, made, asked.repeats, work, say)
            most = max(most, os.getloadavg()[0])
    told = [scrub(word) for word in sys.argv[1:]]
    run = {
        "command": shlex.join(["python", "benchmarks/peers/run.py", *told]),
        "date": datetime.date.today().isoformat(),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count() or 1,
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "load": {"before": before, "most": most},
        "seconds": time.monotonic() - begun,
        "repeats": asked.repeats,
        "cap": asked.cap,
        "quick": asked.quick,
        "versions": {w: {"failed": scrub(str(e))} if isinstance(e, PeerError) else e.versions for w, e in made.items()},
        "rows": [plain(row) for row in rows],
    }
    write(run if asked.again is None else added(json.loads(asked.again.read_text()), run), asked.out)


if __name__ == "__main__":
    main()
