"""Trials in closed loop: levels with a change, a start from which it matters, and where an optimal walk then ends."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE
from mesascope.instruments.interventions.patches import Cells, within
from mesascope.instruments.interventions.place import RADII
from mesascope.instruments.search.trials import Trials, contested_levels, draw_trials
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import AbstractWorld

TESTS = ("retarget", "virtual wall")


_POOL = 4
"""Contested levels drawn for each that is used."""


class EpisodeTrial(NamedTuple):
    """One test on a batch of levels, one start on each.

    `changed` has the objects swapped, or a wall more; `idle` has a change of the same kind that alters nothing for the
    walker. `centers`, `idle_centers` and `wrong` are where the changes lie, and where the same content is pasted as a
    control. `old_end` and `new_end` are the cells where an optimal walk from the start ends, without and with the change;
    `avoided` is the cell it must not enter then (-1: none). In `scored` cells optimal actions before and after share
    nothing. Levels that are not `fit` have no such start.
    """

    base: GridLevels
    changed: GridLevels
    idle: GridLevels
    centers: Cells
    idle_centers: Cells
    wrong: Cells
    start: Int[Array, " level"]
    old_end: Int[Array, " level"]
    new_end: Int[Array, " level"]
    avoided: Int[Array, " level"]
    old: Bool[Array, "level state action"]
    new: Bool[Array, "level state action"]
    scored: Bool[Array, "level height width"]
    fit: Bool[Array, " level"]


@eqx.filter_jit
def draw_episode_trials(
    world: AbstractWorld, key: PRNGKeyArray, count: int, weights: Float[Array, " feature"]
) -> dict[str, EpisodeTrial]:
    """Fresh courses of both tests on training levels, for a subject that is after `weights`; `count` is even.

    The first half of each is for choosing, the second for scoring.
    """
    pool = contested_levels(world, named_key(key, "pool"), _POOL * count)
    trials = draw_trials(world, named_key(key, "trials"), pool, count, weights)
    return {name: _course(world, named_key(key, "start", name), trials[name], name == TESTS[1]) for name in TESTS}


def _course(world: AbstractWorld, key: PRNGKeyArray, trials: Trials, walled: bool) -> EpisodeTrial:
    part, idle = trials.parts[0], trials.irrelevant[0]
    levels = trials.base.count
    far = trials.scored & ~within(part.centers, max(RADII), trials.base.interior)
    may = far.reshape(levels, -1)
    start = jax.random.categorical(key, jnp.where(may, 0.0, -1e30), -1).astype(jnp.int32)
    start = jnp.where(may.any(-1), start, NOWHERE)
    old_end = _ends(world.tables(trials.base), trials.old, start)
    new_end = _ends(world.tables(trials.changed), trials.new, start)
    nowhere = jnp.full(levels, NOWHERE, jnp.int32)
    fit = may.any(-1) & (new_end >= 0) & (old_end >= 0) & (walled | (new_end != old_end))
    return EpisodeTrial(
        base=trials.base,
        changed=trials.changed,
        idle=idle.donor,
        centers=part.centers,
        idle_centers=idle.centers,
        wrong=trials.wrong[0],
        start=start,
        old_end=old_end,
        new_end=new_end,
        avoided=part.centers[:, 0] if walled else nowhere,
        old=trials.old,
        new=trials.new,
        scored=trials.scored,
        fit=fit,
    )


def _ends(
    mdp: FiniteMDP, optimal: Bool[Array, "level state action"], start: Int[Array, " level"]
) -> Int[Array, " level"]:
    """Cell where a walk by optimal actions ends; -1 where it ends nowhere."""
    level = jnp.arange(mdp.levels)

    def step(_, cell):
        action = optimal[level, cell].argmax(-1)
        return jnp.where(mdp.terminal[level, cell], cell, mdp.successor[level, cell, action, 0])

    end = jax.lax.fori_loop(0, mdp.states, step, start)
    return jnp.where(mdp.terminal[level, end], end, -1).astype(jnp.int32)
