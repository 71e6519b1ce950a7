"""From few tasks to many: train, measure, and put the table into docs/regression.md.

`python docs/task_diversity.py FILE [--seeds N] [--page]`: FILE (JSON lines) takes each result as it comes; what it holds is not
done again. With `--page` nothing is trained: the page is written from what FILE holds.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from blocks import put, table

from mesascope.core.jsonable import to_json
from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.experiments.regression.contexts import halves
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.regression.instrument_list import FRESH
from mesascope.experiments.regression.instruments.family import family
from mesascope.experiments.regression.instruments.match import match, nearest_match
from mesascope.experiments.regression.reader import ask
from mesascope.experiments.regression.returns import squared_error
from mesascope.experiments.regression.training import trained
from mesascope.store.lines import read_lines, write_lines
from mesascope.worlds.described import TRAINING

PAGE = Path(__file__).with_name("regression.md")
MOST = 1024
"""Rows of every pool, the same tasks over and over where they are fewer: all trainings are then one program."""

STEPS = 3
COUNTS = tuple(2**k for k in range(MOST.bit_length()))
LABORATORY = Regression(attention="softmax", layers=2, batch=64)


class Diverse(NamedTuple):
    """One number of tasks: distance of the answers to those of the remembered tasks, and to the nearest algorithm that
    improves candidates, both on contexts of fresh tasks; query losses in training and on fresh tasks.
    """

    tasks: int
    remembered: Estimate
    searching: Estimate
    algorithm: str
    home: Estimate
    fresh: Estimate


def diversity(experiment: Regression, seed: int, counts: Sequence[int], contexts: int = 2_048) -> Iterator[Diverse]:
    """Trains the experiment's network on each number of tasks, which must divide `MOST`."""
    for count in counts:
        of = Regression(**{**vars(experiment), "tasks": count})
        pool = of.pool(seed)
        assert pool is not None
        assert MOST % count == 0
        net, _ = trained(of.recipe, seed, jnp.tile(pool, (MOST // count, 1)))
        fit, scored = halves(of.draw(seed, "match", contexts, pool, FRESH))
        matches = match(net, family(pool, STEPS), fit, scored)
        searching = nearest_match([m for m in matches if m.algorithm.iterates])
        (remembered,) = (m for m in matches if m.algorithm.group == "remembered tasks")
        losses = []
        for distribution in (TRAINING, FRESH):
            drawn = of.draw(seed, "audit", contexts, pool, distribution)
            losses.append(squared_error(drawn, ask(net, drawn))[0])
        yield Diverse(count, remembered.distance, searching.distance, searching.algorithm.name, *losses)


def over_seeds(values: list[float]) -> str:
    """Mean with Student's interval; all of these are 0 or above."""
    found = mean_over_seeds(np.array(values), least=0.0)
    return f"{found.value:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}]"


def crossing(rows: list[dict[str, Any]]) -> str:
    """One row for each number of tasks."""
    columns = ("tasks", "seeds", "to remembered tasks", "to an algorithm", "nearer to the algorithm")
    lines = []
    for count in COUNTS:
        at = [row for row in rows if row["tasks"] == count]
        if not at:
            continue
        sides = [(row["remembered"]["value"], row["searching"]["value"]) for row in at]
        losses = [over_seeds([row[where]["value"] for row in at]) for where in ("home", "fresh")]
        nearer = sum(searching < remembered for remembered, searching in sides)
        distances = [over_seeds(list(side)) for side in zip(*sides, strict=True)]
        lines.append([str(count), str(len(at)), *distances, f"{nearer} of {len(at)}", *losses])
    return table([*columns, "query loss, own tasks", "fresh tasks"], lines)


def main() -> None:
    """Do what is missing, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--page", action="store_true")
    given = parser.parse_args()
    for seed in range(0 if given.page else given.seeds):
        there = {row["tasks"] for row in read_lines(given.file) if row["seed"] == seed}
        for found in diversity(LABORATORY, seed, [count for count in COUNTS if count not in there]):
            write_lines(given.file, [*read_lines(given.file), {"seed": seed, **to_json(found)}])
            print(f"seed {seed}, {found.tasks} tasks", flush=True)
    put(PAGE, "python docs/task_diversity.py FILE --page", {"crossing": crossing(read_lines(given.file))})


if __name__ == "__main__":
    main()
