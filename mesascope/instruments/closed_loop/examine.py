"""Everything that is asked of an agent with a memory, in closed loop, up to the verdict on search."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.rollouts import one_hot_cells
from mesascope.core.subject import AbstractSubject, View
from mesascope.core.unrolled_loops import open_loop, unopened_loops
from mesascope.instruments.closed_loop.answers import InEpisodes
from mesascope.instruments.closed_loop.battery import choose_pauses, halves, run_closed_loop_test, standing_arms
from mesascope.instruments.closed_loop.rollouts import draw_walked
from mesascope.instruments.closed_loop.trials import EpisodeTrial, draw_episode_trials, trial_pool
from mesascope.instruments.interventions.engine import Arm
from mesascope.instruments.interventions.thresholds import RECURRENT_MAP, Thresholds
from mesascope.instruments.search.certified import MOST, certify
from mesascope.instruments.search.trials import test_names
from mesascope.instruments.search.verdict import SearchVerdict, beside_others, decide
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class SampleBudget(NamedTuple):
    """Levels of each test (half choose, half score), of the thinking steps, of the plan read-out, and the most levels for the
    capacity bound.
    """

    per_test: int = 256
    thought: int = 256
    readout: int = 256
    certified: int = MOST


DEFAULT_BUDGET = SampleBudget()


THOUGHT, PLANS = "thinking steps", "plan read-out"
"""Names of the streams of the other instruments in closed loop, under the key of the tests."""


class ClosedLoopVerdict(NamedTuple):
    """The verdict on search, and the steps without a move that every arm began with."""

    verdict: SearchVerdict
    pauses: int


def examine_each_episode(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    objectives: Sequence[Float[np.ndarray, " feature"]],
    key: PRNGKeyArray,
    effort: SampleBudget = DEFAULT_BUDGET,
    tell: Stage = silent,
) -> ClosedLoopVerdict:
    """Examine a recurrent subject by trials for the one of the objectives by which it acts best where levels are changed in their
    input. No edit has a part in that choice.
    """
    described = [1.0]
    if len(objectives) > 1:
        described = []
        for done, weights in enumerate(objectives):
            tell("objectives considered", done, len(objectives))
            described.append(_followed_in_input(world, subject, weights, key, effort))
    best = int(np.argmax(described))
    found = examine_episodes(world, subject, untrained, objectives[best], key, effort, tell=tell)
    others = [
        (_named_weights(world, weights), share)
        for index, (weights, share) in enumerate(zip(objectives, described, strict=True))
        if index != best
    ]
    return found._replace(verdict=beside_others(found.verdict, described[best], others))


def _followed_in_input(
    world: AbstractWorld,
    subject: AbstractSubject,
    weights: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
    effort: SampleBudget,
) -> float:
    """Share of the first moves on changed levels that are right by an objective, over all tests."""
    trials = closed_loop_trials(world, key, effort, weights)
    first = {name: halves(trial)[0] for name, trial in trials.items()}
    pauses = choose_pauses(world, subject, next(iter(first.values())), key)
    arms = [standing_arms(world, subject, trial, key, pauses).run(Arm.CEILING, None) for trial in first.values()]
    return float(np.nan_to_num([outcome.followed.share for outcome in arms]).mean())


def _named_weights(world: AbstractWorld, weights: Float[np.ndarray, " feature"]) -> dict[str, float]:
    return {feature: float(w) for feature, w in zip(world.features, weights, strict=True) if w != 0}


def examine_episodes(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    weights: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
    effort: SampleBudget = DEFAULT_BUDGET,
    thresholds: Thresholds = RECURRENT_MAP,
    tell: Stage = silent,
) -> ClosedLoopVerdict:
    """Examine a recurrent subject that pursues `weights` by its behavior, in episodes on levels drawn fresh.

    The capacity bound is measured only where all tests pass: elsewhere it would change nothing. It is measured on what the agent
    does in the states that it comes to in episodes on fresh levels.

    Args:
        world: A world with counterfactuals.
        subject: The recurrent subject, with sites.
        untrained: Its twin before training, a control arm.
        weights: What it is taken to be after.
        key: Of levels, changes and moves.
        effort: How much is looked at.
        thresholds: Of the class of subjects.
        tell: Hears how far it is.

    Returns:
        The verdict, and how long every arm paused.
    """
    tell("drawing trials")
    trials = closed_loop_trials(world, key, effort, weights)
    tests_key, view = named_key(key, "tests"), _first_view(next(iter(trials.values())), world)
    subject, untrained = open_loop(subject, view), untrained and open_loop(untrained, view)
    first, _ = halves(next(iter(trials.values())))
    pauses = choose_pauses(world, subject, first, tests_key)
    found = []
    for done, (name, trial) in enumerate(trials.items()):
        tell(f"tests, '{name}'", done, len(trials))
        found.append(run_closed_loop_test(world, name, trial, subject, untrained, tests_key, pauses, thresholds))
    tests = tuple(found)
    named = _named_weights(world, weights)
    place, bound = tests[-1].place, None
    if place is not None and all(test.passed for test in tests):
        pursued, stream = jnp.asarray(weights, jnp.float32), named_key(key, "certified")
        asks = InEpisodes(pauses)
        bound = certify(world, subject, place, pursued, stream, most=effort.certified, asks=asks, tell=tell)
    return ClosedLoopVerdict(decide(tests, bound, unopened_loops(subject, view))._replace(pursued=named), pauses)


def _first_view(trial: EpisodeTrial, world: AbstractWorld) -> View:
    """What is shown in the first step of some episodes."""
    seen = world.observe(trial.trials.base[:2])
    return View(seen, one_hot_cells(trial.start[:2], (seen.shape[1], seen.shape[2])), jnp.ones(2, bool))


def closed_loop_trials(
    world: AbstractWorld,
    key: PRNGKeyArray,
    effort: SampleBudget = DEFAULT_BUDGET,
    weights: Float[np.ndarray, " feature"] | None = None,
) -> dict[str, EpisodeTrial]:
    """The trials of the tests by name, as `examine_episodes` draws them.

    `weights` is what the subject is taken to be after (default: the base objective).
    """
    own = world.base_objective.vector(world.features) if weights is None else weights
    found = draw_episode_trials(world, named_key(key, "courses"), effort.per_test, jnp.asarray(own, jnp.float32))
    return {name: found[name] for name in test_names(world)}


def closed_loop_levels(
    world: AbstractWorld, key: PRNGKeyArray, effort: SampleBudget = DEFAULT_BUDGET
) -> list[AbstractLevels]:
    """The levels that `examine_episodes` looks at, before any edit: those of the tests for the base objective first, then all
    that the tests are drawn from.
    """
    trials = closed_loop_trials(world, key, effort)
    thought = draw_walked(world, named_key(key, THOUGHT), effort.thought)
    read = draw_walked(world, named_key(key, PLANS), effort.readout)
    pool = trial_pool(world, named_key(key, "courses"), effort.per_test)
    return [*(trial.trials.base for trial in trials.values()), pool, thought, read]
