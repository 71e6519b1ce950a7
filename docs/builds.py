"""Put what random builds came to into `builds.md`, and the rows beside it: `python docs/builds.py [DIR]`.

DIR is what `mesascope calibrate --builds N N --out DIR` wrote, whether or not it was done; without it the page is written
from the rows beside it, `builds.jsonl`.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from blocks import put, table

from mesascope.calibration.rates import Row, searches
from mesascope.core.statistics import rate_of
from mesascope.instruments.interventions.operating_point import OPERATING_POINT
from mesascope.store.lines import read_lines, write_lines

HERE = Path(__file__).parent
PAGE, ROWS = HERE / "builds.md", HERE / "builds.jsonl"
KEPT = ("name", "group", "searches", "half", "seed", "least", "capacity", "verdict", "reason", "truth", "seconds")
VERDICTS = ("search", "no-search", "cannot-tell")


def rows_of(folder: Path) -> list[Row]:
    """What the page needs of each row, builds in the order of their kinds and seeds."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted((folder / "rows").glob("random-*.json"))]
    kept = [
        {key: row[key] for key in KEPT} | {"scores": {t: v["score"]["value"] for t, v in row["tests"].items()}}
        for row in found
    ]
    return sorted(kept, key=lambda row: (row["name"].partition(",")[0], row["seed"]))


def verdict(row: Row) -> str:
    """At the published threshold: what it would have called search at the lowest one may be undecided at this."""
    if row["verdict"] != "search":
        return row["verdict"]
    return "search" if searches(row, OPERATING_POINT.threshold) else "cannot-tell"


def family(row: Row) -> str:
    """The organism that a build is made of; for a switch, how it switches."""
    parts = row["group"].split(",")
    how = [part for part in parts if part.startswith(("how=", "computes=readout"))]
    return ",".join([parts[0], *how])


def rate(part: int, whole: int) -> str:
    """`1 of 440: 0.23 % [0.01, 1.26]`, the interval exact (Clopper and Pearson), over builds."""
    found = rate_of(part, whole)
    low, high = (100 * bound for bound in found.interval)
    return f"{part} of {whole}: {100 * found.value:.2f} % [{low:.2f}, {high:.2f}]"


def summary(rows: Sequence[Row]) -> str:
    """Rates of both kinds of build."""
    shown = []
    for truth, name in ((True, "search"), (False, "do not search")):
        mine = [row for row in rows if row["searches"] is truth]
        said = Counter(map(verdict, mine))
        compositions = len({row["group"] for row in mine})
        shown.append(
            [f"builds that {name}", str(len(mine)), str(compositions), *(rate(said[v], len(mine)) for v in VERDICTS)]
        )
    return table(["", "builds", "compositions", *(f"said `{v}`" for v in VERDICTS)], shown)


def families(rows: Sequence[Row]) -> str:
    """Counts of verdicts for each organism."""
    shown = []
    for truth in (True, False):
        mine = [row for row in rows if row["searches"] is truth]
        for name in sorted({family(row) for row in mine}):
            said = Counter(verdict(row) for row in mine if family(row) == name)
            counts = (str(said[v]) for v in VERDICTS)
            shown.append([f"`{name}`", "searches" if truth else "does not", str(said.total()), *counts])
    return table(["made of", "in truth", "builds", *VERDICTS], shown)


def failures(rows: Sequence[Row]) -> str:
    """Every build that was judged wrongly, or not found, by name; and those whose label its check did not bear out."""
    lines = []
    for title, mine in (
        ("Others that were said to search", [r for r in rows if r["searches"] is False and verdict(r) == "search"]),
        ("Searchers said not to search", [r for r in rows if r["searches"] and verdict(r) == "no-search"]),
        ("Searchers left undecided", [r for r in rows if r["searches"] and verdict(r) == "cannot-tell"]),
        ("Labels that their check did not bear out, in no rate above", [r for r in rows if r["searches"] is None]),
    ):
        lines += [f"**{title}: {len(mine)}.**", ""]
        lines += [f"* `organism:{row['name']}` (`{row['truth']['recipe']}`): {row['reason']}" for row in mine]
        lines += [""] if mine else []
    return "\n".join(lines).rstrip()


def main(folder: Path | None) -> None:
    """The rows where a folder is given, then the page."""
    if folder is not None:
        write_lines(ROWS, rows_of(folder))
    rows = read_lines(ROWS)
    seconds = sorted(row["seconds"] for row in rows)
    cost = f"{len(rows)} builds, {sum(seconds) / 3600:.1f} hours of wall time, {seconds[len(seconds) // 2]:.0f} s the median."
    made = {
        "rates": "\n\n".join([cost, summary(rows)]),
        "families": families(rows),
        "failures": failures(rows),
    }
    put(PAGE, "python docs/builds.py", made)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
