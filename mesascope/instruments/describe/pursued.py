"""How far every state is from what is pursued: along an optimal way, and as the crow flies."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import Discount, optimal_actions
from mesascope.instruments.first_touch import action_values, first_touch
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

FAR = 10_000
"""Steps to what cannot be reached."""


class Pursued(NamedTuple):
    """An optimal way for an objective from every state.

    `steps` is its length and `chebyshev` the distance on the map to the outcome it ends at, counting a diagonal step as one.
    Only `cells` count: states in which an agent acts, with something worth reaching within reach.
    """

    steps: Int[Array, "level state"]
    chebyshev: Int[Array, "level state"]
    optimal: Bool[Array, "level state action"]
    cells: Bool[Array, "level state"]


@eqx.filter_jit
def pursue(
    world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP, weights: Float[Array, " feature"], discount: Discount
) -> Pursued:
    """Distances and optimal actions of an objective; `mdp` holds the tables of `levels`, every outcome terminal."""
    outcomes = world.outcomes(levels)
    touch = first_touch(outcomes, mdp, discount)
    worth = jnp.where(outcomes.present, outcomes.features @ weights, 0.0)
    reach = touch.reach.max(-1)
    value = worth[:, None] * reach
    goal = value.argmax(-1)
    near = jnp.take_along_axis(reach, goal[..., None], -1)[..., 0]
    steps = jnp.where(near > 0, 1 + jnp.round(jnp.log(jnp.maximum(near, 1e-30)) / jnp.log(discount)), FAR)
    here = _cells(world, levels)
    at = jnp.take_along_axis(here, outcomes.at.argmax(-1), 1)
    apart = _chebyshev(jnp.take_along_axis(at, goal, 1), here, world.map_shape(levels))
    actions = action_values(touch.enters, touch.reach, jnp.broadcast_to(worth[:, None], reach.shape))
    cells = (value.max(-1) > 1e-6) & world.active(levels) & ~mdp.terminal
    return Pursued(steps.astype(jnp.int32), apart, optimal_actions(actions), cells)


def _cells(world: AbstractWorld, levels: AbstractLevels) -> Int[Array, "level state"]:
    """Where each state lies. `UsageError` for a world whose states have no place."""
    at = world.locate(levels)
    if at is None:
        raise UsageError(f"states of {world.name} have no place on a map, and distances on it are asked for")
    return at


def _chebyshev(
    at: Int[Array, "#level #state"], here: Int[Array, "level state"], shape: tuple[int, int]
) -> Int[Array, "level state"]:
    """Distance of every state from the cell named for it."""
    width = shape[1]
    return jnp.maximum(jnp.abs(at // width - here // width), jnp.abs(at % width - here % width))


class Away(NamedTuple):
    """Least number of steps, and least Chebyshev distance, from any of some source cells."""

    steps: Int[Array, "level state"]
    chebyshev: Int[Array, "level state"]


@eqx.filter_jit
def away_from(
    world: AbstractWorld,
    levels: AbstractLevels,
    mdp: FiniteMDP,
    sources: Int[Array, "level source"],
    blocked: Bool[Array, "level state"],
) -> Away:
    """How far every state is from the source cells; no way leads *on* from a blocked state.

    `FAR` or more where there is no way. `mdp` holds the tables of `levels`, or of any with the same ways.
    """
    ends = mdp.successor[..., 0]
    offsets = jnp.arange(mdp.levels, dtype=jnp.int32)[:, None, None] * mdp.states
    flat = ends + offsets
    here = _cells(world, levels)
    start = jnp.where((sources[:, :, None] == here[:, None]).any(1), 0, FAR).astype(jnp.int32)

    def spread(carry):
        steps, _ = carry
        leads_on = jnp.where(blocked & (steps > 0), FAR, steps)
        new = jnp.minimum(steps, 1 + leads_on.reshape(-1)[flat].min(-1))
        return new, (new != steps).any()

    steps, _ = jax.lax.while_loop(lambda carry: carry[1], spread, (start, jnp.array(True)))
    shape = world.map_shape(levels)
    apart = jnp.stack([_chebyshev(source[:, None], here, shape) for source in jnp.moveaxis(sources, 1, 0)])
    return Away(steps, apart.min(0))
