"""Levels of one distribution with their tables and what a subject answers on them: what instruments look at."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from mesascope.core.actions import flaw_of_logits
from mesascope.core.errors import SubjectError, said
from mesascope.core.mdp import FiniteMDP, visited_states
from mesascope.core.rollouts import Rollout
from mesascope.core.solver import feature_returns
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

_NUMBERS_AT_ONCE = 2**24
"""Numbers that a subject is shown at once, at most, where it is asked state by state (64 MiB of float32)."""
_AXES = {True: ("level", "height", "width", "action"), False: ("level", "state", "action")}


class Sample(NamedTuple):
    """A batch of levels, tables of them, and what the subject does there.

    `observation` is what the subject was shown: `(view, height, width, channel)`. It is None where it was asked state by state,
    which may be far more than is worth keeping. A recurrent subject has no `policy`: it was rolled out, one of the `episodes` on
    each level, and the tables begin where these did.
    """

    distribution: str
    levels: AbstractLevels
    mdp: FiniteMDP
    observation: Any
    policy: Any
    episodes: Rollout | None = None

    def fired(self, discount: float) -> Float[Array, "level feature"]:
        """How often each feature fires, discounted: exact by the policy, or in the one episode of a recurrent subject."""
        return self.episodes.fired if self.episodes is not None else feature_returns(self.mdp, self.policy, discount)


@eqx.filter_jit
def level_tables(
    world: AbstractWorld, levels: AbstractLevels, view: str | None = None
) -> tuple[FiniteMDP, Observation]:
    """Tables of levels and what a view that shows all states shows of them.

    Compiled once for each size of level, whatever their distribution.
    """
    return world.tables(levels), world.observe(levels, view)


@eqx.filter_jit
def _tables(world: AbstractWorld, levels: AbstractLevels) -> FiniteMDP:
    return world.tables(levels)


@eqx.filter_jit
def _shown(world: AbstractWorld, view: str, levels: AbstractLevels, states: Int[Array, "level state"]) -> Array:
    return world.observe(levels, view, states)


@eqx.filter_jit
def part_of(tables: PyTree, first: int, count: int) -> PyTree:
    """`count` levels from `first` on, of every table: one program for all tables together."""
    return jax.tree.map(lambda table: table[first : first + count], tables)


def first_levels(sample: Sample, count: int) -> Sample:
    """The first levels of a sample; all of them where it has no more."""
    if count >= sample.mdp.levels:
        return sample
    if sample.episodes is not None:
        levels, mdp, episodes = part_of((sample.levels, sample.mdp, sample.episodes), 0, count)
        return Sample(sample.distribution, levels, mdp, None, None, episodes)
    # A staged world shows several views of each level.
    views = 1 if sample.observation is None else len(sample.observation) // sample.mdp.levels
    if views == 1:
        return Sample(sample.distribution, *part_of(sample[1:5], 0, count))
    levels, mdp, policy = part_of((sample.levels, sample.mdp, sample.policy), 0, count)
    return Sample(sample.distribution, levels, mdp, sample.observation[: count * views], policy)


def answer(subject: AbstractSubject, observation: Array) -> Array:
    """The subject's logits as they come, of any shape; compiled once for each subject type and shape.

    A subject that computes on the host is called directly: a compiled program would hand it a copy of all that it is shown.
    """
    return subject.logits(observation) if subject.on_host else _answer(subject, observation)


@eqx.filter_jit
def _answer(subject: AbstractSubject, observation: Array) -> Array:
    return subject.logits(observation)


def draw_sample(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, count: int, distribution: str
) -> Sample:
    """Draw levels and ask the subject; `SubjectError` names the level and state of an answer that is not a policy."""
    levels = world.draw(key, count, world.check_distribution(distribution))
    return look_at(world, subject, levels, distribution)


def look_at(world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels, distribution: str) -> Sample:
    """Ask a subject that is not recurrent about levels, through the view that it is shown.

    Args:
        world: The world of the levels.
        subject: The subject.
        levels: A batch of levels.
        distribution: What the levels are called.

    Returns:
        The levels with their tables and the subject's policy.

    Raises:
        SubjectError: An answer is no policy; the message names the level and the state.
        UsageError: The world does not have the view.
    """
    subject, view = subject.for_actions(world.actions), world.view_for(subject.view)
    if world.views[view].shows_all_states:
        # The first view goes by no name, as in the rehearsal of an audit: a name would be another program.
        usual = view == next(iter(world.views))
        mdp, seen = level_tables(world, levels) if usual else level_tables(world, levels, view)
        answered = policy_table(ask(subject, seen, seen.shape[:3], mdp, distribution), mdp.states)
        return Sample(distribution, levels, mdp, seen, answered)
    mdp = _tables(world, levels)
    states = jnp.arange(mdp.states, dtype=jnp.int32)[None]
    one = jax.eval_shape(lambda: world.observe(levels[:1], view, states))
    together = max(1, min(mdp.levels, _NUMBERS_AT_ONCE // max(1, math.prod(one.shape))))
    parts = []
    for first in range(0, mdp.levels, together):
        some = levels[first : first + together]
        seen = _shown(world, view, some, jnp.broadcast_to(states, (len(some), mdp.states)))
        parts.append(policy_table(ask(subject, seen, seen.shape[:2], mdp, distribution, first), mdp.states))
    return Sample(distribution, levels, mdp, None, jnp.concatenate(parts))


def ask(
    subject: AbstractSubject,
    observation: Array,
    places: tuple[int, ...],
    mdp: FiniteMDP,
    distribution: str,
    first: int = 0,
) -> Float[Array, "*place action"]:
    """The subject's action preferences, checked for shape and values; `SubjectError` also where it raises.

    Minus infinity is an action that is never taken. Where an agent can come and has to act, one action must be left.

    `places` is the shape of what an answer has a row of logits for: the cells of maps that show all states, or states that are
    shown each by itself. `first` is the number of the first level, for messages.
    """
    try:
        logits = answer(subject, observation)
    except Exception as error:
        raise SubjectError(f"the subject failed on {distribution} levels: {said(error)}") from error
    cells = len(places) > 2
    expected, found = (*places, mdp.actions), tuple(getattr(logits, "shape", ()))
    if found != expected:
        axis = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), None)
        raise SubjectError(
            f"the subject answered {distribution} levels from level {first}, state 0 on with shape {found}; expected "
            f"{expected}, one row of action logits for every {'cell' if cells else 'state'}"
            + ("" if axis is None else f" (they differ in {_AXES[cells][axis]})")
        )
    given = np.asarray(jax.device_get(logits))
    flaw = flaw_of_logits(given)
    if flaw is None and np.isneginf(given).all(-1).any():
        visited = visited_states(mdp)
        flaw = flaw_of_logits(
            given, (visited if cells else visited[first : first + len(given)]).reshape(given.shape[:-1])
        )
    if flaw is not None:
        (level, *place), why = flaw
        where = "cell row {} column {} (interior)" if cells else "state {}"
        raise SubjectError(
            f"the subject answered {distribution} level {first + level}, {where.format(*place)} with a row that is no "
            f"policy: {why}"
        )
    return logits
