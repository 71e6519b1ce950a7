"""Trials in closed loop: levels with a change, a start from which it matters, and where an optimal walk then ends."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE
from mesascope.instruments.interventions.patches import within
from mesascope.instruments.interventions.place import RADII
from mesascope.instruments.search.trials import Trials, changes_of, contested_levels, draw_trials
from mesascope.worlds.counterfactuals import Kind
from mesascope.worlds.world import AbstractWorld

_POOL = 4
"""Contested levels drawn for each that is used."""


class EpisodeTrial(NamedTuple):
    """One test of one change on a batch of levels, from one start on each.

    `old_end` and `new_end` are the cells where an optimal walk from the start ends, without and with the change; `avoided` is
    the cell it must not enter then (-1: none). Levels that are not `fit` have no such start.
    """

    trials: Trials
    start: Int[Array, " level"]
    old_end: Int[Array, " level"]
    new_end: Int[Array, " level"]
    avoided: Int[Array, " level"]
    fit: Bool[Array, " level"]


@eqx.filter_jit
def draw_episode_trials(
    world: AbstractWorld, key: PRNGKeyArray, count: int, weights: Float[Array, " feature"]
) -> dict[str, EpisodeTrial]:
    """Fresh trials of each change of the world on training levels, for a subject that is after `weights`; `count` is even.

    The first half of each is for choosing, the second for scoring.
    """
    pool = contested_levels(world, named_key(key, "pool"), _POOL * count)
    trials = draw_trials(world, named_key(key, "trials"), pool, count, weights)
    return {
        change.name: _start(world, named_key(key, "start", change.name), trials[change.name], change.kind is Kind.MODEL)
        for change in changes_of(world).changes
    }


def _start(world: AbstractWorld, key: PRNGKeyArray, trials: Trials, barred: bool) -> EpisodeTrial:
    (centers,), levels = (part.centers for part in trials.parts), trials.base.count
    far = trials.scored & ~within(centers, max(RADII), trials.scored.shape[1:])
    may = far.reshape(levels, -1)
    start = jax.random.categorical(key, jnp.where(may, 0.0, -1e30), -1).astype(jnp.int32)
    start = jnp.where(may.any(-1), start, NOWHERE)
    old_end = _ends(world.tables(trials.base), trials.old, start)
    new_end = _ends(world.tables(trials.changed), trials.new, start)
    fit = may.any(-1) & (new_end >= 0) & (old_end >= 0) & (barred | (new_end != old_end))
    avoided = centers[:, 0] if barred else jnp.full(levels, NOWHERE, jnp.int32)
    return EpisodeTrial(trials, start, old_end, new_end, avoided, fit)


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
