"""The whole examination for search: trials, three tests, the capacity bound where they pass, and the verdict."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.thresholds import PLAN_ONCE_MAP, Thresholds
from mesascope.instruments.search.battery import run_test
from mesascope.instruments.search.certified import MOST, certify
from mesascope.instruments.search.trials import draw_trials, test_names
from mesascope.instruments.search.verdict import SearchVerdict, decide
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class SampleBudget(NamedTuple):
    """How much is looked at: trials of each test, and the most levels for the capacity bound."""

    per_test: int = 256
    certified: int = MOST


FULL_BUDGET = SampleBudget()


def examine_search(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    pool: AbstractLevels,
    weights: Float[np.ndarray, " feature"],
    key: Array,
    effort: SampleBudget = FULL_BUDGET,
    thresholds: Thresholds = PLAN_ONCE_MAP,
) -> SearchVerdict:
    """Examine a subject that pursues `weights` by its behavior, on trials drawn from `pool` (see `contested_levels`).

    The capacity bound is measured only where all three tests pass: elsewhere it would change nothing.
    """
    pursued = jnp.asarray(weights, jnp.float32)
    trials = draw_trials(world, key, pool, effort.per_test, pursued)
    tests = tuple(
        run_test(world, name, trials[name], subject, untrained, key, thresholds) for name in test_names(world)
    )
    place = tests[-1].place
    if place is None or not all(test.passed for test in tests):
        return decide(tests)
    bound = certify(world, subject, place, pursued, named_key(key, "certified"), most=effort.certified)
    return decide(tests, bound)
