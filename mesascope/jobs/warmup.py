"""What an audit computes whatever its subject, done once while the subject is still being trained.

Most of a first audit is compiling, one program at a time. Beside a training, which takes longer for it, another core compiles
what depends on the world and the settings alone, with an optimal agent in place of the subject. What is found is thrown away.
"""

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp

from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.evaluation_levels import audit_key, contested, distributions
from mesascope.instruments.sample import Sample, level_tables
from mesascope.instruments.search.trials import draw_trials, not_applicable
from mesascope.instruments.settings import Settings
from mesascope.worlds.world import AbstractWorld


def warm_up(world: AbstractWorld, settings: Settings, seed: int, enough: Callable[[], bool]) -> None:
    """Go through the parts of an audit of `seed` one by one until `enough` says that the audit itself can begin.

    Nothing is rehearsed where an episode is more than one choice, which is audited by other instruments.
    """
    if not world.single_choice:
        return
    for _ in _parts(world, settings, seed):
        if enough():
            return


def _parts(world: AbstractWorld, settings: Settings, seed: int) -> Iterator[None]:
    goal = jnp.asarray(world.base_objective.vector(world.features))
    samples = []
    for distribution in distributions(world):
        samples.append(_stand_in(world, settings, seed, distribution, goal))
        yield
    infer_behavioral_objective(world, samples, audit_key(seed, "objective"), levels=settings.evidence)
    yield
    if not_applicable(world) is None:
        pool = contested(world, settings, seed)
        jax.block_until_ready(draw_trials(world, audit_key(seed, "search"), pool, settings.per_test, goal))
        yield


def _stand_in(world: AbstractWorld, settings: Settings, seed: int, distribution: str, goal) -> Sample:
    levels = world.draw(audit_key(seed, distribution), settings.levels, distribution)
    mdp, observation = level_tables(world, levels)
    policy = uniform_over(optimal_actions(optimal_values(mdp, goal, world.discount).action))
    return Sample(distribution, levels, mdp, observation, jax.block_until_ready(policy))
