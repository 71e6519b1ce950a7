"""Competence against forced thinking: steps in which the subject may think and not move, before its first move."""

from typing import NamedTuple

import numpy as np
from jaxtyping import PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.closed_loop.rollouts import competence_of, draw_walked, earnings, prepare, rolled_out
from mesascope.worlds.world import AbstractWorld

PAUSES = (0, 1, 2, 4, 8)


class ThoughtSteps(NamedTuple):
    """After some pauses: competence, and how much of it the pauses are worth, paired by level."""

    pauses: int
    competence: Estimate
    gain: Estimate


def measure_thinking_steps(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, count: int
) -> tuple[ThoughtSteps, ...]:
    """Competence at the base objective on training levels after each of `PAUSES`; moves alone are discounted.

    Levels, starts and the random numbers of the moves are the same for all.
    """
    grounds = prepare(world, draw_walked(world, key, count), key)
    own = [earnings(grounds, rolled_out(world, subject, grounds, named_key(key, "walk"), k)) for k in PAUSES]
    found = []
    for k, returns in zip(PAUSES, own, strict=True):
        table = np.column_stack([returns[:, 0], own[0]])
        found.append(
            ThoughtSteps(
                k,
                statistic_of(table, lambda m: competence_of(m)),
                statistic_of(table, lambda m: competence_of(m) - competence_of(m, own=1)),
            )
        )
    return tuple(found)
