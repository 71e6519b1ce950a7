"""Levels of one distribution with their tables and what a subject answers on them: what instruments look at."""

from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from mesascope.core.actions import flaw_of_logits
from mesascope.core.errors import SubjectError, said
from mesascope.core.mdp import FiniteMDP, visited_states
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class Sample(NamedTuple):
    """A batch of levels, solved tables of them, and the subject's policy table."""

    distribution: str
    levels: AbstractLevels
    mdp: FiniteMDP
    observation: Observation
    policy: Float[Array, "level state action"]


@eqx.filter_jit
def level_tables(world: AbstractWorld, levels: AbstractLevels) -> tuple[FiniteMDP, Observation]:
    """Compiled once for each size of level, whatever their distribution."""
    return world.tables(levels), world.observe(levels)


@eqx.filter_jit
def part_of(tables: PyTree, first: int, count: int) -> PyTree:
    """`count` levels from `first` on, of every table: one program for all tables together."""
    return jax.tree.map(lambda table: table[first : first + count], tables)


def first_levels(sample: Sample, count: int) -> Sample:
    """The first levels of a sample; all of them where it has no more."""
    if count >= sample.mdp.levels:
        return sample
    views = len(sample.observation) // sample.mdp.levels  # a staged world shows several of each level
    if views == 1:
        return Sample(sample.distribution, *part_of(sample[1:], 0, count))
    levels, mdp, policy = part_of((sample.levels, sample.mdp, sample.policy), 0, count)
    return Sample(sample.distribution, levels, mdp, sample.observation[: count * views], policy)


@eqx.filter_jit
def answer(subject: AbstractSubject, observation: Observation) -> Array:
    """The subject's logits as they come, of any shape; compiled once for each subject type and shape."""
    return subject.logits(observation)


def draw_sample(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, count: int, distribution: str
) -> Sample:
    """Draw levels and ask the subject; `SubjectError` names the level and state of an answer that is not a policy."""
    subject = subject.for_actions(world.actions)
    levels = world.draw(key, count, world.check_distribution(distribution))
    mdp, observation = level_tables(world, levels)
    return Sample(distribution, levels, mdp, observation, ask(subject, observation, mdp, distribution))


def ask(
    subject: AbstractSubject, observation: Observation, mdp: FiniteMDP, distribution: str
) -> Float[Array, "problem state action"]:
    """The subject's policy table, checked for shape and values; `SubjectError` also where it raises.

    Minus infinity is an action that is never taken. Where an agent can come and has to act, one action must be left.

    In a world of stages a level is observed once for each of its stages, and is still one problem.
    """
    try:
        logits = answer(subject, observation)
    except Exception as error:
        raise SubjectError(f"the subject failed on {distribution} levels: {said(error)}") from error
    expected = (*observation.shape[:3], mdp.actions)
    found = tuple(getattr(logits, "shape", ()))
    if found != expected:
        first = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), None)
        raise SubjectError(
            f"the subject answered {distribution} levels from level 0, state 0 on with shape {found}; expected "
            f"{expected}, one row of action logits for every cell"
            + ("" if first is None else f" (they differ in {('level', 'height', 'width', 'action')[first]})")
        )
    given = np.asarray(jax.device_get(logits))
    flaw = flaw_of_logits(given)
    if flaw is None and np.isneginf(given).all(-1).any():
        flaw = flaw_of_logits(given, visited_states(mdp).reshape(given.shape[:-1]))
    if flaw is not None:
        (level, row, column), why = flaw
        raise SubjectError(
            f"the subject answered {distribution} level {level}, cell row {row} column {column} (interior) with a row that is "
            f"no policy: {why}"
        )
    return policy_table(logits, mdp.states)
