"""Optimal action values of any objective at once, where touching any object ends the episode."""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import DISCOUNT, Discount, optimal_values
from mesascope.worlds.outcomes import Outcomes


class FirstTouch(NamedTuple):
    """Which object each action enters, and the discounted optimal value of touching it before any other."""

    enters: Bool[Array, "level state object action"]
    reach: Float[Array, "level state object action"]
    """1 for the action that enters the object, discount^k where it can be entered k steps later at the earliest, and 0
    where it cannot be touched first."""


@eqx.filter_jit
def first_touch(outcomes: Outcomes, mdp: FiniteMDP, discount: Discount = DISCOUNT) -> FirstTouch:
    """Solve each outcome alone (1 for reaching it, 0 for any other), all levels together.

    `mdp` holds the tables of the same levels: deterministic, moves reversible, every outcome terminal. Then an optimal policy
    either makes for one object and nothing else or, where nothing is worth touching, wanders for ever; so these tables
    give the optimal values of *every* objective (see `action_values`).
    """
    flat = outcomes.at.transpose(0, 2, 1)
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None]
    successor = mdp.successor[..., 0]
    moves = (successor != here) & ~mdp.terminal[:, :, None]
    row = jnp.arange(mdp.levels)[:, None, None]
    enters = flat[row, successor] & moves[..., None]
    alone = dataclasses.replace(mdp, features=enters[:, :, :, None].astype(jnp.float32))
    reach = jax.lax.map(lambda wanted: optimal_values(alone, wanted, discount).action, jnp.eye(flat.shape[-1]))
    return FirstTouch(enters.transpose(0, 1, 3, 2), reach.transpose(1, 2, 0, 3))


def action_values(
    enters: Bool[Array, "*states object action"],
    reach: Float[Array, "*states object action"],
    worth: Float[Array, "*states object"],
) -> Float[Array, "*states action"]:
    """Optimal action values where touching an object is worth `worth` and nothing else is worth anything.

    Exact for deterministic levels: an action that enters an object earns its worth; any other leaves the choice of the
    object that pays best from there, or of none. Differentiable in `worth` except where two choices tie.
    """
    each = worth[..., None] * reach
    return jnp.where(enters.any(-2), jnp.where(enters, each, 0.0).sum(-2), jnp.maximum(each.max(-2), 0.0))
