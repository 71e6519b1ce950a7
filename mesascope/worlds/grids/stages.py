"""Levels in which objects are taken one after another: what may be gone, and which tables that makes.

A stage is a set of object slots that are gone. States are numbered by stage and, within one, by cell: state number is
stage times cells, plus the cell. The last stage is the end, in which every cell is terminal.
"""

from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.inline_jit import inline_jit
from mesascope.core.mdp import FiniteMDP
from mesascope.worlds.grids.grid import MOVES, GridLevels, neighbors, one_hot_objects, reaches


class Stage(NamedTuple):
    """What is gone, and the number of the stage that taking each slot leads to (None: it cannot be taken now)."""

    gone: frozenset[int]
    held: int
    leads: tuple[int | None, ...]


@lru_cache
def stages_of(keys: int, chests: int) -> tuple[Stage, ...]:
    """Every stage that can be reached with so many keys and chests, before the end.

    Slots are keys first. A key is taken by entering its cell; a chest by entering it with a key, which is used up. The end
    comes when no chest can be opened any more: all are open, or no key is held and none is left.
    """
    slots = range(keys + chests)
    sets = [frozenset(some) for size in range(keys + chests + 1) for some in combinations(slots, size)]

    def counts(gone: frozenset[int]) -> tuple[int, int]:
        taken = sum(slot < keys for slot in gone)
        return taken, len(gone) - taken

    def lives(gone: frozenset[int]) -> bool:
        taken, opened = counts(gone)
        return opened <= taken and opened < chests and opened < keys

    live = [gone for gone in sets if lives(gone)]
    number = {gone: index for index, gone in enumerate(live)}

    def leads(gone: frozenset[int], slot: int) -> int | None:
        taken, opened = counts(gone)
        if slot in gone or (slot >= keys and taken == opened):
            return None
        return number.get(gone | {slot}, len(live))

    return tuple(
        Stage(gone, counts(gone)[0] - counts(gone)[1], tuple(leads(gone, slot) for slot in slots)) for gone in live
    )


def _stages(levels: GridLevels) -> tuple[Stage, ...]:
    keys, chests = levels.vocabulary.most
    return stages_of(keys, chests)


@inline_jit()
def staged_tables(levels: GridLevels) -> FiniteMDP:
    """Tables over cells and stages; `key` fires on taking one, `chest` on opening one.

    Starts are uniform over free cells without an object from which something can be taken, with nothing gone.
    """
    stages, keys = _stages(levels), levels.vocabulary.most[0]
    ahead = neighbors(levels.walls)
    batch, cells, actions = ahead.shape
    moved = ahead != jnp.arange(cells, dtype=ahead.dtype)[:, None]
    enters = (ahead[..., None] == levels.cell[:, None, None, :]) & moved[..., None]
    enters &= levels.present[:, None, None, :]
    takes = jnp.asarray([[there is not None for there in stage.leads] for stage in stages])
    leads = jnp.asarray([[there or 0 for there in stage.leads] for stage in stages], jnp.int32)
    taken = enters[:, None] & takes[:, None, None]
    number = jnp.arange(len(stages), dtype=jnp.int32)[:, None, None]
    # Objects lie in cells of their own, so that a step takes one at most.
    stage_after = jnp.where(taken.any(-1), (taken * leads[:, None, None]).sum(-1), number)
    live = (stage_after * cells + ahead[:, None]).reshape(batch, -1, actions)
    fires = jnp.stack([taken[..., :keys].any(-1), taken[..., keys:].any(-1)], -1).reshape(batch, -1, actions, 2)
    end = jnp.broadcast_to((len(stages) * cells + jnp.arange(cells, dtype=jnp.int32))[:, None], ahead.shape)
    after = jnp.concatenate([live, end], 1).astype(jnp.int32)
    states = after.shape[1]
    features = jnp.pad(fires.astype(jnp.float32), ((0, 0), (0, cells), (0, 0), (0, 0)))
    objects = one_hot_objects(levels).reshape(batch, -1, cells)
    free = ~levels.walls.reshape(batch, cells) & ~objects.any(1)
    free &= reaches(ahead, (objects & takes[0][:, None]).any(1))
    start = free / jnp.maximum(free.sum(-1, keepdims=True), 1)
    return FiniteMDP(
        successor=after[..., None],
        probability=jnp.ones((batch, states, actions, 1)),
        features=features[..., None, :],
        terminal=jnp.broadcast_to(jnp.arange(states) >= len(stages) * cells, (batch, states)),
        initial=jnp.pad(start.astype(jnp.float32), ((0, 0), (0, states - cells))),
        band=levels.interior[1],
        moves=tuple(down * levels.interior[1] + right for down, right in MOVES),
        stage=cells,
    )


@inline_jit()
def observe_stages(levels: GridLevels) -> Float[Array, "view height width channel"]:
    """Walls, keys and chests that are left, and in every cell whether a key is held; one view for each level and stage.

    Views follow each other stage by stage within a level, the end last.
    """
    stages, slots = _stages(levels), levels.cell.shape[1]
    keys = levels.vocabulary.most[0]
    left = jnp.asarray([[slot not in stage.gone for slot in range(slots)] for stage in stages] + [[False] * slots])
    held = jnp.asarray([stage.held > 0 for stage in stages] + [False])
    shown = one_hot_objects(levels)[:, None] & left[:, :, None, None]
    parts = (levels.walls[:, None], shown[:, :, :keys].any(2), shown[:, :, keys:].any(2), held[:, None, None])
    views = jnp.stack([jnp.broadcast_to(part, shown[:, :, 0].shape) for part in parts], -1)
    return views.reshape(-1, *views.shape[2:]).astype(jnp.float32)
