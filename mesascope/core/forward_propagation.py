"""Mass pushed on along a policy, step after step: by slices where the tables name moves, as in `lattice`.

Prepared once and used for thousands of steps: what a step needs is laid out beforehand, levels last.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.mdp import FiniteMDP, arrivals, chosen

Table = Float[Array, "state level"]
Step = Callable[[Table], Table]
"""From the mass on each state to what of it is under way one step later; what has come to an end is gone."""

_ROOM = 32
"""The room for what leaves stages is a multiple of this, so that few programs are compiled for it."""


def make_step(mdp: FiniteMDP, policy: Float[Array, "level state action"], leavers: int) -> Step:
    """One step along a policy; `leavers` is what `most_leavers` says of these tables or of a batch that holds them: with less
    room than that, mass would be lost.
    """
    if mdp.moves is None:
        return lambda mass: (arrivals(mdp, policy, mass.T) * ~mdp.terminal).T
    moves, level = mdp.moves, jnp.arange(mdp.levels)
    after, leaves = _after_and_leaves(mdp)
    share = jnp.where(mdp.terminal.T[after, level], 0.0, chosen(mdp, policy)[..., 0].transpose(1, 2, 0))
    moved = after != jnp.arange(mdp.states)[:, None, None]
    stays = jnp.where(moved, 0.0, share).sum(1)
    goes = jnp.where(moved & ~leaves, share, 0.0).transpose(1, 0, 2)
    reach = max(abs(move) for move in moves)

    def within(mass: Table) -> Table:
        new = mass * stays
        for move, share in zip(moves, goes, strict=True):
            padded = jnp.pad(mass * share, ((reach, reach), (0, 0)))
            new += jax.lax.slice_in_dim(padded, reach - move, reach - move + mdp.states)
        return new

    if mdp.stage is None:
        return within
    out = jnp.where(leaves, share, 0.0).reshape(-1, mdp.levels)
    # What leaves is little, and where it goes is anywhere: a short list instead of a table.
    slots = jax.vmap(lambda column: jnp.nonzero(column, size=leavers, fill_value=len(out))[0], 1, 1)(out > 0)
    come_from, lead_to = slots // mdp.actions, after.reshape(-1, mdp.levels).at[slots, level].get(mode="clip")
    weight = out.at[slots, level].get(mode="fill", fill_value=0.0)

    def step(mass: Table) -> Table:
        on = mass.at[come_from, level].get(mode="clip") * weight
        return within(mass).at[lead_to, level].add(on)

    return step


def most_leavers(mdp: FiniteMDP) -> int:
    """Room that the transitions of any level from one stage into another need, ends not counted; 0 without stages.

    Looks at the tables, which must not be traced.
    """
    if mdp.stage is None or mdp.moves is None:
        return 0
    return -(-int(_leavers(mdp)) // _ROOM) * _ROOM


@jax.jit
def _leavers(mdp: FiniteMDP) -> Int[Array, ""]:
    after, leaves = _after_and_leaves(mdp)
    return (leaves & ~mdp.terminal.T[after, jnp.arange(mdp.levels)]).sum((0, 1)).max()


def _after_and_leaves(mdp: FiniteMDP) -> tuple[Int[Array, "state action level"], Bool[Array, "state action level"]]:
    after = mdp.successor[..., 0].transpose(1, 2, 0)
    if mdp.stage is None:
        return after, jnp.zeros(after.shape, bool)
    return after, after // mdp.stage != jnp.arange(mdp.states)[:, None, None] // mdp.stage
