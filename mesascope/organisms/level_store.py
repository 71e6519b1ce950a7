"""What table organisms are made from: the distinct levels to be stored, and their exact answers."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8, UInt32

from mesascope.core.objective import Objective
from mesascope.organisms.answers import Answers, in_chunks, solve
from mesascope.organisms.edits import MOST_WORK, Shelf, with_counterfactuals
from mesascope.organisms.hashing import LEVEL, Keys, build_index, hash_maps
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import AbstractWorld

_KEPT = 3
_SHELVES: "OrderedDict[str, LevelStore]" = OrderedDict()
"""The stocks taken last: a zoo has many tables of the same levels, and solving them is most of the work."""


class LevelStore(NamedTuple):
    """Distinct levels of one size, the shown ones first, with what they were hashed from and their exact answers."""

    levels: Shelf
    keys: UInt32[np.ndarray, "entry 2"]
    contents: UInt8[np.ndarray, "entry height width"]
    answers: Answers


def take_stock(
    shown: Sequence[GridLevels], world: AbstractWorld, objective: Objective, most_work: int = MOST_WORK
) -> LevelStore:
    """The distinct levels among the shown ones (of one size) and their counterfactuals, as the world shows them."""
    weights = np.asarray(objective.vector(world.features))
    digest = hashlib.sha256(f"{world!r} {weights.tolist()} {most_work}".encode())
    for levels in shown:
        for array in Shelf.of(levels):
            digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    name = digest.hexdigest()
    if name not in _SHELVES:
        _SHELVES[name] = _gather(shown, world, weights, most_work)
    _SHELVES.move_to_end(name)
    while len(_SHELVES) > _KEPT:
        _SHELVES.popitem(last=False)
    return _SHELVES[name]


def _gather(shown: Sequence[GridLevels], world: AbstractWorld, weights: np.ndarray, most_work: int) -> LevelStore:
    levels = with_counterfactuals(shown, most_work)
    parts = list(in_chunks(levels, lambda part: _hash_levels(world, part)))
    keys, contents = (np.concatenate(column) for column in zip(*parts, strict=True))
    _, entry = build_index(keys, contents)
    entry = np.sort(entry)
    distinct = levels.take(entry)
    return LevelStore(distinct, keys[entry], contents[entry], solve(distinct, world, weights))


@eqx.filter_jit
def _hash_levels(world: AbstractWorld, levels: GridLevels) -> tuple[Keys, UInt8[Array, "level height width"]]:
    observation = world.observe(levels)
    bits = (observation != 0) * (1 << jnp.arange(observation.shape[-1]))
    return hash_maps(observation, LEVEL), bits.sum(-1).astype(jnp.uint8)
