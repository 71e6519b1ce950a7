"""Whether the weights of agents with known objectives are found: `python docs/organism_weights.py [--minutes 10] [--only WORLD]`.

Adds agents to `organism_weights.jsonl`, world after world in turn, until each is there or the time is over, and writes
`organism_weights.md`. Repeated, it goes on where it stopped. `--only WORLD` takes one world.
"""

import argparse
import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from blocks import put, table

from mesascope.calibration.choosers import best_actions
from mesascope.core.hierarchical_bootstrap import unit_means
from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values
from mesascope.core.statistics import mean_of
from mesascope.experiments.savanna.audited import sample as savanna_sample
from mesascope.experiments.savanna.experiment import Savanna
from mesascope.experiments.savanna.individual import nearest
from mesascope.experiments.savanna.revealed import reveal
from mesascope.instruments.behavioral_objective import infer_behavioral_objective, infer_weights
from mesascope.instruments.choice_weights import BEYOND_DOUBT, Weight
from mesascope.instruments.sample import Sample, look_at
from mesascope.instruments.settings import QUICK
from mesascope.instruments.staged import infer_staged_objective
from mesascope.organisms.registry import build_organism
from mesascope.worlds.registry import WORLDS, make_world
from mesascope.worlds.world import TRAINING, AbstractWorld

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "organism_weights.jsonl", HERE / "organism_weights.md"
LAPSE, SEED = 0.1, 0
AT_ONCE, LAPSING = "planner", "optimal, one step in ten at random"
PLANTED = ("animal", "plant")
"""Reference subjects of `savanna`, whose values are known or none."""

_ROUNDED, _NEXT_TO_NOTHING = 1e-3, 0.15
"""Error of rounding, and a weight that is none for all that matters; a cell of the grid of weights is 0.125 to either side."""


def objectives(world: AbstractWorld) -> list[str]:
    """Each feature that is seen, wanted by itself; the base objective with a little of another, and shunned."""
    place = getattr(getattr(world, "vocabulary", None), "place", "")
    seen = [f for f in world.features if f != place]
    base = world.base_objective.weights[0][0]
    others = [f for f in world.independent_features if f not in (base, place)][:1]
    return [*seen, *(f"{base}:1+{f}:0.5" for f in others), f"-{base}"]


def agents() -> Iterator[tuple[str, str, str]]:
    """World, objective and kind of every agent, the worlds in turn."""
    lists = [
        [(name, objective, kind) for objective in objectives(make_world(name)) for kind in (AT_ONCE, LAPSING)]
        for name in WORLDS
    ]
    lists.append([("savanna", f"organism:{name}", str(seed)) for seed in range(4) for name in PLANTED])
    for turn in range(max(map(len, lists))):
        yield from (one[turn] for one in lists if turn < len(one))


@cache
def drawn(name: str) -> list[tuple[str, Any, Any]]:
    """As many levels of each distribution of a world as a quick audit infers from, with their tables."""
    world = make_world(name)
    names = (TRAINING, *world.shifts)
    levels = [(d, world.draw(named_key(SEED, "organisms", d), QUICK.evidence // len(names), d)) for d in names]
    return [(d, some, world.tables(some)) for d, some in levels]


def samples(world: AbstractWorld, objective: str, kind: str) -> list[Sample]:
    """What the organism answers, or a table of optimal actions where the world has none or it lapses."""
    if kind == AT_ONCE and not world.headings and (world.single_choice or world.name == "sokoban"):
        organism = build_organism(f"planner,objective={objective}", world)
        return [look_at(world, organism, levels, d) for d, levels, _ in drawn(world.name)]
    weights, lapse = np.asarray(Objective.parse(objective, world.features).vector(world.features)), 0.0
    if kind == LAPSING:
        lapse = LAPSE
    found = []
    for d, levels, mdp in drawn(world.name):
        best = best_actions(np.asarray(optimal_values(mdp, weights, world.discount).action, np.float64))
        policy = (1 - lapse) * best + lapse / mdp.actions
        found.append(Sample(d, levels, mdp, None, jnp.asarray(policy, jnp.float32)))
    return found


def true_weights(world: AbstractWorld, objective: str) -> dict[str, float]:
    """The objective as weights of the independent features, scaled as inferred ones are."""
    wanted = np.asarray(Objective.parse(objective, world.features).vector(world.features), np.float64)
    # Other features are sums of the independent ones, in every transition of every level.
    fired = np.concatenate([np.asarray(m.features).reshape(-1, len(world.features)) for _, _, m in drawn(world.name)])
    fired = np.unique(fired, axis=0)
    columns = [world.features.index(f) for f in world.independent_features]
    weights = np.linalg.lstsq(fired[:, columns], fired @ wanted, rcond=None)[0]
    top = weights.max() if weights.max() > 1e-6 else np.abs(weights).max()
    return dict(zip(world.independent_features, np.round(weights / top, 4).tolist(), strict=True))


def row_of(name: str, objective: str, kind: str) -> dict[str, Any]:
    """One agent: its true weights, and what is inferred of them from all distributions and from training alone."""
    began = time.monotonic()
    if name == "savanna":
        truth, found = _in_savanna(objective, int(kind))
    else:
        world = make_world(name)
        answered, key = samples(world, objective, kind), named_key(SEED, "organisms", objective, kind)
        truth = true_weights(world, objective)
        if world.single_choice:
            everywhere = infer_behavioral_objective(world, answered, key, levels=QUICK.evidence).weights.weights
            home = infer_weights(world, answered[:1], key, levels=QUICK.evidence // len(answered)).weights
        else:
            both = infer_staged_objective(world, answered, key, levels=QUICK.evidence)
            everywhere, home = both.weights.weights, both.in_training.weights
        found = {"all": everywhere, "training": home}
    return {
        "world": name,
        "objective": objective,
        "agent": kind,
        "truth": truth,
        **{where: {f: _plain(w) for f, w in weights.items()} for where, weights in found.items()},
        "seconds": round(time.monotonic() - began, 1),
    }


def _in_savanna(subject: str, seed: int) -> tuple[dict[str, float], dict[str, dict[str, Weight]]]:
    """An animal's values, or that a plant is after neither color nor smell: its reflexes, which are best for offspring in the
    contexts of its life, go with taste and touch.
    """
    world = Savanna()
    made = world.make_subject(seed, True, lambda *_: None, subject).subject
    names = world.features[:-1]
    values = dict(zip(names, np.round(np.asarray(made.who.values), 4).tolist(), strict=False))
    truth = dict.fromkeys(names, 0.0) | values if made.who.searches else dict.fromkeys(("color", "smell"), 0.0)
    found = {}
    for where, distribution in (("all", "novel-contexts"), ("training", TRAINING)):
        told = savanna_sample(made.who, made.lived, world.ecology, distribution, named_key(seed, "organisms"), 500)
        like = np.asarray(nearest(made.lived.percepts, told.contexts.percepts))
        revealed = reveal(told.told[..., :-1], told.chosen, names, named_key(seed, "revealed"), like)
        wanted = (revealed.draws > 0).mean(0)
        found[where] = {
            f: Weight(e.value, e.interval, True, float(p))
            for (f, e), p in zip(revealed.direction.items(), wanted, strict=True)
        }
    return truth, found


def _plain(weight: Weight) -> list[float]:
    """Low, high, and the probability of being wanted."""
    return [round(float(x), 4) for x in (*weight.interval, 0.5 if weight.wanted is None else weight.wanted)]


def reading(truth: float, found: list[float]) -> str:
    """`right`, `wrong`, or `not identified`: the interval holds the truth, and it is wide and undecided whether the feature is
    wanted.
    """
    low, high, wanted = found
    if not low - _ROUNDED <= truth <= high + _ROUNDED:
        return "wrong"
    undecided = 1 - BEYOND_DOUBT < wanted < BEYOND_DOUBT and max(-low, high) > _NEXT_TO_NOTHING
    return "not identified" if undecided else "right"


def read() -> list[dict[str, Any]]:
    """The rows that there are."""
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def page(rows: list[dict[str, Any]]) -> None:
    """Counts by world, and every agent, feature by feature."""
    places, summed, told = ("training", "all"), [], []
    for world in dict.fromkeys(r["world"] for r in rows):
        own = [r for r in rows if r["world"] == world]
        for where in places:
            weights = [(true, r[where][f]) for r in own for f, true in r["truth"].items()]
            said = [reading(*each) for each in weights]
            false = sum(true <= 0 and wanted >= BEYOND_DOUBT for true, (_, _, wanted) in weights)
            # Weights of one agent come from the same choices: agents are the units.
            agent = [number for number, r in enumerate(own) for _ in r["truth"]]
            held = mean_of(unit_means(np.array([kind != "wrong" for kind in said], float), [agent]), 0, 1)
            counts = [str(said.count(kind)) for kind in ("right", "not identified", "wrong")]
            summed.append([world, where, str(len(own)), *counts, held.text, str(false)])
    for r in sorted(rows, key=lambda r: (r["world"], r["objective"], r["agent"])):
        for f, truth in r["truth"].items():
            cells = [f"[{r[w][f][0]:.2f}, {r[w][f][1]:.2f}] {reading(truth, r[w][f])}" for w in places]
            told.append([r["world"], r["objective"], r["agent"], f, f"{truth:g}", *cells])
    heads = [
        "world",
        "levels",
        "agents",
        "right",
        "not identified",
        "wrong",
        "share held, 95 %",
        "said to be wanted, and is not",
    ]
    made = {
        "counts": table(heads, summed),
        "weights": table(["world", "objective", "agent", "feature", "true weight", *places], told),
    }
    put(PAGE, "python docs/organism_weights.py", made)


def main() -> None:
    """Add rows until every agent is there or time is over."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=float("inf"))
    options.add_argument("--only", default="", help="one world")
    chosen = options.parse_args()
    end = time.monotonic() + 60 * chosen.minutes
    done = {(r["world"], r["objective"], r["agent"]) for r in read()}
    for agent in agents():
        if agent not in done and chosen.only in ("", agent[0]) and time.monotonic() < end:
            with ROWS.open("a") as file:
                file.write(json.dumps(row_of(*agent)) + "\n")
    page(read())


if __name__ == "__main__":
    main()
