"""Which object of a level a policy touches first, exactly."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.instruments.episodes import expected_outcome, horizon_of
from mesascope.worlds.grids.grid import GridLevels, one_hot_objects


@eqx.filter_jit
def touched_first(
    levels: GridLevels,
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    initial: Float[Array, "level state"] | None = None,
) -> Float[Array, "level end"]:
    """Probability that each object of each level is touched first, and, last, that none is within the horizon.

    From the starts of the tables, or those of `initial`. Exact where touching any object ends the episode.
    """
    fires = entering(levels, mdp).astype(jnp.float32)[:, :, :, None]
    start = mdp.initial if initial is None else initial
    walk = dataclasses.replace(mdp, features=fires, initial=start)
    ended = expected_outcome(walk, policy, horizon_of(mdp))
    return jnp.concatenate([ended.fired, ended.unended[:, None]], -1)


def entering(levels: GridLevels, mdp: FiniteMDP) -> Bool[Array, "level state action object"]:
    """Whether each action enters each object. Where the way on is certain."""
    at = one_hot_objects(levels)
    flat = at.reshape(levels.count, at.shape[1], mdp.states).transpose(0, 2, 1)
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None]
    successor = mdp.successor[..., 0]
    moves = (successor != here) & ~mdp.terminal[:, :, None]
    return flat[jnp.arange(levels.count)[:, None, None], successor] & moves[..., None]
