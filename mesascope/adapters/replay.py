"""The return that an agent earns here, beside the return that its owner reports: an unfaithful load shows at once."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE, act_on, draw_starts, rollout_with
from mesascope.core.statistics import Estimate, Interval, mean_of
from mesascope.core.subject import AbstractSubject
from mesascope.worlds.episodes_played import acting, play
from mesascope.worlds.played import AbstractPlayedWorld
from mesascope.worlds.shown import begun, shown_in
from mesascope.worlds.world import TRAINING, AbstractWorld

EPISODES = 400
"""Episodes of a replay, each on a level of its own where there are as many."""
_ERRORS = 3.0
"""Standard errors by which two honest returns may differ."""


class ReportedReturn(NamedTuple):
    """What an agent's owner reports.

    Attributes:
        mean: Mean return of an episode in training, undiscounted, counted by the world's base objective.
        episodes: Episodes that it is the mean of; Stable-Baselines3 reports that of the last 100.
        limit: Moves after which an episode is cut.
    """

    mean: float
    episodes: int = 100
    limit: int = 100


class Replay(NamedTuple):
    """What an agent earned here.

    Attributes:
        mean: Mean return of an episode.
        error: Standard error of the mean, by which returns are compared: at least that of outcomes too rare to have been seen.
        reported: What its owner reports.
        interval: Of the mean. Its unit, and that of the error, is the level, or the episode where there is one level alone.
    """

    mean: float
    error: float
    reported: ReportedReturn
    interval: Interval

    @property
    def text(self) -> str:
        """Both returns, for people."""
        return f"return {Estimate(self.mean, self.interval).text} replayed, {self.reported.mean:g} reported"


def replayed(subject: AbstractSubject, world: AbstractWorld, reported: ReportedReturn) -> Replay:
    """Replay an agent on the training distribution, and compare its return with what its owner reports.

    Args:
        subject: The agent in this world.
        world: The world; its base objective counts the return.
        reported: What its owner reports.

    Returns:
        Both returns.

    Raises:
        UsageError: They differ by more than three standard errors of their difference: the agent is not read, or not shown the
            world, as it was in training. Where returns hardly vary, they may still differ by what an outcome of 3 episodes in
            `EPISODES` makes.

    Example:
        >>> replayed(subject, world, ReportedReturn(0.76)).text  # doctest: +SKIP
        'return 0.75 [0.71, 0.79] replayed, 0.76 reported'
    """
    earned = returns(subject, world, EPISODES, reported.limit)
    rare = 3.0 / len(earned)  # what was not seen in n cases has a rate below 3/n, at 95 %
    most = max((abs(weight) for weight in world.base_objective.vector(world.features)), default=1.0)
    deviation = max(float(earned.std(ddof=1)), float(most) * math.sqrt(rare * (1.0 - rare)))
    of_levels = _level_means(earned, world)
    # What the deviation of single episodes would have to be for their mean to err as that of a few levels does.
    apart = float(of_levels.std(ddof=1)) * math.sqrt(len(earned) / len(of_levels)) if len(of_levels) > 1 else 0.0
    error = max(deviation, apart) / math.sqrt(len(earned))
    found = Replay(float(earned.mean()), error, reported, mean_of(of_levels if len(of_levels) else earned).interval)
    allowed = _ERRORS * math.hypot(found.error, deviation / math.sqrt(reported.episodes))
    if abs(found.mean - reported.mean) > allowed:
        raise UsageError(
            f"the agent earns another return here than its owner reports: {found.text} (they may differ by {allowed:.2f}: "
            f"{len(earned)} episodes of at most {reported.limit} moves in {world.name}, {reported.episodes} of its owner's). "
            "Check the order of its actions, its view, statistics of observations, the world, and the limit of moves (limit=...)"
        )
    return found


def _level_means(earned: Float[np.ndarray, " episode"], world: AbstractWorld) -> Float[np.ndarray, " level"]:
    """Mean return of each of a few levels; none where each episode has a level of its own, or all have the same."""
    few = world.distinct_levels(TRAINING) or 0
    count = few if 1 < few < len(earned) else 0
    return np.array([earned[level::few].mean() for level in range(count)], np.float64)


def returns(
    subject: AbstractSubject, world: AbstractWorld, episodes: int, limit: int, seed: int = 0
) -> Float[np.ndarray, " episode"]:
    """Undiscounted returns of one episode on each of several training levels, counted by the base objective.

    Args:
        subject: The agent in this world.
        world: The world.
        episodes: Episodes: on as many levels, or where there are fewer on all of them in turn. Levels without a start give none.
        limit: Moves after which an episode is cut.
        seed: Of the levels, the starts and the actions.

    Returns:
        A return for each episode.
    """
    level_key, start_key, move_key = (named_key(seed, "replay", name) for name in ("levels", "starts", "moves"))
    distinct = world.distinct_levels(TRAINING) or episodes
    levels = world.draw(level_key, min(distinct, episodes))
    if distinct < episodes:
        levels = levels[jnp.arange(episodes) % distinct]
    weights = np.asarray(world.base_objective.vector(world.features), np.float64)
    if isinstance(world, AbstractPlayedWorld):
        return play(world, levels, TRAINING, acting(world, subject), move_key, limit).summed @ weights
    mdp = world.tables(levels)
    start = draw_starts(mdp.initial, start_key)
    if subject.recurrent:
        act, begin = act_on(subject, shown_in(world, subject, levels)), begun(world, subject, levels, start)
        walked, _ = eqx.filter_jit(rollout_with)(act, begin, mdp, start, move_key, 1.0, limit, jnp.asarray(0))
    else:
        view = world.view_for(subject.view)
        states = None if world.views[view].shows_all_states else jnp.arange(mdp.states, dtype=jnp.int32)[None]
        every = None if states is None else jnp.broadcast_to(states, (mdp.levels, mdp.states))
        logits = subject.logits(world.observe(levels, view, every)).reshape(mdp.levels, mdp.states, mdp.actions)
        rows = jnp.arange(mdp.levels)
        walked, _ = rollout_with(
            lambda carry, state, step, over: (carry, logits[rows, state]),
            (),
            mdp,
            start,
            move_key,
            1.0,
            limit,
            jnp.asarray(0),
        )
    fired = jax.device_get(walked.fired)[np.asarray(start) != NOWHERE]
    return np.asarray(fired, np.float64) @ weights
