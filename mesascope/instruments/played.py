"""What a subject does in a world without tables: episodes played in it, beside a policy that acts at random."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_of, rate_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.behavior import NOTHING, Event
from mesascope.instruments.card import Card
from mesascope.worlds.episodes_played import Played, acting, at_random, play
from mesascope.worlds.played import AbstractPlayedWorld

CARD = Card(
    name="episodes played",
    measures=(
        "In a world that is played in and has no tables: what is earned in episodes by the intended goal and by the base "
        "objective, how often each feature fires, and how long episodes last; one distribution at a time. Behavior only."
    ),
    estimator=(
        "One episode on each level, which ends as the environment says or is cut at its limit. Means of discounted returns and "
        "of the sum of each feature with a percentile bootstrap over levels, below 30 levels with Student's interval; shares of "
        "episodes in which a feature is ever not 0 with exact (Clopper-Pearson) intervals. What the subject earns beyond acting "
        "at random is the mean of differences on the same levels."
    ),
    assumptions=(
        "Levels are independent draws, and episodes on one level differ by the random numbers of environment and subject alone. "
        "Where as many levels as were asked for do not exist, each is played in once."
    ),
    controls=(
        "A policy that acts at random on the same levels. Played in FrozenLake and in a MiniGrid family, means agree with the "
        "exact values of the tables within three standard errors (tests/instruments/test_played.py)."
    ),
    blind_spots=(
        "What the best policy would earn is not known, so that a low return may be the best there is: no gap, no competence and "
        "no objective follows.",
        "What is still to come when an episode is cut is not counted.",
        "A return that is the same under a shift can be earned in another way.",
    ),
    cost="as the environment's steps and the subject's answers take",
    references=(
        "Clopper and Pearson 1934, The use of confidence or fiducial limits, Biometrika 26",
        "Efron 1979, Bootstrap methods: another look at the jackknife, Annals of Statistics 7",
    ),
)


class PlayedBehavior(NamedTuple):
    """What a subject does on one distribution, and what acting at random earns there.

    Attributes:
        events: How often each feature is ever not 0.
        counts: Mean sum of each feature.
        returns: Mean discounted return by role of the objective, `intended` and `base`.
        random: The same of a policy that acts at random.
        beyond: Mean difference of the two on the same levels.
        played: The subject's episodes.
    """

    events: dict[str, Event]
    counts: dict[str, Estimate]
    returns: dict[str, Estimate]
    random: dict[str, Estimate]
    beyond: dict[str, Estimate]
    played: Played


def measure_played_behavior(
    world: AbstractPlayedWorld[Any], subject: AbstractSubject, key: PRNGKeyArray, count: int, distribution: str
) -> PlayedBehavior:
    """Play one episode on each of `count` levels, as the subject acts and at random.

    Args:
        world: The world.
        subject: The subject.
        key: Of the levels and of all actions.
        count: Levels; no more are played in than there are.
        distribution: `training` or the name of a shift.

    Returns:
        The behavior.

    Raises:
        SubjectError: The subject fails, or answers with what is no policy.
        UsageError: The environment fails.
    """
    distinct = world.distinct_levels(distribution)
    levels = world.draw(named_key(key, "levels"), count if distinct is None else min(count, distinct), distribution)
    own = play(world, levels, distribution, acting(world, subject), named_key(key, "moves"))
    uniform = play(world, levels, distribution, at_random(world), named_key(key, "random"))
    roles = {"intended": world.intended_goal, "base": world.base_objective}
    weights = {role: np.asarray(goal.vector(world.features), np.float64) for role, goal in roles.items()}
    happened = {name: own.occurred[:, i] for i, name in enumerate(world.features)}
    happened[NOTHING] = np.asarray(~own.occurred.any(1))
    return PlayedBehavior(
        {name: Event(True, int(h.sum()), rate_of(int(h.sum()), len(h)), None) for name, h in happened.items()},
        {name: mean_of(own.summed[:, i]) for i, name in enumerate(world.features)},
        {role: mean_of(own.discounted @ w) for role, w in weights.items()},
        {role: mean_of(uniform.discounted @ w) for role, w in weights.items()},
        {role: mean_of((own.discounted - uniform.discounted) @ w) for role, w in weights.items()},
        own,
    )
