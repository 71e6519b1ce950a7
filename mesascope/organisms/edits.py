"""Every input-level counterfactual a table stores beside the levels it is shown."""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from mesascope.worlds.grids.counterfactuals import swap_objects, with_object, without_objects
from mesascope.worlds.grids.grid import ABSENT, COLORS, SHAPES, GridLevels

LEVEL_BUDGET = 60_000_000
"""Bound on levels x cells x side, which is what solving them costs: 175,000 levels of 9x9, 45,000 of 13x13."""

_BLOCK = 256
_KINDS = tuple(itertools.product(range(len(SHAPES)), range(len(COLORS))))


class LevelArrays(NamedTuple):
    """Grid levels in NumPy arrays: cheap to select from, join and change in place."""

    walls: Bool[np.ndarray, "level height width"]
    cell: Int[np.ndarray, "level object"]
    shape: Int[np.ndarray, "level object"]
    color: Int[np.ndarray, "level object"]

    @classmethod
    def of(cls, levels: GridLevels) -> "LevelArrays":
        """A copy of the levels."""
        return cls(*(np.asarray(jax.device_get(x)) for x in (levels.walls, levels.cell, levels.shape, levels.color)))

    def levels(self) -> GridLevels:
        """The levels as the worlds know them."""
        walls, cell, shape, color = (jnp.asarray(x) for x in self)
        return GridLevels(walls, cell, shape, color)

    def take(self, index: Int[np.ndarray, " chosen"] | Bool[np.ndarray, " level"] | slice) -> "LevelArrays":
        """Some of the levels."""
        return LevelArrays(*(x[index] for x in self))

    @property
    def amount(self) -> int:
        """Number of levels."""
        return len(self.walls)


def with_counterfactuals(stored_levels: Sequence[GridLevels], level_budget: int = LEVEL_BUDGET) -> LevelArrays:
    """The shown levels, all of one size, and their counterfactuals; repeats are kept.

    For every level: each pair of objects traded; then one wall more in each free cell, alone and together with each
    trade; then no object, each object gone, and each slot given each shape and color, alone and beside the others.
    Levels come first, then trades, then walls, then objects, each in the order shown, until `level_budget` is spent.
    """
    blocks = [
        LevelArrays.of(levels[start : start + _BLOCK])
        for levels in stored_levels
        for start in range(0, levels.count, _BLOCK)
    ]
    height, width = blocks[0].walls.shape[1:]
    room = max(level_budget // (height * width * max(height, width)), sum(block.amount for block in blocks))
    kept = []
    for edit in (_same, _trades, _walls, _objects):
        for block in blocks:
            if room == 0:
                break
            for edited in edit(block):
                part = edited.take(slice(room))
                room -= part.amount
                kept.append(part)
    return LevelArrays(*(np.concatenate(column) for column in zip(*kept, strict=True)))


def _same(block: LevelArrays) -> Iterator[LevelArrays]:
    yield block


def _trades(block: LevelArrays) -> Iterator[LevelArrays]:
    """Each pair of present objects traded."""
    present = block.shape != ABSENT
    for first, second in itertools.combinations(range(block.cell.shape[1]), 2):
        yield LevelArrays.of(swap_objects(block.levels(), first, second)).take(present[:, first] & present[:, second])


def _walls(block: LevelArrays) -> Iterator[LevelArrays]:
    """One wall more in each cell that is free and holds no object: in the levels themselves, and after each trade."""
    width = block.walls.shape[2]
    for some in (block, *_trades(block)):
        free = ~some.walls
        level, slot = np.nonzero(some.shape != ABSENT)
        free[level, *np.divmod(some.cell[level, slot], width)] = False
        level, row, column = np.nonzero(free)
        walled = some.take(level)
        walled.walls[np.arange(len(level)), row, column] = True
        yield walled


def _objects(block: LevelArrays) -> Iterator[LevelArrays]:
    """No object; each object gone; each slot given each shape and color, alone and beside the others."""
    levels = block.levels()
    empty = without_objects(levels)
    yield LevelArrays.of(empty)
    for slot in range(block.cell.shape[1]):
        yield LevelArrays.of(with_object(levels, slot, ABSENT, ABSENT))
        for shape, color in _KINDS:
            for base in (empty, levels):
                yield LevelArrays.of(with_object(base, slot, shape, color))
