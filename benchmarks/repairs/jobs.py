"""The jobs of the study, one seed each: a job gives rows of plain numbers and depends on nothing but its name and seed."""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from benchmarks.repairs.added import with_added
from benchmarks.repairs.conditions import (
    ADDED,
    CANDIDATES,
    CHANNELS,
    CONDITIONS,
    LOOKS,
    MORE_UPDATES,
    OBJECTIVES,
    PLAIN,
    QUICK,
    SURE,
    Condition,
)
from benchmarks.repairs.diagnostic_levels import (
    alike,
    draw_candidates,
    look_at_most_telling,
    look_in_order,
    looks_needed,
)
from benchmarks.repairs.measured import WORLD, bounds_of, measure, samples_of
from benchmarks.repairs.pseudo_inputs import usual_predicates
from benchmarks.repairs.touched import entering
from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import advance, train
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.adversary.climb import draw_evenly
from mesascope.instruments.episodes import horizon_of, sample_episodes
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.sample import ask, level_tables
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import TRAINING, AbstractWorld

Row = dict[str, Any]

HERE = (TRAINING, *(name for name in WORLD.shifts if name != "larger"))
"""Distributions whose levels have the size of training."""


class Job(NamedTuple):
    """What is run for each seed, and what gives its rows."""

    name: str
    run: Callable[[int], list[Row]]


def jobs() -> Iterator[Job]:
    """All jobs, the most important first."""
    yield Job("diagnostic levels", diagnostic)
    for condition in CONDITIONS:
        yield Job(condition.name, lambda seed, condition=condition: trained(condition, seed))


def trained(condition: Condition, seed: int) -> list[Row]:
    """Train and measure; a plain net is also gone on with, in two ways."""
    began = time.process_time()
    optimizer = build_base_optimizer(condition.optimizer, {**QUICK, **dict(condition.options)})
    config = {"channels": CHANNELS, "ticks": condition.ticks}
    done = train(optimizer, condition.world, "glance", config, seed=seed, chunk=optimizer.updates)
    spent = time.process_time() - began
    subject = done.subject
    rows = [{"name": condition.name, "cpu_seconds": spent, **measure(subject, seed)}]
    return rows + repaired(subject, seed) if condition == PLAIN else rows


def repaired(subject: AbstractSubject, seed: int) -> list[Row]:
    """Go on with levels of the worst predicate among the levels of each update, and with ordinary levels only."""
    found = [p for p in bounds_of(samples_of(subject, seed)).predicates if p.name != "larger"]
    worst = max(found, key=lambda p: p.product.value).name
    worlds = {
        "repaired": _mixed(worst),
        "repaired, ordinary levels": WORLD,
    }
    return [
        {"name": name, "predicate": worst, **measure(_gone_on(subject, world, seed), seed)}
        for name, world in worlds.items()
    ]


@functools.cache
def _mixed(predicate: str) -> AbstractWorld:
    """Made once, so that what is compiled for it serves all seeds."""
    holds = next(p.holds for p in usual_predicates(WORLD.size) if p.name == predicate)
    return with_added(WORLD, ADDED, HERE, holds)


def _gone_on(subject: AbstractSubject, world: AbstractWorld, seed: int) -> AbstractSubject:
    optimizer = ExactPolicyGradient(updates=MORE_UPDATES, batch=int(QUICK["batch"]), learning_rate=3e-3, warmup=10)
    state = optimizer.init(named_key(seed, "repairs", "more"), world, subject)
    return optimizer.subject(advance(optimizer, world, state, jnp.array(MORE_UPDATES, jnp.int32))[0])


def diagnostic(seed: int) -> list[Row]:
    """How many levels it takes to know what a planner is after: chosen, at random, and at random from training."""
    hypotheses = hypotheses_of(WORLD)
    key = named_key(seed, "repairs", "diagnostic")
    rng = np.random.default_rng(seed)
    count = CANDIDATES * len(HERE)
    pools = {
        "all": draw_evenly(WORLD, named_key(key, "all"), count, HERE),
        TRAINING: WORLD.draw(named_key(key, TRAINING), count),
    }
    candidates = {name: draw_candidates(WORLD, hypotheses, pool, key) for name, pool in pools.items()}
    rows = []
    for text in OBJECTIVES:
        true = alike(candidates["all"].table, [h.name for h in hypotheses].index(text))
        planner = build_organism(f"planner,objective={text}", WORLD)
        seen = {
            name: _outcomes(planner, pools[name], candidates[name].start, named_key(key, name, text)) for name in pools
        }
        order = rng.permutation(count)[:LOOKS]
        arms = {
            "chosen": look_at_most_telling(candidates["all"].table, seen["all"], LOOKS),
            "random": look_in_order(candidates["all"].table, seen["all"], order),
            "random, training": look_in_order(candidates[TRAINING].table, seen[TRAINING], order),
        }
        needed = {name: looks_needed(arm, true, SURE) for name, arm in arms.items()}
        top = {name: bool(true[arm.posterior[-1].argmax()]) for name, arm in arms.items()}
        at = {name: [float(arm.posterior[k] @ true) for k in (1, 2, 4, 8, 16, LOOKS)] for name, arm in arms.items()}
        rows.append(
            {
                "name": "diagnostic levels",
                "objective": text,
                "alike": [h.name for h, same in zip(hypotheses, true, strict=True) if same],
                "needed": needed,
                "right": top,
                "truth_at": at,
            }
        )
    return rows


def _outcomes(planner: AbstractSubject, levels: GridLevels, start, key) -> np.ndarray:
    """What it touches first in one episode on each level; the number of objects for nothing."""
    mdp, observation = level_tables(WORLD, levels)
    policy = ask(planner, observation, mdp, "candidate")
    episodes = sample_episodes(mdp, policy, key, horizon_of(mdp), start)
    enters = np.asarray(entering(levels, mdp))
    state, action, live = (np.asarray(part) for part in (episodes.state, episodes.action, episodes.live))
    row = np.arange(levels.count)[:, None]
    touched = (enters[row, state, action] & live[..., None]).any(1)
    return np.where(touched.any(1), touched.argmax(1), touched.shape[1])
