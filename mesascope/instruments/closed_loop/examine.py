"""Everything that is asked of an agent that walks with a memory, in closed loop."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.closed_loop.battery import PAUSES, run_closed_loop_test
from mesascope.instruments.closed_loop.rollouts import draw_walked
from mesascope.instruments.closed_loop.trials import EpisodeTrial, draw_episode_trials
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.search.trials import changes_of
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

CALIBRATED_FOR = (
    "the search battery is calibrated for subjects that answer a whole level at once; this one walks with a memory"
)
"""Why no verdict on search is given."""


class SampleBudget(NamedTuple):
    """Levels of each test (half choose, half score), of the thinking steps, and of the plan read-out."""

    per_test: int = 256
    thought: int = 256
    readout: int = 256


DEFAULT_BUDGET = SampleBudget()


THOUGHT, PLANS = "thinking steps", "plan read-out"
"""Names of the streams of the other instruments in closed loop, under the key of the tests."""


def run_tests(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: PRNGKeyArray,
    effort: SampleBudget = DEFAULT_BUDGET,
    weights: Float[np.ndarray, " feature"] | None = None,
    pauses: int = PAUSES,
) -> tuple[TestResult, ...]:
    """The tests in closed loop on levels drawn fresh.

    `weights` is what the subject is taken to be after where trials are drawn (default: the base objective).
    """
    courses = closed_loop_trials(world, key, effort, weights)
    names = [change.name for change in changes_of(world).changes]
    tests = named_key(key, "tests")
    return tuple(run_closed_loop_test(world, name, courses[name], subject, untrained, tests, pauses) for name in names)


def closed_loop_trials(
    world: AbstractWorld,
    key: PRNGKeyArray,
    effort: SampleBudget = DEFAULT_BUDGET,
    weights: Float[np.ndarray, " feature"] | None = None,
) -> dict[str, EpisodeTrial]:
    """The courses of the tests by name, as `examine_closed_loop` draws them."""
    own = world.base_objective.vector(world.features) if weights is None else weights
    return draw_episode_trials(world, named_key(key, "courses"), effort.per_test, jnp.asarray(own, jnp.float32))


def closed_loop_levels(
    world: AbstractWorld, key: PRNGKeyArray, effort: SampleBudget = DEFAULT_BUDGET
) -> list[AbstractLevels]:
    """The levels that `examine_closed_loop` looks at, before any edit; those of the tests first."""
    courses = closed_loop_trials(world, key, effort)
    thought = draw_walked(world, named_key(key, THOUGHT), effort.thought)
    read = draw_walked(world, named_key(key, PLANS), effort.readout)
    return [*(course.trials.base for course in courses.values()), thought, read]
