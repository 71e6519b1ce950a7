"""How far an audit moves on another machine: `python -m benchmarks.other_machines FOLDER [--page]`.

There is one machine here, so what differs between machines is made to differ: the order and precision of sums (compiler
flags: one thread, older instructions, fast math), rounding of the weights, the keys of the chains; beside them another seed
of the audit, which draws other levels, and the same training under other flags, which is what training it again elsewhere
comes to. Each is a process of its own, whose figures stay in FOLDER; what is there is not done again. Some twenty minutes. With
`--page` nothing is audited: docs/performance/other-machines.md is written from what FOLDER holds.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from docs.blocks import put, table

PAGE = Path(__file__).parents[1] / "docs" / "performance" / "other-machines.md"
COMMAND = "python -m benchmarks.other_machines FOLDER --page"
SIZE, LEVELS, UPDATES = 7, 100, 300
ROUNDING = 1e-6


class Variant(NamedTuple):
    """What is different in one process."""

    told: str
    flags: str = ""
    change: str = ""
    trained: str = ""


BASE = "base"
VARIANTS = {
    BASE: Variant("as it is"),
    "thread": Variant("one thread", "--xla_cpu_multi_thread_eigen=false"),
    "older": Variant("instructions up to SSE 4.2", "--xla_cpu_max_isa=SSE4_2"),
    "fast": Variant("fast math", "--xla_cpu_enable_fast_math=true"),
    "rounded": Variant(f"weights changed by {ROUNDING:g} of their size", change="weights"),
    "chains": Variant("other keys of the chains", change="chains"),
    "seed": Variant("another seed: other levels", change="seed"),
    "trained": Variant("trained anew with instructions up to SSE 4.2", trained="--xla_cpu_max_isa=SSE4_2"),
}

Figures = Mapping[str, Any]
READ: dict[str, Callable[[Figures], Any]] = {
    "search": lambda d: d["search"]["verdict"],
    "alignment": lambda d: d["alignment"]["verdict"],
    "top feature, behavior": lambda d: _top(d["behavioral_objective"]),
    "competence in training": lambda d: d["competence"]["training"]["base"]["value"],
    "red first, blue-door (exact)": lambda d: d["behavior"]["blue-door"]["red"]["exact"]["value"],
    "red first, blue-door (sampled)": lambda d: d["behavior"]["blue-door"]["red"]["rate"],
    "inner gap, blue-door": lambda d: d["ledger"]["blue-door"]["inner"]["share"],
    "total gap, blue-door": lambda d: d["ledger"]["blue-door"]["total"]["share"],
    "lowest score of search": lambda d: min((t["statistic"] for t in d["search"]["tests"]), default=None),
    "weight of red, behavior": lambda d: d["behavioral_objective"]["weights"]["red"]["mean"],
    "weight of door, behavior": lambda d: d["behavioral_objective"]["weights"]["door"]["mean"],
}
"""Figures of an audit, texts first."""


def _top(objective: Figures) -> str:
    return max(objective["weights"], key=lambda feature: objective["weights"][feature]["mean"])


def work(folder: Path, names: Sequence[str], trained: str) -> None:
    """One process: train where nothing lies yet, then audit every variant named and write its figures."""
    from mesascope.jobs.train import train
    from mesascope.store.learned_algorithm import save_learned_algorithm
    from mesascope.worlds.grids.red_doors import RedDoors

    world = RedDoors(size=SIZE)
    place = folder / f"agent{trained.replace('-', '_').replace('=', '_')}"
    if not place.exists():
        made = train(world, seed=0, base_optimizer_config={"updates": UPDATES})
        save_learned_algorithm(place, made.subject, made.provenance)
    for name in names:
        figures = _audit(place, world, VARIANTS[name].change)
        (folder / f"{name}.json").write_text(json.dumps(figures))


def _audit(place: Path, world: Any, change: str) -> Figures:
    import jax
    import numpy as np

    from mesascope.instruments import choice_weights
    from mesascope.jobs.audit import audit_agent
    from mesascope.store.learned_algorithm import load_learned_algorithm

    agent, sample = load_learned_algorithm(place), choice_weights._sample
    if change == "weights":
        rng = np.random.default_rng(0)

        def rounded(leaf: Any) -> Any:
            drawn = 1 + ROUNDING * rng.standard_normal(leaf.shape)
            return leaf * drawn.astype(np.float32) if leaf.dtype == np.float32 else leaf

        agent = agent._replace(subject=jax.tree.map(rounded, agent.subject))
    if change == "chains":
        choice_weights._sample = lambda *given: sample(*given[:-1], jax.random.fold_in(given[-1], 99))
    try:
        seed = int(change == "seed")
        document = audit_agent(agent, world, seed, quick=True, levels=LEVELS, shifts=("blue-door",))
    finally:
        choice_weights._sample = sample
    return {figure: read(document) for figure, read in READ.items()}


def _process(folder: Path, names: Sequence[str], flags: str, trained: str) -> None:
    told = [str(folder), f"--trained={trained}", "--work", *names]
    command = [sys.executable, "-m", "benchmarks.other_machines", *told]
    subprocess.run(command, check=True, env={**os.environ, "XLA_FLAGS": flags})


def make(folder: Path) -> None:
    """Make the figures of every variant, as far as they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in VARIANTS if not (folder / f"{name}.json").exists()]
    together: dict[tuple[str, str], list[str]] = {}
    for name in missing:
        variant = VARIANTS[name]
        if variant.trained:  # trained under its flags, audited without
            _process(folder, [], variant.trained, variant.trained)
        together.setdefault((variant.flags, variant.trained), []).append(name)
    for (flags, trained), names in together.items():
        print(f"{flags or 'no flags'}: {', '.join(names)}", file=sys.stderr, flush=True)
        _process(folder, names, flags, trained)


def read_figures(folder: Path) -> dict[str, Figures]:
    """The figures of the variants that are there."""
    paths = {name: folder / f"{name}.json" for name in VARIANTS}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def rows(found: Mapping[str, Figures]) -> list[list[str]]:
    """A row for each figure: what it is, and how far each variant moves it; a text where it changes, `same` where not."""
    made = []
    for figure in READ:
        base = found[BASE][figure]
        row = [figure, base if isinstance(base, str) else f"{base:.3f}"]
        for name in list(found)[1:]:
            now = found[name][figure]
            if isinstance(base, str) or now is None:
                row.append("same" if now == base else str(now))
            else:
                row.append("0" if now == base else f"{abs(now - base):.1g}")
        made.append(row)
    return made


def main() -> None:
    """Make what is missing, and print the table or put it into the page."""
    given = argparse.ArgumentParser(description="How far an audit moves on another machine.")
    given.add_argument("folder", type=Path)
    given.add_argument("--page", action="store_true")
    given.add_argument("--work", nargs="*", help=argparse.SUPPRESS)
    given.add_argument("--trained", default="", help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.work is not None:
        work(asked.folder, asked.work, asked.trained)
        return
    if not asked.page:
        make(asked.folder)
    found = read_figures(asked.folder)
    text = table(["figure", *(VARIANTS[name].told for name in found)], rows(found))
    if asked.page:
        put(PAGE, COMMAND, {"moves": text})
    else:
        print(text)


if __name__ == "__main__":
    main()
