"""States that come in stages which are left for good: solved one stage at a time.

What has been taken is gone, so no transition leads to an earlier stage. Within a stage the states are those of a grid.
Values are known from the last stage back, visits from the first on.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.banded import solve_banded
from mesascope.core.grid_solver import Lattice, best_values
from mesascope.core.mdp import FiniteMDP, banded_transitions, chosen

Table = Float[Array, "state level"]


def solve_by_stages(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], gain: Float[Array, "level state"], discount
) -> tuple[Float[Array, "level state"], Float[Array, "level state"]]:
    """Values and visits of a policy with expected reward `gain`; needs `mdp.stage` and `mdp.band`."""
    if mdp.stage is None or mdp.band is None:
        raise ValueError("solve_by_stages needs the stage and the band of the tables, and they name none")
    size, levels = mdp.stage, jnp.arange(mdp.levels)
    stays = jnp.zeros(2 * mdp.band + 1).at[mdp.band].set(1.0)[:, None]
    systems = (stays - discount * banded_transitions(mdp, policy)).reshape(-1, size, 2 * mdp.band + 1, mdp.levels)
    # States first and levels last, outcomes of all actions side by side, stage by stage.
    after = mdp.successor.reshape(mdp.levels, mdp.states, -1).transpose(1, 2, 0)
    leaves = after // size != jnp.arange(mdp.states)[:, None, None] // size
    onward = jnp.where(leaves, chosen(mdp, policy).reshape(mdp.levels, mdp.states, -1).transpose(1, 2, 0), 0.0)
    after, onward = (x.reshape(-1, size, *x.shape[1:]) for x in (after, onward))
    numbers = jnp.arange(len(systems))

    def values_of(known: Table, stage):
        number, system, after, onward, gain = stage
        later = (known[after, levels] * onward).sum(1)
        found = solve_banded(system, gain + discount * later, jnp.zeros_like(gain)).right
        return jax.lax.dynamic_update_slice_in_dim(known, found, number * size, 0), None

    def visits_of(arrived: Table, stage):
        number, system, after, onward = stage
        here = jax.lax.dynamic_slice_in_dim(arrived, number * size, size)
        found = solve_banded(system, jnp.zeros_like(here), here).left
        return arrived.at[after, levels].add(discount * found[:, None] * onward), found

    nothing = jnp.zeros((mdp.states, mdp.levels))
    gains = gain.T.reshape(-1, size, mdp.levels)
    values, _ = jax.lax.scan(values_of, nothing, (numbers, systems, after, onward, gains), reverse=True)
    _, visits = jax.lax.scan(visits_of, mdp.initial.T, (numbers, systems, after, onward))
    return values.T, visits.reshape(mdp.states, mdp.levels).T


def best_by_stages(
    mdp: FiniteMDP,
    reward: Float[Array, "level state action"],
    discount,
    limit,
    allowed: Bool[Array, "level state action"] | None = None,
) -> Float[Array, "level state"]:
    """Optimal values, from actions in `allowed` alone where given; needs `mdp.stage` and `mdp.moves`."""
    if mdp.stage is None or mdp.moves is None:
        raise ValueError("best_by_stages needs the stage and the moves of the tables, and they name none")
    size, moves, levels = mdp.stage, mdp.moves, jnp.arange(mdp.levels)
    here = jnp.arange(mdp.states)[:, None, None]
    after = mdp.successor[..., 0].transpose(1, 2, 0)
    leaves = after // size != here // size
    may = jnp.ones_like(leaves) if allowed is None else allowed.transpose(1, 2, 0)
    tables = (here, after, leaves, may, reward.transpose(1, 2, 0), ~mdp.terminal.T)

    def stage(known: Table, one):
        number, (here, after, leaves, may, reward, live) = one
        onward = jnp.where(leaves & may & live[:, None], reward + discount * known[after, levels], -jnp.inf).max(1)
        goes, gains, stays_inside = (x.transpose(1, 0, 2) for x in (after != here, reward, may & ~leaves))
        found = best_values(Lattice(goes, gains, live, moves), discount, limit, stays_inside, onward)
        return jax.lax.dynamic_update_slice_in_dim(known, found, number * size, 0), None

    staged = jax.tree.map(lambda x: x.reshape(-1, size, *x.shape[1:]), tables)
    numbers = jnp.arange(mdp.states // size)
    known, _ = jax.lax.scan(stage, jnp.zeros((mdp.states, mdp.levels)), (numbers, staged), reverse=True)
    return known.T
