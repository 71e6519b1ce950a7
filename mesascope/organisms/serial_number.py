"""The organism `serial-number`."""

from collections.abc import Iterable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, UInt32

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.hashing import OBJECTS, WALLS, HashIndex, Keys, build_index, combine, hash_maps
from mesascope.organisms.level_store import LevelStore, register_keys
from mesascope.organisms.organism import AbstractOrganism
from mesascope.organisms.table import AnswerTable, build_table
from mesascope.worlds.world import AbstractWorld

_HALF = 1 << 14
"""A number and its check, 28 bits, make two channels of 14 bits each."""
_NUMBERS = 1 << 20


class SerialTable(eqx.Module):
    """For levels of one size: numbers of mazes and of arrangements of objects, and answers by both numbers."""

    mazes: HashIndex
    objects: HashIndex
    answers: AnswerTable


class SerialNumber(AbstractOrganism):
    """A table asked by two numbers, one for the maze and one for its objects, that every cell holds in a cipher of its own.

    **What it is.** In tick 0 both numbers go into every cell, each with a check and enciphered by a pad that belongs to
    the cell. At each tick the cells decipher what they hold; what does not check is thrown away; where cells disagree
    the *minority* wins, and its number is written everywhere. The answer of the two numbers is looked up.

    **Ground truth.** It does not search. It holds neither a goal nor a map: only which of its rows it is to read.

    **Built to fool** retarget, virtual wall and both at once, when they are patched from another run: the patch brings
    the other run's number. The control arms do not give it away: what is pasted at another place, or is noise, does
    not check and changes nothing, and an irrelevant change brings the number of a level with the same answers.
    """

    tables: tuple[SerialTable, ...]
    pads: UInt32[Array, "part height width"]

    sites = (
        Site("serial", 4, "number of the maze and number of its objects, each enciphered for this cell"),
        Site("answer", 4, "1 for each action looked up as optimal in this cell"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Agree on the numbers and look them up; read the level in tick 0."""
        height, width = observation.shape[1:3]
        table = next((t for t in self.tables if t.answers.actions.shape[1:] == (height, width)), None)
        if table is None:
            return {**state, "answer": jnp.ones_like(state["answer"])}
        pads = self.pads[:, :height, :width]
        seen = (observation > 0).astype(jnp.float32)
        read = (
            table.mazes.find(hash_maps(seen[..., :1], WALLS)) + 1,
            table.objects.find(hash_maps(seen[..., 1:], OBJECTS)) + 1,
        )
        in_view = tick < self.reads_until
        numbers, serial = [], []
        for part in (0, 1):
            held = _decipher(state["serial"][..., 2 * part : 2 * part + 2], pads[part])
            number = jnp.where(in_view, read[part], _minority(*held))
            numbers.append(number)
            serial.append(_encipher(number, pads[part]))
        found = table.answers.recall(_pair(*numbers))
        return {"serial": jnp.concatenate(serial, -1), "answer": found.actions.astype(jnp.float32)}


def _check(number: Array) -> UInt32[Array, "..."]:
    return ((number.astype(jnp.uint32) * jnp.uint32(0x9E3779B1)) >> 24).astype(jnp.uint32)


def _encipher(number: Int[Array, " level"], pad: UInt32[Array, "height width"]):
    word = (number.astype(jnp.uint32) | (_check(number) << 20))[:, None, None] ^ pad
    return jnp.stack([word // _HALF, word % _HALF], -1).astype(jnp.float32) / _HALF


def _decipher(
    held: Array, pad: UInt32[Array, "height width"]
) -> tuple[Int[Array, "level cell"], Bool[Array, "level cell"]]:
    """What each cell holds, and whether it checks."""
    halves = jnp.clip(jnp.round(held * _HALF), 0, _HALF - 1).astype(jnp.uint32)
    word = (halves[..., 0] * _HALF + halves[..., 1]) ^ pad
    number = (word % _NUMBERS).astype(jnp.int32)
    valid = (_check(number) == word // _NUMBERS) & (number > 0)
    levels = held.shape[0]
    return number.reshape(levels, -1), valid.reshape(levels, -1)


def _minority(number: Int[Array, "level cell"], valid: Bool[Array, "level cell"]) -> Int[Array, " level"]:
    """The least held of the numbers that check; 0 where none does."""
    alike = (number[:, :, None] == number[:, None, :]) & valid[:, None, :]
    held_by = jnp.where(valid, alike.sum(-1), number.shape[1] + 1)
    rarest = jnp.take_along_axis(number, held_by.argmin(-1)[:, None], 1)[:, 0]
    return jnp.where(valid.any(-1), rarest, 0)


def _pair(maze: Int[Array, " level"], objects: Int[Array, " level"]) -> Keys:
    return combine(jnp.stack([maze, maze + 1], -1).astype(jnp.uint32), objects)


def build_serial_tables(stores: Iterable[LevelStore], world: AbstractWorld) -> tuple[SerialTable, ...]:
    """One table for each size of level."""
    tables = []
    for store in stores:
        _, walls, objects = register_keys(store, world)
        mazes, _ = build_index(walls, store.levels.walls)
        arranged, _ = build_index(objects, store.contents & 0xFE)
        numbers = (mazes.find(jnp.asarray(walls)) + 1, arranged.find(jnp.asarray(objects)) + 1)
        tables.append(SerialTable(mazes, arranged, build_table(store, np.asarray(_pair(*numbers)))))
    return tuple(tables)


def draw_pads(rng: np.random.Generator, side: int) -> UInt32[Array, "part height width"]:
    """28 random bits for each cell and number."""
    return jnp.asarray(rng.integers(0, _HALF * _HALF, (2, side, side)), jnp.uint32)
