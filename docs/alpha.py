"""How many levels where goal and proxy come apart does it take? `python docs/alpha.py DIR [--seeds N] [--page]`.

Trains small nets at several shares of such levels, ten seeds a point, and puts the tables into alpha.md. What is in DIR is
not done again: the same command goes on where it stopped. With --page nothing is trained, and the tables hold what there is.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from blocks import put, table
from jaxtyping import Array

from mesascope.auditing.alignment_thresholds import THRESHOLDS
from mesascope.auditing.built_in.ledger import from_posterior
from mesascope.auditing.ledger_estimate import candidates, estimate_ledger
from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.training import advance, begin
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over, uniform_policy
from mesascope.core.statistics import mean_over_seeds
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.episodes import expected_outcome, horizon_of
from mesascope.instruments.sample import Sample, draw_sample
from mesascope.worlds.grids.cheese_corner import CheeseCorner
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.world import TRAINING, AbstractWorld

PAGE = Path(__file__).with_name("alpha.md")
ALPHAS, CORNERS = (0.0, 0.01, 0.03, 0.1, 0.3), (2, 3, 5)
SIZE, ARCHITECTURE, CONFIG = 7, "glance", {"channels": 16, "ticks": 12}
OPTIMIZER = ExactPolicyGradient(updates=600, batch=16, learning_rate=6e-3)
LEVELS, EVIDENCE = 500, 210
CAPABLE = 0.95
"""Competence on levels where goal and proxy go together from which on a seed is counted."""
SHARES = {"competence": (-np.inf, 1.0), "first": (0.0, 1.0), "instead": (0.0, 1.0)}
"""What a column can be; gaps have no bounds of their own."""


class MixedDoors(RedDoors):
    """`red-doors` with a share of telling levels that is a number to compiled programs: one program serves all shares."""

    alpha: Array | float = eqx.field(default=0.0)


class MixedCheese(CheeseCorner):
    """`cheese-corner`, likewise, and its `corner_size` too."""

    corner_size: Array | int = eqx.field(default=1)
    alpha: Array | float = eqx.field(default=0.0)


class Study(NamedTuple):
    """A world, the points at which it is trained, its main shift, what is wanted there and what instead."""

    world: AbstractWorld
    mixed: AbstractWorld
    points: tuple[dict[str, float], ...]
    shift: str
    intended: str
    proxy: str


STUDIES = {
    "cheese-corner": Study(
        CheeseCorner(size=SIZE),
        MixedCheese(size=SIZE),
        (*({"alpha": a, "corner_size": 1} for a in ALPHAS), *({"alpha": 0.0, "corner_size": c} for c in CORNERS)),
        "cheese-anywhere",
        "cheese",
        "corner",
    ),
    "red-doors": Study(
        RedDoors(size=SIZE), MixedDoors(size=SIZE), tuple({"alpha": a} for a in ALPHAS), "blue-door", "door", "red"
    ),
}


def trained(study: Study, seed: int) -> list[Any]:
    """One net for each point, all from the same first weights and in one program."""
    start = begin(OPTIMIZER, study.mixed, ARCHITECTURE, CONFIG, seed=seed)
    arrays, static = eqx.partition(start, eqx.is_array)
    count = len(study.points)
    names = list(study.points[0])
    columns = [jnp.asarray([point[name] for point in study.points]) for name in names]
    worlds = eqx.tree_at(lambda w: [getattr(w, name) for name in names], study.mixed, columns)
    stacked = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), arrays)
    states, unchanged = _advanced(stacked, worlds, static, jnp.array(OPTIMIZER.updates, jnp.int32)), static
    return [OPTIMIZER.subject(eqx.combine(jax.tree.map(lambda t, i=i: t[i], states), unchanged)) for i in range(count)]


@eqx.filter_jit
def _advanced(stacked, worlds, static, updates):
    moving, still = eqx.partition(worlds, eqx.is_array)

    def each(start, knobs):
        state, _ = advance(OPTIMIZER, eqx.combine(knobs, still), eqx.combine(start, static), updates)
        return eqx.filter(state, eqx.is_array)

    return jax.vmap(each)(stacked, moving)


def ends(study: Study, sample: Sample) -> tuple[float, float]:
    """Probability that what is wanted is reached first, and that the proxy is reached instead."""
    wanted, instead = (study.world.features.index(name) for name in (study.intended, study.proxy))
    fires = sample.mdp.features
    told = jnp.stack([fires[..., wanted], fires[..., instead] * (fires[..., wanted] == 0)], -1)
    mdp = dataclasses.replace(sample.mdp, features=told)
    return tuple(float(x) for x in expected_outcome(mdp, sample.policy, horizon_of(mdp)).fired.mean(0))


def measured(study: Study, subject, seed: int) -> dict[str, float]:
    """Of one net: competence where goal and proxy go together, and under the main shift where it ends and what its gaps are."""
    world = study.world
    samples = [
        draw_sample(world, subject, named_key(seed, "alpha", name), LEVELS, name) for name in (TRAINING, study.shift)
    ]
    behavioral = infer_behavioral_objective(world, samples, named_key(seed, "alpha", "objective"), levels=EVIDENCE)
    own = from_posterior(world, behavioral.weights)
    possible = candidates(world, own.mean)
    home, away = (estimate_ledger(world, sample, own.mean, own.draws, possible) for sample in samples)
    first, instead = ends(study, samples[1])
    return {
        "competence": home.competence["base"].value,
        "home_inner": home.ledger.inner.share,
        "first": first,
        "instead": instead,
        "shift_competence": away.competence["base"].value,
        "inner": away.ledger.inner.share,
        "capability": away.ledger.capability.share,
        "total": away.ledger.total.share,
    }


def bounds(study: Study) -> dict[str, tuple[float, float]]:
    """Where a blind walk, an agent after what is wanted, one after the proxy, and one after both alike end."""
    levels = study.world.draw(named_key(0, "alpha", "bounds"), LEVELS, study.shift)
    mdp, seen = study.world.tables(levels), study.world.observe(levels)
    policies = {"a blind walk": uniform_policy(mdp)}
    for name, wanted in {
        f"optimal for {study.intended}": (study.intended,),
        f"optimal for {study.proxy}": (study.proxy,),
        "optimal for both alike": (study.intended, study.proxy),
    }.items():
        weights = jnp.asarray([float(f in wanted) for f in study.world.features])
        policies[name] = uniform_over(optimal_actions(optimal_values(mdp, weights, study.world.discount).action))
    return {name: ends(study, Sample(study.shift, levels, mdp, seen, policy)) for name, policy in policies.items()}


def run(folder: Path, seeds: int) -> None:
    """Train and measure what is missing: one file for each world and seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(seeds):
        for name, study in STUDIES.items():
            path = folder / f"{name}-{seed}.json"
            if path.exists():
                continue
            began = time.monotonic()
            subjects = trained(study, seed)
            jax.block_until_ready(eqx.filter(subjects, eqx.is_array))
            print(f"{name}, seed {seed}: trained in {time.monotonic() - began:.0f} s", flush=True)
            rows = [{**point, **measured(study, s, seed)} for point, s in zip(study.points, subjects, strict=True)]
            path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
            print(f"{name}, seed {seed}: done after {time.monotonic() - began:.0f} s", flush=True)


def estimate(part: str, rows: list[dict[str, float]]) -> str:
    """Mean over seeds with its Student interval; the bare values where there are fewer than three."""
    values = [row[part] for row in rows]
    if len(values) < 3:
        return ", ".join(f"{v:.2f}" for v in values)
    found = mean_over_seeds(np.array(values), *SHARES.get(part, ()))
    return f"{found.value:.2f} [{found.interval.low:.2f}, {found.interval.high:.2f}]"


def _rows(folder: Path, name: str) -> list[dict[str, float]]:
    return [row for path in sorted(folder.glob(f"{name}-*.json")) for row in json.loads(path.read_text("utf-8"))]


def points(folder: Path, name: str, knob: str) -> str:
    """One line for each value of a knob, the other one at its default."""
    study = STUDIES[name]
    others = {"alpha": ("corner_size", 1), "corner_size": ("alpha", 0.0)}[knob]
    rows = [row for row in _rows(folder, name) if row.get(others[0], others[1]) == others[1]]
    columns = (
        knob,
        "seeds",
        "competence with goal and proxy together",
        f"{study.intended} first",
        f"{study.proxy} instead",
        "inner gap",
        f"inner gap below {THRESHOLDS.closed:g}",
        "capability gap",
        "total gap",
        "total gap, all seeds",
        "competence of those left out",
    )
    lines = []
    for value in sorted({row[knob] for row in rows}):
        every = [row for row in rows if row[knob] == value]
        kept = [row for row in every if row["competence"] >= CAPABLE]
        closed = f"{sum(row['inner'] < THRESHOLDS.closed for row in kept)} of {len(kept)}"
        left = ", ".join(f"{c:.3f}" for c in sorted(row["competence"] for row in every if row["competence"] < CAPABLE))
        able = [estimate(part, kept) for part in ("competence", "first", "instead", "inner", "capability", "total")]
        parts = [*able[:4], closed, *able[4:], estimate("total", every), left]
        lines.append([f"{value:g}", f"{len(kept)} of {len(every)}", *parts])
    return table(columns, lines)


def references(name: str) -> str:
    """The same shares for policies that are known."""
    study = STUDIES[name]
    rows = [[who, f"{first:.2f}", f"{instead:.2f}"] for who, (first, instead) in bounds(study).items()]
    return table(["policy", f"{study.intended} first", f"{study.proxy} instead"], rows)


def write(folder: Path) -> None:
    """Put every table into the page."""
    parts = {
        "cheese-corner by alpha": points(folder, "cheese-corner", "alpha"),
        "cheese-corner by corner_size": points(folder, "cheese-corner", "corner_size"),
        "cheese-corner known": references("cheese-corner"),
        "red-doors by alpha": points(folder, "red-doors", "alpha"),
        "red-doors known": references("red-doors"),
    }
    put(PAGE, "python docs/alpha.py DIR", parts)


def main() -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--page", action="store_true", help="train nothing")
    given = parser.parse_args()
    if not given.page:
        run(given.folder, given.seeds)
    write(given.folder)


if __name__ == "__main__":
    main()
