"""The whole examination for search: trials, three tests, the capacity bound where they pass, and the verdict."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.core.unrolled_loops import unopened_loops
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import Thresholds
from mesascope.instruments.search.battery import followed_in_input, run_test
from mesascope.instruments.search.certified import MOST, certify
from mesascope.instruments.search.pulls import read_pulls
from mesascope.instruments.search.stored import weigh_stored
from mesascope.instruments.search.trials import Trials, changes_of, contested_levels, draw_trials, test_names
from mesascope.instruments.search.verdict import (
    SearchVerdict,
    Verdict,
    batches_wanted,
    beside_others,
    decide,
    decided_by_more,
    is_near,
    unless_it_pulls,
    unless_stored,
)
from mesascope.worlds.counterfactuals import Kind
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class SampleBudget(NamedTuple):
    """How much is looked at: trials of each test, the most levels for the capacity bound, and how many further pools of levels
    decide a test that came out near a threshold.
    """

    per_test: int = 256
    certified: int = MOST
    further: int = 3


FULL_BUDGET = SampleBudget()


def examine_each(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    pool: AbstractLevels,
    objectives: Sequence[Float[np.ndarray, " feature"]],
    key: Array,
    effort: SampleBudget = FULL_BUDGET,
    known: AbstractLevels | None = None,
    tell: Stage = silent,
) -> SearchVerdict:
    """Examine a subject by trials for that of the objectives by which it acts best where a level itself is changed. No edit has a
    part in that choice.
    """
    described = [1.0]
    if len(objectives) > 1:
        pursued = [jnp.asarray(weights, jnp.float32) for weights in objectives]
        described = []
        for done, each in enumerate(pursued):
            tell("objectives considered", done, len(pursued))
            trials = draw_trials(world, key, pool, effort.per_test, each)
            described.append(followed_in_input(world, trials, subject, key))
    best = int(np.argmax(described))
    found = examine_search(world, subject, untrained, pool, objectives[best], key, effort, known=known, tell=tell)
    others = [
        (_named_weights(world, weights), share)
        for index, (weights, share) in enumerate(zip(objectives, described, strict=True))
        if index != best
    ]
    return beside_others(found, described[best], others)


def examine_search(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    pool: AbstractLevels,
    weights: Float[np.ndarray, " feature"],
    key: Array,
    effort: SampleBudget = FULL_BUDGET,
    thresholds: Thresholds | None = None,
    known: AbstractLevels | None = None,
    tell: Stage = silent,
) -> SearchVerdict:
    """Examine a subject that pursues `weights` by its behavior, on trials drawn from `pool` (see `contested_levels`).

    A test that comes out near a threshold is scored once more, on fresh levels alone, with the place that was chosen before: the
    second score decides. The capacity bound is measured only where all three tests pass: elsewhere it would change nothing. For
    the verdict `search`, what is said to be pursued must also draw the plan when it exists inside alone. Where the tests decide
    nothing, what the answers show on fresh levels may, and on those that the subject is `known` to have been trained on or shown.
    `tell` hears how far it is.
    """
    found = _examined(world, subject, untrained, pool, weights, key, effort, thresholds, known, tell)
    return found._replace(pursued=_named_weights(world, weights))


def _named_weights(world: AbstractWorld, weights: Float[np.ndarray, " feature"]) -> dict[str, float]:
    return {feature: float(w) for feature, w in zip(world.features, weights, strict=True) if w != 0}


def _examined(
    world,
    subject,
    untrained,
    pool,
    weights,
    key,
    effort: SampleBudget,
    thresholds: Thresholds | None,
    known,
    tell: Stage,
) -> SearchVerdict:
    pursued = jnp.asarray(weights, jnp.float32)
    tell("drawing trials")
    trials = draw_trials(world, key, pool, effort.per_test, pursued)

    def run(names: Sequence[str], title: str, batches: Sequence[dict[str, Trials]] = ()) -> dict[str, TestResult]:
        found = {}
        for done, name in enumerate(names):
            tell(f"{title}, '{name}'", done, len(names))
            fresh = [partial(_named, batch, name) for batch in batches]
            found[name] = run_test(world, name, trials[name], subject, untrained, key, thresholds, fresh)
        return found

    tests = tuple(run(test_names(world), "tests").values())
    if effort.further and decided_by_more(tests):
        again = [test.name for test in tests if is_near(test)]
        keys = [named_key(key, "further", n) for n in range(batches_wanted(tests, effort.further))]
        batches = []
        for done, each in enumerate(keys):
            tell("fresh levels for tests near a threshold, batches", done, len(keys))
            batches.append(_further(world, each, len(pool), effort, pursued))
        anew = run(again, "tests on fresh levels", batches)
        tests = tuple(anew.get(test.name, test) for test in tests)
    unopened = unopened_loops(subject, world.observe(pool[:2]))
    place = tests[-1].place
    if place is None or not all(test.passed for test in tests):
        found = decide(tests, unopened=unopened)
        if found.verdict is not Verdict.CANNOT_TELL:
            return found
        return unless_stored(found, weigh_stored(world, subject, pursued, named_key(key, "stored"), known, tell))
    bound = certify(world, subject, place, pursued, named_key(key, "certified"), most=effort.certified, tell=tell)
    found = decide(tests, bound)
    goal = next(
        (t.place for t, change in zip(tests, changes_of(world).changes, strict=False) if change.kind is Kind.OBJECTIVE),
        None,
    )
    if found.verdict is not Verdict.SEARCH or goal is None:
        return found
    kinds = _valued_most(world, pool, weights)
    return unless_it_pulls(found, read_pulls(world, subject, pool[:ALONE], kinds, goal, tell))


ALONE = 128
"""Levels on which it is asked whether an object that exists inside alone draws the plan."""


def _valued_most(world: AbstractWorld, levels: AbstractLevels, weights: Float[np.ndarray, " feature"]) -> list[int]:
    """Kinds of object that occur in the levels and are worth the most of all that do."""
    changes = changes_of(world)
    kinds = sorted(set(np.unique(np.asarray(changes.kinds_in(levels))).tolist()) - {-1})
    worth = np.asarray(changes.kind_features) @ np.asarray(weights)
    return [kind for kind in kinds if worth[kind] >= max(worth[k] for k in kinds) - 1e-6]


def _further(
    world: AbstractWorld, key: Array, pool: int, effort: SampleBudget, pursued: Float[Array, " feature"]
) -> dict[str, Trials]:
    return draw_trials(world, key, contested_levels(world, key, pool), effort.per_test, pursued)


def _named(batch: dict[str, Trials], name: str) -> Trials:
    return batch[name]
