"""Episodes in a world without tables: several side by side, acting as a subject does or at random."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.actions import flaw_of_logits
from mesascope.core.errors import SubjectError, said
from mesascope.core.rollouts import think_ticks
from mesascope.core.subject import AbstractSubject, State, action_probabilities
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.played import AbstractEpisode, AbstractPlayedWorld

TOGETHER = 64
"""Episodes that are under way at once, at most: so many environments are kept, and a subject is asked about so many states."""


class Played(NamedTuple):
    """Episodes, one on each level.

    Attributes:
        summed: Sum of each feature.
        discounted: The same, each step discounted by the steps before it.
        occurred: Whether each feature was ever not 0.
        moves: Steps.
        ended: Whether the episode ended, and was not cut.
    """

    summed: Float[np.ndarray, "level feature"]
    discounted: Float[np.ndarray, "level feature"]
    occurred: Bool[np.ndarray, "level feature"]
    moves: Int[np.ndarray, " level"]
    ended: Bool[np.ndarray, " level"]


Chooser = Callable[[Any, np.ndarray], tuple[Any, np.ndarray]]
"""From what is carried from step to step (None at the start) and what actors are shown, what is carried on and for each actor
the probabilities of its actions: all 0 where it stops."""


def play(
    world: AbstractPlayedWorld[Any],
    levels: AbstractLevels,
    distribution: str,
    chooser: Chooser,
    key: PRNGKeyArray,
    limit: int | None = None,
) -> Played:
    """One episode on each level.

    Args:
        world: The world.
        levels: The levels.
        distribution: What they were drawn from.
        chooser: How actions are chosen.
        key: Of the actions.
        limit: Steps after which an episode is cut; the world's limit unless given.

    Returns:
        The episodes.

    Raises:
        SubjectError: The chooser is a subject that fails, or answers with what is no policy.
        UsageError: The environment fails.
    """
    random = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    parts = []
    for first in range(0, len(levels), TOGETHER):
        some = range(first, min(first + TOGETHER, len(levels)))
        episodes = [world.begin(levels, index, distribution) for index in some]
        parts.append(_together(world, episodes, chooser, random, min(TOGETHER, len(levels)), limit or world.limit))
    return Played(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _together(
    world: AbstractPlayedWorld[Any],
    episodes: list[AbstractEpisode],
    chooser: Chooser,
    random: np.random.Generator,
    places: int,
    limit: int,
) -> Played:
    """Episodes side by side; the chooser is always asked about as many states, so that it is compiled once."""
    count, width = len(episodes), len(world.features)
    summed, discounted = np.zeros((count, width)), np.zeros((count, width))
    occurred, moves, carry = np.zeros((count, width), bool), np.zeros(count, int), None
    stopped = np.zeros(count, bool)
    for step in range(limit):
        if all(episode.over or gone for episode, gone in zip(episodes, stopped, strict=True)):
            break
        seen = np.stack([episode.observation for episode in episodes])
        carry, odds = chooser(carry, np.resize(seen, (places, *seen.shape[1:])))
        drawn = random.random((count, 1))
        actions = (drawn >= odds[:count].cumsum(1)).sum(1).clip(max=odds.shape[1] - 1)
        stopped |= odds[:count].sum(1) == 0
        for i, episode in enumerate(episodes):
            if not episode.over and not stopped[i]:
                fired = episode.step(int(actions[i]))
                summed[i] += fired
                discounted[i] += world.discount**step * fired
                occurred[i] |= fired != 0
                moves[i] += 1
    return Played(summed, discounted, occurred, moves, np.array([episode.ended for episode in episodes]))


def at_random(world: AbstractPlayedWorld[Any]) -> Chooser:
    """Every action equally often, whatever is shown."""
    actions = len(world.actions)
    return lambda carry, seen: (carry, np.full((len(seen), actions), 1 / actions))


def acting(world: AbstractPlayedWorld[Any], subject: AbstractSubject) -> Chooser:
    """The subject's own choice; `SubjectError` where it is no policy, `UsageError` where the world lacks its view."""
    subject = subject.for_actions(world.actions)
    world.view_for(subject.view)

    def choose(carry: Any, seen: np.ndarray) -> tuple[Any, np.ndarray]:
        shown = jnp.asarray(seen)
        try:
            if subject.recurrent:
                carry, answered = _step(subject, _begin(subject, shown) if carry is None else carry, shown)
            else:
                answered = _ask(subject, shown[:, None])[:, 0]
        except Exception as error:
            raise SubjectError(f"the subject failed in an episode of {world.name}: {said(error)}") from error
        logits = np.asarray(answered)
        if logits.shape != (len(seen), len(world.actions)):
            raise SubjectError(
                f"the subject answered {len(seen)} observations with shape {logits.shape}; expected a row of "
                f"{len(world.actions)} action logits for each"
            )
        flaw = flaw_of_logits(logits, np.full(len(logits), not subject.may_stop))
        if flaw is not None:
            raise SubjectError(f"the subject answered an observation of {world.name} with what is no policy: {flaw[1]}")
        odds = np.asarray(action_probabilities(jnp.asarray(logits)), np.float64)
        return carry, np.where(np.isneginf(logits).all(-1, keepdims=True), 0.0, odds)

    return choose


@eqx.filter_jit
def _ask(subject: AbstractSubject, seen: Array) -> Array:
    return subject.logits(seen)


@eqx.filter_jit
def _begin(subject: AbstractSubject, seen: Array) -> State:
    return subject.start(seen)


@eqx.filter_jit
def _step(subject: AbstractSubject, state: State, seen: Array) -> tuple[State, Array]:
    after = think_ticks(subject, state, seen)
    return after, subject.act(after)
