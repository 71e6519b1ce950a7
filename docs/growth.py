"""Measure growth and put the table into docs/performance/growth.md: `python docs/growth.py`, on an idle machine."""

import datetime
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from blocks import put, table

from benchmarks.growth import EVERY, Point, fits, points

PAGE = Path(__file__).resolve().parent / "performance" / "growth.md"
REPEATS = 5
GROWS = {
    "solve-cells": "optimal values of 128 levels, by side",
    "policy-cells": "a policy's values and visits on 128 levels, by side",
    "solve-levels": "optimal values of 9x9, by levels",
    "train-cells": "an update of the default training, by side",
    "train-levels": "by levels of an update",
    "train-ticks": "by ticks of thinking",
    "train-channels": "by channels",
    "train-seeds": "by seeds trained together in one program",
    "workers": "96 updates, by processes that share them",
}


def figure(number: float) -> str:
    """Three digits."""
    return f"{number:.3g}" if number < 1000 else f"{number:,.0f}"


def row(name: str, found: list[Point]) -> list[str]:
    """What grows, its points, and both exponents."""
    powers = fits(found)
    memory = ", ".join(figure(p.megabytes) for p in found if p.megabytes is not None)
    return [
        GROWS[name],
        ", ".join(str(p.value) for p in found),
        ", ".join(figure(1000 * p.seconds) for p in found),
        powers["seconds"],
        memory,
        powers.get("megabytes", ""),
    ]


def main() -> None:
    """Measure every axis, then write."""
    rows = []
    for name in EVERY:
        found = list(points(name, REPEATS))
        rows.append(row(name, found))
        print(" | ".join(rows[-1]), flush=True)
    columns = ("what", "at", "milliseconds", "power (range)", "megabytes", "power (range)")
    day = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    when = f"{day}, least of {REPEATS} repeats. Sides count the border; powers are of cells inside it."
    put(PAGE, "python docs/growth.py", {"growth": f"{when}\n\n{table(columns, rows)}"})


if __name__ == "__main__":
    main()
