"""Trials in closed loop: levels with changes, a start from which they matter, and where an optimal walk then ends."""

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
from mesascope.instruments.search.placed import placed_trials, repeated
from mesascope.instruments.search.trials import JOINT, Trials, changes_of, contested_levels, draw_trials
from mesascope.worlds.counterfactuals import Kind
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

_POOL = 4
"""Contested levels drawn for each that is used."""

STARTS = 3
"""Cells of each level that an agent is put into where places are chosen."""


class EpisodeTrial(NamedTuple):
    """One test of one change, or of two at once, on a batch of levels, from one start on each.

    `old_end` and `new_end` are the cells where an optimal walk from the start ends, without and with the change; `avoided` is
    the cell it must not enter then (-1: none). Levels that are not `fit` have no such start. `starts` are cells as good as the
    start, among which it is.
    """

    trials: Trials
    start: Int[Array, " level"]
    old_end: Int[Array, " level"]
    new_end: Int[Array, " level"]
    avoided: Int[Array, " level"]
    fit: Bool[Array, " level"]
    starts: Int[Array, "level start"]

    @property
    def centers(self) -> Cells:
        """The cells that are changed."""
        return jnp.concatenate([part.centers for part in self.trials.parts], 1)


def trial_pool(world: AbstractWorld, key: PRNGKeyArray, count: int) -> AbstractLevels:
    """The levels that `draw_episode_trials` draws from under a key."""
    return contested_levels(world, named_key(key, "pool"), _POOL * count)


@eqx.filter_jit
def draw_episode_trials(
    world: AbstractWorld, key: PRNGKeyArray, count: int, weights: Float[Array, " feature"]
) -> dict[str, EpisodeTrial]:
    """Fresh trials of each change of the world, and of two at once, on training levels, for a subject that is after `weights`;
    `count` is even.

    The first half of each is for choosing, the second for scoring.
    """
    pool = trial_pool(world, key, count)
    trials = draw_trials(world, named_key(key, "trials"), pool, count, weights)
    kinds: dict[str, tuple[Kind, ...]] = {change.name: (change.kind,) for change in changes_of(world).changes}
    kinds[JOINT] = (Kind.OBJECTIVE, Kind.MODEL)
    return {name: _start(world, named_key(key, "start", name), found, kinds[name]) for name, found in trials.items()}


def _start(world: AbstractWorld, key: PRNGKeyArray, trials: Trials, kinds: tuple[Kind, ...]) -> EpisodeTrial:
    levels = trials.base.count
    barred = [part.centers[:, 0] for part, kind in zip(trials.parts, kinds, strict=True) if kind is Kind.MODEL]
    near = jnp.concatenate([part.centers for part in trials.parts], 1)
    shape = trials.scored.shape[1:]
    scored, far = (cells.reshape(levels, -1) for cells in (trials.scored, ~within(near, max(RADII), shape)))
    may = jnp.where((scored & far).any(-1, keepdims=True), scored & far, scored)
    drawn = jax.random.categorical(key, jnp.where(may, 0.0, -1e30)[:, None], -1, shape=(levels, STARTS))
    starts = jnp.where(may.any(-1, keepdims=True), drawn, NOWHERE).astype(jnp.int32)
    start = starts[:, 0]
    old_end = _ends(world.tables(trials.base), trials.old, start)
    new_end = _ends(world.tables(trials.changed), trials.new, start)
    fit = may.any(-1) & (new_end >= 0) & (old_end >= 0) & (bool(barred) | (new_end != old_end))
    avoided = barred[0] if barred else jnp.full(levels, NOWHERE, jnp.int32)
    return EpisodeTrial(trials, start, old_end, new_end, avoided, fit, starts)


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


@eqx.filter_jit
def standing_trials(trial: EpisodeTrial) -> Trials:
    """The same changes for an agent that stands in one of the starts of each level, scored in that cell."""
    found = placed_trials(trial.trials, trial.starts)
    return found._replace(scored=found.scored & repeated(trial.fit, trial.starts)[:, None, None])
