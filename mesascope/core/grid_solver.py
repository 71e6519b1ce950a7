"""Levels in which each action leads a fixed number of states on, or nowhere: sweeps by slices instead of gathers.

A grid is such a lattice: an action moves one row or one column, or bumps. Levels lie on the last axis, so that what an
action leads to is one slice of all values, and a block of levels is swept until it has settled before the next is
begun: its tables stay in the processor's cache, and few levels wait for the slowest.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from mesascope.core.mdp import FiniteMDP

Table = Float[Array, "state level"]

_LEVELS_AT_ONCE = 64
_SIDE_BY_SIDE = 65_536
"""Levels at once on a GPU, which would idle on fewer; more might not fit its memory."""
_SWEEPS_A_LOOK = 4
"""Sweeps between two looks at whether anything still moves."""


class Lattice(NamedTuple):
    """A block of levels: whether each action leads on, rewards, and which states do not end the episode."""

    goes: Bool[Array, "action state level"]
    reward: Float[Array, "action state level"]
    live: Bool[Array, "state level"]
    moves: tuple[int, ...]

    @property
    def reach(self) -> int:
        """How far the farthest action leads."""
        return max(abs(move) for move in self.moves)


def lattice(mdp: FiniteMDP, reward: Float[Array, "level state action"]) -> Lattice:
    """The tables of a block, levels last; needs `mdp.moves`, and no stages."""
    if mdp.moves is None or not mdp.is_grid:
        raise ValueError("a lattice needs moves that hold everywhere, and the tables name none, or stages besides")
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None]
    goes = mdp.successor[..., 0].transpose(2, 1, 0) != here
    return Lattice(goes, reward.transpose(2, 1, 0), ~mdp.terminal.T, mdp.moves)


def by_blocks(solve: Callable[..., PyTree], levels: int, *tables: PyTree) -> PyTree:
    """`solve(*tables)` on one block of levels after the other; every leaf has the levels first."""
    together = _levels_together(levels)
    if together == levels:
        return solve(*tables)
    parts = jax.tree.map(lambda x: x.reshape(-1, together, *x.shape[1:]), tables)
    solved = jax.lax.map(lambda part: solve(*part), parts)
    return jax.tree.map(lambda x: x.reshape(levels, *x.shape[2:]), solved)


def _levels_together(levels: int) -> int:
    """The largest share of the batch up to `_LEVELS_AT_ONCE` that divides it, if it can whole vectors of eight."""
    most = at_once(_LEVELS_AT_ONCE)
    fitting = [n for n in range(min(levels, most), most // 4 - 1, -1) if levels % n == 0]
    return next((n for n in fitting if n % 8 == 0), fitting[0] if fitting else levels)


def at_once(levels: int) -> int:
    """How many levels are solved together: `levels`, for which a processor's cache has room; all of a batch on a GPU."""
    return levels if jax.default_backend() == "cpu" else _SIDE_BY_SIDE


def best_values(
    block: Lattice,
    discount,
    limit,
    allowed: Bool[Array, "action state level"] | None = None,
    onward: Table | None = None,
) -> Table:
    """Optimal values, from actions in `allowed` alone where given; see `solver.optimal_values`. `onward` is what leaving
    these states is worth at best, -inf where none can be left.

    Sweeps start from zero and end where one changes no bit of any value, so that more of them would change nothing:
    a level's values do not depend on its block. What a state is worth by staying needs one table for all actions, and
    ends and forbidden actions are ruled out beforehand, so that a sweep is nothing but sums and maxima.
    """
    possible = jnp.broadcast_to(block.live, block.goes.shape) if allowed is None else allowed & block.live
    stays = jnp.where(possible & ~block.goes, block.reward, -jnp.inf).max(0)
    stays = jnp.where(block.live, stays, 0.0)
    goes = [jnp.where(p & g, r, -jnp.inf) for p, g, r in zip(possible, block.goes, block.reward, strict=True)]

    def backup(ahead: Callable[[int], Table]) -> Table:
        best = stays + discount * ahead(0)
        for move, reward in zip(block.moves, goes, strict=True):
            best = jnp.maximum(best, reward + discount * ahead(move))
        return best if onward is None else jnp.maximum(best, onward)

    def moving(new: Table, old: Table) -> Bool[Array, " level"]:
        return (new != old).any(0)

    return _settle(backup, moving, block, limit, freeze=False)


def soft_values(
    block: Lattice,
    soften: Callable[[Float[Array, "action state level"]], Table],
    moving: Callable[[Table, Table], Bool[Array, " level"]],
    discount,
    limit,
) -> Table:
    """The values at which `soften` of the action values changes nothing that `moving` cares for, each level by itself."""

    def backup(ahead: Callable[[int], Table]) -> Table:
        return jnp.where(block.live, soften(_action_values(block, ahead, discount)), 0.0)

    return _settle(backup, moving, block, limit, freeze=True)


def action_values(block: Lattice, values: Table, discount) -> Float[Array, "action state level"]:
    """Action values of state values; zero where the episode is over."""
    return jnp.where(block.live, _action_values(block, _view(_padded(values, block.reach), block), discount), 0.0)


def _action_values(block: Lattice, ahead: Callable[[int], Table], discount) -> Float[Array, "action state level"]:
    reached = [jnp.where(goes, ahead(move), ahead(0)) for move, goes in zip(block.moves, block.goes, strict=True)]
    return block.reward + discount * jnp.stack(reached)


def _padded(values: Table, reach: int) -> Float[Array, "padded level"]:
    return jnp.pad(values, ((reach, reach), (0, 0)))


def _view(padded: Float[Array, "padded level"], block: Lattice) -> Callable[[int], Table]:
    """What lies so many states ahead of each; nothing that leads outside is ever taken."""
    states = block.live.shape[0]
    return lambda move: jax.lax.slice_in_dim(padded, block.reach + move, block.reach + move + states)


def _settle(backup, moving, block: Lattice, limit, *, freeze: bool) -> Table:
    """Sweep from zero until nothing moves or `limit` sweeps are done. With `freeze`, what has settled stays as it is."""
    states, levels = block.live.shape

    def sweep(padded, still_moves):
        view = _view(padded, block)
        new = backup(view)
        new = jnp.where(still_moves, new, view(0)) if freeze else new
        return jax.lax.dynamic_update_slice_in_dim(padded, new, block.reach, 0), new, view(0)

    def body(carry):
        padded, still_moves, sweeps = carry
        for _ in range(_SWEEPS_A_LOOK):
            padded, new, old = sweep(padded, still_moves)
        return padded, moving(new, old), sweeps + _SWEEPS_A_LOOK

    start = (jnp.zeros((states + 2 * block.reach, levels)), jnp.ones(levels, bool), jnp.array(0))
    padded = jax.lax.while_loop(lambda carry: carry[1].any() & (carry[2] < limit), body, start)[0]
    return _view(padded, block)(0)
