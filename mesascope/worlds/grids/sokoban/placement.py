"""How levels of Sokoban are drawn: random walls, targets and boxes that can be brought there, and only what can be solved.

A box can be brought from one cell to another if some sequence of pushes does it on the empty floor, with the player wherever it
has to be. This is necessary, and quick to know. Whether the whole level can be solved is then found by enumerating it.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.sokoban.arrangements import ahead_of, flood, with_arrangements
from mesascope.worlds.grids.sokoban.levels import BLUE, RED, SokobanLevels
from mesascope.worlds.grids.sokoban.tables import solved

APART, ALONE = range(2)
"""What a level holds: a red and a blue box, each of which can be brought to the target of its own color and to no other; or a
blue box and a red target, and nothing else."""


class _Drawn(NamedTuple):
    """One try at a level, and whether boxes and targets could be placed in it."""

    walls: Bool[Array, "height width"]
    target: Int[Array, " target"]
    box: Int[Array, " box"]
    player: Int[Array, ""]
    placed: Bool[Array, ""]


def brings(walls: Bool[Array, "height width"]) -> Bool[Array, "target cell"]:
    """From which cells a box alone on the floor can be brought to each target, by pulling it from there backward."""
    height, width = walls.shape
    cells = height * width
    ahead = jnp.asarray(ahead_of(height, width))
    floor = jnp.append(~walls.reshape(-1), False)
    may = jnp.stack([floor[:-1] & floor[ahead[d]] & floor[ahead[d ^ 1]] for d in range(len(MOVES))])

    def pull(carry):
        found, _ = carry
        beyond = jnp.pad(found, ((0, 0), (0, 1)))
        new = found | (beyond[:, ahead] & may).any(1)
        return new, (new != found).any()

    start = jnp.eye(cells, dtype=bool) & floor[:-1]
    return jax.lax.while_loop(lambda carry: carry[1], pull, (start, jnp.array(True)))[0]


def _pick(noise: Float[Array, " number"], allowed: Bool[Array, " choice"]) -> Int[Array, ""]:
    return jnp.where(allowed, noise[: len(allowed)], -1.0).argmax().astype(jnp.int32)


def _try(noise: Float[Array, " number"], size: int, share: Float[Array, ""], rule: int) -> _Drawn:
    """One try from uniform random numbers, as many as `_numbers` says."""
    side = size - 2
    cells = side * side
    for_walls, first, second, for_player, for_targets = jnp.split(noise, [i * cells for i in range(1, 5)])
    walls = (for_walls < share).reshape(side, side)
    floor = ~walls.reshape(-1)
    live = brings(walls) & ~jnp.eye(cells, dtype=bool)
    if rule == ALONE:
        red = _pick(for_targets, live.any(1))
        target, box = red[None], _pick(first, live[red])[None]
        placed = live.any()
    else:
        mine = live[:, None] & (~live[None])  # (target, other target, cell)
        fit = mine.any(-1) & mine.any(-1).T & ~jnp.eye(cells, dtype=bool)
        red, blue = jnp.divmod(_pick(for_targets, fit.reshape(-1)), cells)
        target = jnp.stack([red, blue]).astype(jnp.int32)
        free = jnp.ones(cells, bool).at[target].set(False)
        each = mine[red, blue] & free, mine[blue, red] & free
        box = jnp.stack([_pick(first, each[0]), _pick(second, each[1])])
        placed = fit.any() & each[0].any() & each[1].any()
    player = _pick(for_player, floor & jnp.ones(cells, bool).at[box].set(False))
    near = flood(jnp.asarray(ahead_of(side, side)), floor, jnp.arange(cells) == player)
    # Floor that nobody can come to is wall; then a level is the same after it was written and read.
    return _Drawn(~near.reshape(side, side), target, box, player, placed & near[target].all() & near[box].all())


def _numbers(size: int) -> int:
    """Random numbers of a try: one a cell for walls, each box and the player, one a pair of cells for the targets."""
    cells = (size - 2) ** 2
    return 4 * cells + cells**2


def _tried(
    key: PRNGKeyArray, count: int, size: int, share, rule: int, slots: int
) -> tuple[SokobanLevels, Bool[Array, " level"]]:
    """Levels as they come, and which of them are levels of the distribution."""
    # One call for all random numbers: every call is a program of its own to be compiled.
    noise = jax.random.uniform(named_key(key, "tries"), (count, _numbers(size)))
    drawn = jax.vmap(lambda one: _try(one, size, share, rule))(noise)
    hues = jnp.broadcast_to(jnp.array([RED] if rule == ALONE else [RED, BLUE]), drawn.target.shape)
    box_hues = jnp.full_like(hues, BLUE) if rule == ALONE else hues
    levels = with_arrangements(drawn.walls, drawn.target, hues, drawn.box, box_hues, drawn.player, slots)
    end = solved(levels) & levels.reached.any(-1)
    return levels, drawn.placed & levels.complete & end.any(-1)


@eqx.filter_jit
def draw_levels(
    key: PRNGKeyArray, count: int, size: int, share: Float[Array, ""], rule: int, slots: int
) -> SokobanLevels:
    """Levels of a distribution, each drawn anew until it is one.

    Args:
        key: what they are drawn from.
        count: how many.
        size: outer height and width.
        share: chance that a cell is wall.
        rule: `APART` or `ALONE`.
        slots: most arrangements of boxes; a level with more is none of the distribution.
    """

    def missing(carry):
        return ~carry[1].all()

    def fill(carry):
        levels, have, turn = carry
        tried, good = _tried(jax.random.fold_in(key, turn), count, size, share, rule, slots)
        # Good ones go in order to the places that are still empty.
        order = jnp.argsort(~good, stable=True)
        rank = jnp.cumsum(~have) - 1
        takes = ~have & (rank < good.sum())
        taken = order[rank.clip(0)]

        def put(old: Array, new: Array) -> Array:
            return jnp.where(takes.reshape(-1, *[1] * (new.ndim - 1)), new[taken], old)

        return jax.tree.map(put, levels, tried), have | takes, turn + 1

    shapes = jax.eval_shape(lambda: _tried(key, count, size, share, rule, slots)[0])
    empty = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    return jax.lax.while_loop(missing, fill, (empty, jnp.zeros(count, bool), 0))[0]
