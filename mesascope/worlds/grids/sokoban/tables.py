"""Levels of Sokoban as tables, and as maps.

States are numbered by arrangement of boxes and, within one, by the player's cell: state number is arrangement times cells,
plus the cell. States that cannot be reached lead to themselves, as those that end the episode do.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.inline_jit import inline_jit
from mesascope.core.mdp import FiniteMDP
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.sokoban.arrangements import ahead_of, in_order
from mesascope.worlds.grids.sokoban.levels import BLUE, HUES, NONE, RED, SokobanLevels, cells_of, in_cells

FEATURES = ("box", "red-box", "blue-box", "red-target", "blue-target")
"""What a push onto a target fires: that it is a box, its color, the color of the target. Pushed off, each fires with -1."""


class _Pushes(NamedTuple):
    """What pushing each box does in each arrangement."""

    leads: Int[Array, "arrangement box action"]
    """The arrangement after it; `NONE` where the box cannot be pushed."""
    fires: Float[Array, "arrangement box action feature"]


def solved(levels: SokobanLevels) -> Bool[Array, "level arrangement"]:
    """Arrangements in use with every box on a target."""
    on = (levels.boxes[..., None] == levels.target[:, None, None, :]) & (levels.target != NONE)[:, None, None, :]
    there = levels.boxes != NONE
    return (on.any(-1) | ~there).all(-1) & there[:, :, 0]


def _on_targets(cell: Int[Array, "*place box"], target, target_hue, box_hue) -> Float[Array, "*place box feature"]:
    """What each box counts for where it stands: 1 for each feature that it has there."""
    on = (cell[..., None] == target) & (target != NONE)
    box = on.any(-1)
    red, blue = ((on & (target_hue == hue)).any(-1) for hue in (RED, BLUE))
    return jnp.stack([box, box & (box_hue == RED), box & (box_hue == BLUE), red, blue], -1).astype(jnp.float32)


def _pushes(walls, target, target_hue, box_hue, boxes) -> _Pushes:
    height, width = walls.shape
    cells, count = height * width, boxes.shape[1]
    ahead = jnp.asarray(ahead_of(height, width))
    occupied = in_cells(boxes, cells).any(1)
    free = jnp.pad(~walls.reshape(-1) & ~occupied, ((0, 0), (0, 1)))
    used = boxes != NONE
    there = ahead[:, boxes].transpose(1, 2, 0)  # (arrangement, box, action)
    may = used[:, :, None] & jnp.take_along_axis(free[:, None], there, 2)
    mine = jnp.eye(count, dtype=bool)[:, None]
    after = jnp.where(mine, there[..., None], boxes[:, None, None])  # (arrangement, box, action, box)
    base = cells + 1
    power = base ** jnp.arange(count)
    code = (in_order(after, box_hue, cells) * power).sum(-1)
    known = jnp.where(used[:, 0], (boxes * power).sum(-1), NONE)
    order = jnp.argsort(known)
    found = order[jnp.searchsorted(known[order], code).clip(max=len(known) - 1)]
    leads = jnp.where(may & (known[found] == code), found, NONE)
    at = (target, target_hue, box_hue)
    gained = _on_targets(jnp.moveaxis(there, 2, 1), *at) - _on_targets(boxes, *at)[:, None]
    return _Pushes(leads, jnp.moveaxis(gained, 1, 2))


def _one(walls, target, target_hue, box_hue, boxes, reached, over):
    height, width = walls.shape
    cells, slots = height * width, len(boxes)
    pushes = _pushes(walls, target, target_hue, box_hue, boxes)
    ahead = jnp.asarray(ahead_of(height, width)).T  # (cell, action)
    here = jnp.arange(cells)[:, None]
    floor = jnp.append(~walls.reshape(-1), False)[ahead]
    which = jnp.pad(in_cells(boxes, cells), ((0, 0), (0, 0), (0, 1)))[:, :, ahead]  # (arrangement, box, cell, action)
    leads = jnp.where(which, pushes.leads[:, :, None], 0).sum(1)
    boxed = which.any(1)
    pushed = boxed & (leads != NONE)
    arrangement = jnp.where(pushed, leads, jnp.arange(slots)[:, None, None])
    moves = floor & (~boxed | pushed)
    live = reached & ~over[:, None]
    cell = jnp.where(moves & live[..., None], ahead, here)
    arrangement = jnp.where(live[..., None], arrangement, jnp.arange(slots)[:, None, None])
    fires = jnp.where(which[..., None], pushes.fires[:, :, None], 0.0).sum(1) * (pushed & live[..., None])[..., None]
    return arrangement * cells + cell, fires, ~live


@inline_jit()
def sokoban_tables(levels: SokobanLevels) -> FiniteMDP:
    """Tables over arrangements of boxes and the player's cell. An episode begins as the level does, and ends when solved."""
    count, states = len(levels), levels.arrangements * cells_of(levels)
    successor, fires, terminal = jax.vmap(_one)(
        levels.walls, levels.target, levels.target_hue, levels.box_hue, levels.boxes, levels.reached, solved(levels)
    )
    shape = (count, states, len(MOVES), 1)
    return FiniteMDP(
        successor=successor.reshape(shape).astype(jnp.int32),
        probability=jnp.ones(shape),
        features=fires.reshape(*shape, len(FEATURES)),
        terminal=terminal.reshape(count, states),
        initial=(jnp.arange(states) == levels.player[:, None]).astype(jnp.float32),
    )


@inline_jit()
def observe_arrangements(levels: SokobanLevels) -> Float[Array, "view height width channel"]:
    """Walls, boxes and targets by color; one map for each level and arrangement, one arrangement after the other."""
    height, width = levels.interior
    cells, slots = cells_of(levels), levels.arrangements
    boxes, targets = in_cells(levels.boxes, cells), in_cells(levels.target, cells)
    parts = [jnp.broadcast_to(levels.walls.reshape(len(levels), 1, cells), (len(levels), slots, cells))]
    for hue in range(len(HUES)):
        parts.append((boxes & (levels.box_hue == hue)[:, None, :, None]).any(2))
    for hue in range(len(HUES)):
        there = (targets & (levels.target_hue == hue)[..., None]).any(1)[:, None]
        parts.append(jnp.broadcast_to(there, parts[0].shape))
    return jnp.stack(parts, -1).reshape(-1, height, width, len(parts)).astype(jnp.float32)
