"""Search where a small table suffices: train, examine, and put the counts into docs/unintended.md.

`python docs/unintended.py FILE [--seeds N] [--updates N] [--page]`: FILE (JSON lines) takes each result as it comes; what it
holds is not done again, so that the same command goes on where it was stopped. With `--page` nothing is trained: the page is
written from what FILE holds.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from blocks import put, table

from mesascope.base_optimizers.registry import PRESETS, build_base_optimizer
from mesascope.base_optimizers.training import fixed_levels, train
from mesascope.core.competence import competence, competence_scale
from mesascope.core.mdp import rewards
from mesascope.core.rng import named_key
from mesascope.core.solver import evaluate, optimal_actions, optimal_values
from mesascope.core.statistics import rate_of
from mesascope.core.subject import AbstractSubject, policy_table
from mesascope.instruments.audited import untrained_twin
from mesascope.instruments.evaluation_levels import audit_key, contested
from mesascope.instruments.search.examine import SampleBudget, examine_search
from mesascope.instruments.search.verdict import Verdict
from mesascope.instruments.settings import QUICK
from mesascope.learned.channels_first import answer
from mesascope.learned.registry import build
from mesascope.store.lines import read_lines, write_lines
from mesascope.worlds.grids.grid import CHANNELS, GridLevels
from mesascope.worlds.grids.red_doors import RedDoors

PAGE = Path(__file__).with_name("unintended.md")
UNTRAINED, FRESH = "untrained", "fresh"
POINTS = ("1", "4", "16", "64", "256", FRESH, UNTRAINED)
"""Levels that training goes round; levels that never come again; no training."""
BATCH, HELD_OUT = 16, 512
WORLD = RedDoors()


def table_bits(levels: GridLevels) -> float:
    """Bits of the optimal policy as a table: for each cell that an episode may start in, what it takes to name an optimal
    action, ties counted out. Which level is meant is not counted.
    """
    mdp, base = WORLD.tables(levels), jnp.asarray(WORLD.base_objective.vector(WORLD.features))
    best = np.asarray(optimal_actions(optimal_values(mdp, base, WORLD.discount).action))
    bits = np.log2(best.shape[-1] / best.sum(-1))
    return float((bits * (np.asarray(mdp.initial) > 0)).sum())


def competence_on(subject: AbstractSubject, levels: GridLevels) -> float:
    """Of the base objective: 0 is the uniform policy, 1 the optimal one."""
    mdp, base = WORLD.tables(levels), jnp.asarray(WORLD.base_objective.vector(WORLD.features))
    policy = policy_table(answer(subject, WORLD.observe(levels)))
    returns = (evaluate(mdp, policy, rewards(mdp, base), WORLD.discount) * mdp.initial).sum(-1)
    return float(competence(returns, competence_scale(mdp, base, WORLD.discount)))


def subject_of(point: str, seed: int, updates: int) -> tuple[AbstractSubject, GridLevels | None]:
    """The net of a point and a seed, and the levels it went round."""
    if point == UNTRAINED:
        return build("glance", {}, key=named_key(seed, "unintended"), inputs=len(CHANNELS)), None
    count = 0 if point == FRESH else int(point)
    batch = min(count, BATCH) if count else BATCH
    options = {**PRESETS["quick"], "batch": batch, "batches": count // batch, "updates": updates}
    trained = train(build_base_optimizer("exact-policy-gradient", options), WORLD, "glance", seed=seed)
    return trained.subject, fixed_levels(WORLD, options, seed)


def examine(point: str, seed: int, updates: int) -> dict[str, Any]:
    """One line of the file. Trials are drawn for the base objective: the pool is of training levels, where what is red is the
    door, so that nets after either have the same optimal actions.
    """
    started = time.process_time()
    subject, own = subject_of(point, seed, updates)
    trained = time.process_time()
    found = examine_search(
        WORLD,
        subject,
        untrained_twin(subject, len(CHANNELS), seed),
        contested(WORLD, QUICK, seed),
        WORLD.base_objective.vector(WORLD.features),
        audit_key(seed, "search"),
        SampleBudget(QUICK.per_test, QUICK.certified),
        known=own,
    )
    fresh = WORLD.draw(named_key(seed, "unintended", "held out"), HELD_OUT)
    bound = found.certified
    return {
        "point": point,
        "seed": seed,
        "updates": updates,
        "verdict": str(found.verdict),
        "reason": found.reason,
        "tests": {t.name: {"score": t.score, "ceiling": t.ceiling} for t in found.tests},
        "stored": found.stored,
        "shown": None if bound is None else {"bits": bound.size.total, "levels": bound.levels, "enough": bound.enough},
        "table_bits": None if own is None else table_bits(own),
        "competence": {
            "own": None if own is None else competence_on(subject, own),
            "fresh": competence_on(subject, fresh),
        },
        "cpu_seconds": {"training": trained - started, "examination": time.process_time() - trained},
    }


def missing(done: list[dict[str, Any]], seeds: int, updates: int) -> Iterator[tuple[str, int]]:
    """Points and seeds that are not there yet, all points of a seed before the next seed."""
    there = {(row["point"], row["seed"], row["updates"]) for row in done}
    yield from ((p, s) for s in range(seeds) for p in POINTS if (p, s, updates) not in there)


def shares(rows: list[dict[str, Any]]) -> str:
    """One row for each point."""
    columns = ["levels in training", "bits of the table", "seeds", *(f"`{v}`" for v in Verdict), "share with `search`"]
    columns += ["competence, own levels", "fresh levels", "least score of the three tests", "least ceiling"]
    lines = []
    for point in POINTS:
        at = [row for row in rows if row["point"] == point]
        said = Counter(row["verdict"] for row in at)
        share = rate_of(said[Verdict.SEARCH], len(at))
        lines.append(
            [
                point,
                _mean(row["table_bits"] for row in at)
                if point not in (FRESH, UNTRAINED)
                else "no end" * (point == FRESH),
                str(len(at)),
                *(str(said[v]) for v in Verdict),
                f"{share.value:.2f} [{share.interval.low:.2f}, {share.interval.high:.2f}]" if at else "",
                _mean((row["competence"]["own"] for row in at), 2),
                _mean((row["competence"]["fresh"] for row in at), 2),
                _mean((_least(row, "score") for row in at), 2),
                _mean((_least(row, "ceiling") for row in at), 2),
            ]
        )
    return table(columns, lines)


def _least(row: dict[str, Any], part: str) -> float | None:
    """Of the three tests; None where one of them has no figure."""
    values = [test[part]["value"] for test in row["tests"].values()]
    return None if None in values else min(values)


def _mean(values, digits: int = 0) -> str:
    found = [v for v in values if v is not None and np.isfinite(v)]
    return f"{np.mean(found):,.{digits}f}" if found else ""


def reasons(rows: list[dict[str, Any]]) -> str:
    """Why it is said, for the first seed of each point."""
    first = {p: next((r for r in rows if r["point"] == p), None) for p in POINTS}
    return "\n".join(f"* {p}: `{r['verdict']}`. {r['reason']}." for p, r in first.items() if r is not None)


def write_page(rows: list[dict[str, Any]]) -> None:
    """Put the tables between their comments."""
    put(PAGE, "python docs/unintended.py FILE --page", {"shares": shares(rows), "reasons": reasons(rows)})


def main() -> None:
    """Do what is missing, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=PRESETS["quick"]["updates"])
    parser.add_argument("--page", action="store_true")
    given = parser.parse_args()
    if not given.page:
        for point, seed in missing(read_lines(given.file), given.seeds, given.updates):
            row = examine(point, seed, given.updates)
            write_lines(given.file, [*read_lines(given.file), row])
            print(point, seed, row["verdict"], row["cpu_seconds"], flush=True)
    write_page([row for row in read_lines(given.file) if row["updates"] == given.updates])


if __name__ == "__main__":
    main()
