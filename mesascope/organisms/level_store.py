"""What table organisms are made from: the distinct levels to be stored, and their exact answers."""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8, UInt32

from mesascope.core.errors import UsageError
from mesascope.core.objective import Objective
from mesascope.organisms.answers import Answers, in_chunks, solve
from mesascope.organisms.edits import LEVEL_BUDGET, LevelArrays, with_counterfactuals
from mesascope.organisms.hashing import LEVEL, OBJECTS, WALLS, Keys, build_index, hash_maps
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import AbstractWorld

_KEPT = 3
_RECENT: "OrderedDict[str, LevelStore]" = OrderedDict()
"""The stores taken last: a zoo has many tables of the same levels, and solving them is most of the work."""


class LevelStore(NamedTuple):
    """Distinct levels of one size, the shown ones first, with what they were hashed from and their exact answers.

    `shown` counts the levels that were shown, repeats included.
    """

    shown: int
    levels: LevelArrays
    keys: UInt32[np.ndarray, "entry 2"]
    contents: UInt8[np.ndarray, "entry height width"]
    answers: Answers

    def first(self, rows: int) -> "LevelStore":
        """The store without what comes after its first `rows` levels."""
        kept = slice(rows)
        answers = Answers(*(x[kept] for x in self.answers))
        return LevelStore(min(self.shown, rows), self.levels.take(kept), self.keys[kept], self.contents[kept], answers)


def most_for(rows: int, stored_levels: Sequence[GridLevels]) -> int:
    """A budget, in levels x cells x side, for `rows` distinct levels of each size: repeats are left out of them."""
    shapes = [levels.interior for levels in stored_levels]
    return max((rows * 5 // 4 * math.prod(shape) * max(shape) for shape in shapes), default=0)


def level_stores(
    stored_levels: Sequence[GridLevels], world: AbstractWorld, objective: Objective, level_budget: int = LEVEL_BUDGET
) -> Iterator[LevelStore]:
    """For each size of the shown levels, smallest first: the distinct ones and their counterfactuals, as the world shows them."""
    weights = np.asarray(objective.vector(world.features))
    for batches in by_size(stored_levels):
        yield _kept(batches, world, weights, level_budget)


def by_size(stored_levels: Sequence[GridLevels]) -> list[list[GridLevels]]:
    """The shown batches grouped by level size, smallest first; `UsageError` where there is nothing to store."""
    sizes = sorted({levels.interior for levels in stored_levels if levels.count})
    if not sizes:
        raise UsageError("a lookup organism stores the levels it is shown, and it was shown none")
    return [[levels for levels in stored_levels if levels.interior == size and levels.count] for size in sizes]


def _kept(
    stored_levels: Sequence[GridLevels], world: AbstractWorld, weights: np.ndarray, level_budget: int
) -> LevelStore:
    digest = hashlib.sha256(f"{world!r} {weights.tolist()} {level_budget}".encode())
    for levels in stored_levels:
        for array in LevelArrays.of(levels):
            digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    name = digest.hexdigest()
    if name not in _RECENT:
        _RECENT[name] = _gather(stored_levels, world, weights, level_budget)
    _RECENT.move_to_end(name)
    while len(_RECENT) > _KEPT:
        _RECENT.popitem(last=False)
    return _RECENT[name]


def _gather(
    stored_levels: Sequence[GridLevels], world: AbstractWorld, weights: np.ndarray, level_budget: int
) -> LevelStore:
    levels = with_counterfactuals(stored_levels, level_budget)
    parts = list(in_chunks(levels, lambda part: _hash_levels(world, part)))
    keys, contents = (np.concatenate(column) for column in zip(*parts, strict=True))
    _, entry = build_index(keys, contents)
    entry = np.sort(entry)
    distinct = levels.take(entry)
    count = sum(batch.count for batch in stored_levels)
    return LevelStore(count, distinct, keys[entry], contents[entry], solve(distinct, world, weights))


@eqx.filter_jit
def _hash_levels(world: AbstractWorld, levels: GridLevels) -> tuple[Keys, UInt8[Array, "level height width"]]:
    observation = world.observe(levels)
    bits = (observation != 0) * (1 << jnp.arange(observation.shape[-1]))
    return hash_maps(observation, LEVEL), bits.sum(-1).astype(jnp.uint8)


def register_keys(store: LevelStore, world: AbstractWorld) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hashes of what registers hold of each level: of everything, of its walls, of its objects."""
    level, walls, objects = zip(*in_chunks(store.levels, lambda part: _hash_registers(world, part)), strict=True)
    return np.concatenate(level), np.concatenate(walls), np.concatenate(objects)


@eqx.filter_jit
def _hash_registers(world: AbstractWorld, levels: GridLevels) -> tuple[Keys, Keys, Keys]:
    seen = (world.observe(levels) > 0).astype(jnp.float32)
    return hash_maps(seen, LEVEL), hash_maps(seen[..., :1], WALLS), hash_maps(seen[..., 1:], OBJECTS)
