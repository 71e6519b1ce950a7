"""Does training keep a search that was planted, or make one of what does not search? `python docs/planting.py [SEEDS]`.

Running it again resumes it; the rows are kept in `planting.jsonl`, and the block in `emergence.md` is written from them. Every
start is trained and examined in the same way, seed by seed: a net that has imitated a planner, one that has imitated a
compass, which does not search, one that is fresh, and a search written into the weights by hand.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from blocks import put, table

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.protocol import TrainState
from mesascope.calibration.emergence import fresh_start, imitating_start, planted_start, watch
from mesascope.core.statistics import mean_over_seeds, rate_of
from mesascope.instruments.search.trials import test_names
from mesascope.store.lines import read_lines, write_lines
from mesascope.worlds.grids.red_doors import RedDoors

HERE = Path(__file__).parent
PAGE, ROWS = HERE / "emergence.md", HERE / "planting.jsonl"
COMMAND = "python docs/planting.py"
WORLD = RedDoors(size=7)
UPDATES, SEEDS = 300, 10
TRAINING = ExactPolicyGradient(updates=UPDATES, batch=16, learning_rate=6e-3)
TESTS = test_names(WORLD)
PASSES = 0.5
"""The least of the three scores of a seed that is called passing here. Seeds are the units, so that no interval within one
is asked for; and nothing is called search, since no capacity is bounded."""

STARTS: dict[str, Callable[[int], TrainState]] = {
    "has imitated a planner": lambda seed: imitating_start(TRAINING, WORLD, seed, "planner,objective=door", UPDATES),
    "has imitated a compass": lambda seed: imitating_start(TRAINING, WORLD, seed, "compass,objective=door", UPDATES),
    "fresh": lambda seed: fresh_start(TRAINING, WORLD, seed),
    "search written by hand": lambda seed: planted_start(TRAINING, WORLD, seed, 0.3),
}


def row_of(start: str, seed: int) -> dict[str, Any]:
    """The tests at the start and after training."""
    began = time.perf_counter()
    stages = [
        {
            "updates": stage.updates,
            "competence": round(stage.competence, 4),
            "least": round(stage.least, 4),
            "moved": round(stage.moved, 4),
            "scores": {name: round(found.value, 4) for name, found in stage.scores.items()},
        }
        for stage in watch(TRAINING, WORLD, STARTS[start](seed), (0, UPDATES), seed)
    ]
    return {"start": start, "seed": seed, "stages": stages, "seconds": round(time.perf_counter() - began, 1)}


def passes(stage: dict[str, Any]) -> bool:
    """Whether every test scores at least half; one in which no cell could be scored does not."""
    return all((stage["scores"][test] or 0.0) >= PASSES for test in TESTS)


def told(rows: Sequence[dict[str, Any]]) -> str:
    """Each start before and after training: competence, how far weights moved, seeds that pass all three tests."""
    shown = []
    for start in STARTS:
        mine = [row for row in rows if row["start"] == start]
        if not mine:
            continue
        first, last = ([row["stages"][k] for row in mine] for k in (0, -1))
        for title, stages in (("before", first), ("after", last)):
            passing = rate_of(sum(map(passes, stages)), len(stages))
            shown.append(
                [
                    start if title == "before" else "",
                    title,
                    f"{round(passing.value * len(stages))} of {len(stages)}: {passing.text}",
                    *(_mean(stage["scores"][test] for stage in stages) for test in TESTS),
                    _mean(stage["competence"] for stage in stages),
                    _mean(stage["moved"] for stage in stages),
                ]
            )
    columns = ["start", "training", "seeds that pass all three", *TESTS, "competence"]
    seconds = sum(row["seconds"] for row in rows)
    return f"{table([*columns, 'weights moved, of their norm'], shown)}\n\n{len(rows)} trainings, {seconds / 60:.0f} minutes."


def _mean(values: Iterable[float | None]) -> str:
    """Over seeds; a score that no cell could be counted for is left out."""
    told = np.array([value for value in values if value is not None], float)
    return mean_over_seeds(told).text if len(told) else "none"


def main(seeds: int) -> None:
    """Run what is missing, keep it, and write the page."""
    rows = read_lines(ROWS)
    done = {(row["start"], row["seed"]) for row in rows}
    for seed in range(seeds):
        for start in STARTS:
            if (start, seed) not in done:
                rows.append(row_of(start, seed))
                write_lines(ROWS, rows)
    put(PAGE, COMMAND, {"planting": told(rows)})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
