"""Tables of stored answers, one for each level size, asked by the hash of the whole observation."""

from collections.abc import Iterable
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, UInt8, UInt32

from mesascope.core.subject import Observation
from mesascope.organisms.answers import NEVER, unpack
from mesascope.organisms.hashing import LEVEL, HashIndex, Keys, build_index, hash_maps
from mesascope.organisms.level_store import LevelStore


class AnswerTable(eqx.Module):
    """Stored answers for levels of one size: bits of the optimal actions, and steps to the goal, in every cell."""

    index: HashIndex
    actions: UInt8[Array, "row height width"]
    steps: UInt8[Array, "row height width"]

    def recall(self, keys: Keys) -> "Recalled":
        """What is stored under each key; every action, and a goal that never comes, where nothing is."""
        row = self.index.find(keys)
        known = (row >= 0)[:, None, None]
        return Recalled(
            jnp.where(known[..., None], unpack(self.actions[row]), True),
            jnp.where(known, self.steps[row], NEVER).astype(jnp.int32),
            jnp.maximum(row, 0),
        )


class Recalled(NamedTuple):
    """Answers looked up: the optimal actions and the steps to the goal of every cell, and the row they came from."""

    actions: Bool[Array, "level height width action"]
    steps: Int[Array, "level height width"]
    row: Int[Array, " level"]


def build_table(store: LevelStore, keys: UInt32[np.ndarray, "entry 2"]) -> AnswerTable:
    """The exact answers of a store, found by `keys`."""
    index, order = build_index(keys, store.contents)
    return AnswerTable(index, jnp.asarray(store.answers.actions[order]), jnp.asarray(store.answers.steps[order]))


def build_tables(stores: Iterable[LevelStore]) -> tuple[AnswerTable, ...]:
    """One table for each size of level, asked by the whole observation."""
    return tuple(build_table(store, store.keys) for store in stores)


def recall_level(tables: tuple[AnswerTable, ...], observation: Observation) -> Recalled:
    """What the table of the observation's size stores about it."""
    for table in tables:
        if table.actions.shape[1:] == observation.shape[1:3]:
            return table.recall(hash_maps(observation, LEVEL))
    every = jnp.ones((*observation.shape[:3], 4), bool)
    never = jnp.full(observation.shape[:3], NEVER, jnp.int32)
    return Recalled(every, never, jnp.zeros(observation.shape[0], jnp.int32))
