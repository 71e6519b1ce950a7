"""Small changes of levels that keep them legal: walls toggled, objects moved, recolored, put in and taken out."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import ABSENT, COLORS, SHAPES, GridLevels, neighbors, reaches
from mesascope.worlds.mutations import AbstractMutations, select_levels

TRIES = 8
"""Changes drawn for each level; the first legal one is taken."""

MOST = 3
"""Most edits of one change: one, two or three, equally often."""

_WALL, _MOVE, _COLOR, _PRESENCE = range(4)
_DOOR, _BALL = 0, SHAPES.index("ball")


def legal(levels: GridLevels) -> Bool[Array, " level"]:
    """Whether each level is one that the world could hold: a door in the first slot, objects on free cells of their own,
    and every free cell within reach of every other if objects could be walked through.
    """
    at = jnp.where(levels.present, levels.cell, -1 - jnp.arange(levels.cell.shape[1]))
    apart = (at[:, :, None] != at[:, None]) | jnp.eye(at.shape[1], dtype=bool)
    flat = levels.walls.reshape(levels.count, -1)
    inside = jnp.take_along_axis(flat, levels.cell, 1) & levels.present
    door = jax.nn.one_hot(levels.cell[:, _DOOR], flat.shape[1], dtype=bool)
    whole = (reaches(neighbors(levels.walls), door) | flat).all(1)
    return levels.present[:, _DOOR] & apart.all((1, 2)) & ~inside.any(1) & whole


def varying_cells(levels: GridLevels) -> Bool[Array, " state"]:
    """Cells that are wall on some of the levels and free on others: the only ones that may be toggled."""
    flat = levels.walls.reshape(levels.count, -1)
    return flat.any(0) & ~flat.all(0)


@jax.jit
def propose(key: PRNGKeyArray, levels: GridLevels, varies: Bool[Array, " state"]) -> GridLevels:
    """One legal change of each level; the level itself where none of the tries was legal."""

    def one(try_key: PRNGKeyArray) -> GridLevels:
        return _changed(try_key, levels, varies)

    tried = jax.vmap(one)(jax.random.split(key, TRIES))
    fits = jax.vmap(legal)(tried)
    first = jnp.argmax(fits, 0)
    picked = jax.tree.map(lambda t: t[first, jnp.arange(levels.count)], tried)
    return select_levels(fits.any(0), picked, levels)


def _changed(key: PRNGKeyArray, levels: GridLevels, varies: Bool[Array, " state"]) -> GridLevels:
    edits = jax.random.randint(named_key(key, "edits"), (levels.count,), 1, MOST + 1)

    def edit(changed: GridLevels, number: Int[Array, ""]) -> tuple[GridLevels, None]:
        new = _edited(jax.random.fold_in(key, number), changed, varies)
        return select_levels(number < edits, new, changed), None

    return jax.lax.scan(edit, levels, jnp.arange(MOST))[0]


def _edited(key: PRNGKeyArray, levels: GridLevels, varies: Bool[Array, " state"]) -> GridLevels:
    """One edit of a random kind of each level, legal or not."""
    row = jnp.arange(levels.count)
    kind = jax.random.randint(named_key(key, "kind"), (levels.count,), 0, 4)
    flat = levels.walls.reshape(levels.count, -1)
    toggled = _one_of(named_key(key, "wall"), jnp.broadcast_to(varies, flat.shape))
    walls = flat.at[row, toggled].set(flat[row, toggled] ^ (kind == _WALL)).reshape(levels.walls.shape)
    free = _one_of(named_key(key, "cell"), ~flat)
    slot = _one_of(named_key(key, "slot"), levels.present)
    color = jax.random.randint(named_key(key, "color"), (levels.count,), 0, len(COLORS)).astype(levels.color.dtype)
    ball = jax.random.randint(named_key(key, "ball"), (levels.count,), 1, levels.cell.shape[1])
    target = jnp.where(kind == _PRESENCE, ball, slot)
    there = levels.present[row, target]
    placed = (kind == _MOVE) | ((kind == _PRESENCE) & ~there)
    cell = levels.cell.at[row, target].set(jnp.where(placed, free, levels.cell[row, target]))
    shape = jnp.where(there, ABSENT, _BALL)
    recolored = jnp.where(kind == _COLOR, color, levels.color[row, target])
    colored = jnp.where(kind == _PRESENCE, jnp.where(there, ABSENT, color), recolored)
    return dataclasses.replace(
        levels,
        walls=walls,
        cell=cell,
        shape=levels.shape.at[row, target].set(jnp.where(kind == _PRESENCE, shape, levels.shape[row, target])),
        color=levels.color.at[row, target].set(colored),
    )


def _one_of(key: PRNGKeyArray, allowed: Bool[Array, "level choice"]) -> Int[Array, " level"]:
    """A random one of the allowed choices of each level."""
    noise: Float[Array, "level choice"] = jax.random.uniform(key, allowed.shape)
    return jnp.where(allowed, noise, -1.0).argmax(1).astype(jnp.int32)


class GridMutations(AbstractMutations[GridLevels]):
    """Small legal changes of levels of doors and balls. Cells that are wall on some levels and free on others may be toggled;
    objects may be anywhere and of any color.
    """

    def varying(self, levels: GridLevels) -> Bool[Array, " state"]:
        """Cells that may be toggled."""
        return varying_cells(levels)

    def propose(self, key: PRNGKeyArray, levels: GridLevels, varying: Bool[Array, " state"]) -> GridLevels:
        """One legal change of each level; the level itself where none of the tries was legal."""
        return propose(key, levels, varying)
