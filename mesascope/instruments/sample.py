"""Levels of one distribution with their tables and what a subject answers on them: what instruments look at."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, Shaped

from mesascope.core.errors import SubjectError, said
from mesascope.core.mdp import FiniteMDP
from mesascope.core.subject import AbstractSubject, policy_table
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class Sample(NamedTuple):
    """A batch of levels, solved tables of them, and the subject's policy table."""

    distribution: str
    levels: AbstractLevels
    mdp: FiniteMDP
    observation: Shaped[Array, "view ..."]
    policy: Float[Array, "level state action"]


@eqx.filter_jit
def level_tables(world: AbstractWorld, levels: AbstractLevels) -> tuple[FiniteMDP, Shaped[Array, "view ..."]]:
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
def answer(subject: AbstractSubject, observation: Shaped[Array, "view ..."]) -> Array:
    """The subject's logits as they come, of any shape; compiled once for each subject type and shape."""
    return subject.logits(observation)


def draw_sample(
    world: AbstractWorld, subject: AbstractSubject, key: PRNGKeyArray, count: int, distribution: str
) -> Sample:
    """Draw levels and ask the subject; `SubjectError` names the level and state of an answer that is not a policy."""
    levels = world.draw(key, count, world.check_distribution(distribution))
    mdp, observation = level_tables(world, levels)
    return Sample(distribution, levels, mdp, observation, ask(subject, observation, mdp, distribution))


def ask(
    subject: AbstractSubject, observation: Shaped[Array, "view ..."], mdp: FiniteMDP, distribution: str
) -> Float[Array, "problem state action"]:
    """The subject's policy table, checked for shape and finite values; `SubjectError` also where it raises.

    In a world of stages a level is observed once for each of its stages, and is still one problem.
    """
    try:
        logits = answer(subject, observation)
    except Exception as error:
        raise SubjectError(f"the subject failed on {distribution} levels: {said(error)}") from error
    places = _places(observation, mdp)
    expected = (*places, mdp.actions)
    found = tuple(getattr(logits, "shape", ()))
    if found != expected:
        first = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), None)
        raise SubjectError(
            f"the subject answered {distribution} levels from level 0, state 0 on with shape {found}; expected "
            f"{expected}, one row of action logits for every {'cell' if len(places) > 2 else 'state'}"
            + ("" if first is None else f" (they differ in {(*_AXES[len(places)], 'action')[first]})")
        )
    bad = np.argwhere(~np.isfinite(np.asarray(jax.device_get(logits))))
    if len(bad):
        level, *place, action = (int(i) for i in bad[0])
        where = "cell row {} column {} (interior)" if len(place) > 1 else "state {}"
        raise SubjectError(
            f"the subject answered {distribution} level {level}, {where.format(*place)}, action {action} with a value that is "
            "not finite"
        )
    return policy_table(logits, mdp.states)


_AXES = {3: ("level", "height", "width"), 2: ("level", "state")}


def _places(observation: Shaped[Array, "..."], mdp: FiniteMDP) -> tuple[int, ...]:
    """What an answer has a row of logits for: the cells of maps that show all states, or the states, each shown by itself."""
    cells = observation.shape[:3]
    return cells if observation.ndim > 3 and math.prod(cells) == mdp.levels * mdp.states else observation.shape[:2]
