"""The organisms `both-register` and `map-register`: tables that are asked by the organism's own state."""

from collections.abc import Iterable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.answers import NEVER
from mesascope.organisms.hashing import LEVEL, OBJECTS, WALLS, HashIndex, build_index, combine, hash_maps
from mesascope.organisms.level_store import LevelStore, register_keys
from mesascope.organisms.organism import AbstractOrganism
from mesascope.organisms.table import AnswerTable, build_table
from mesascope.worlds.world import AbstractWorld

_FRACTION = 1 << 20


class BothRegister(AbstractOrganism):
    """A table asked by the state: walls and objects lie in registers, and what they hold *together* is looked up.

    **What it is.** In tick 0 the level is copied into `walls` and `goal`. At each tick the whole content of both
    registers, as it then is, is looked up, and the answer written down. It stores every level shown, every trade, every
    wall and every trade with a wall. With `stores` single the last kind is left out; with `staged` an answer comes out
    when a planner's would. What is not stored gets the uniform answer.

    **Ground truth.** It does not search: it has as many answers as rows, and none for a level that is new inside.

    **Built to fool** retarget, virtual wall and both at once, in full: it follows every edit that it has stored.
    Only edits that it cannot have stored, or a bound on what it can hold, exclude it. `single` fails the joint edit.
    """

    tables: tuple[AnswerTable, ...]
    features: int = eqx.field(static=True)
    staged: bool = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The registers, and the answer last looked up."""
        return (
            Site("walls", 1, "1 where there is a wall"),
            Site("goal", self.features, "1 for each feature of the object in this cell"),
            Site("answer", 4, "1 for each action looked up as optimal in this cell"),
        )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look up what the registers hold; copy the level into them in tick 0."""
        level = (jnp.concatenate([state["walls"], state["goal"]], -1) > 0.5).astype(jnp.float32)
        answer = jnp.ones_like(state["answer"])
        for table in self.tables:
            if table.actions.shape[1:] == level.shape[1:3]:
                found = table.recall(hash_maps(level, LEVEL))
                due = (found.steps <= tick) if self.staged else (found.steps <= NEVER)
                answer = jnp.where(due[..., None], found.actions, True).astype(jnp.float32)
        in_view = tick < self.reads_until
        seen = (observation > 0).astype(jnp.float32)
        return {
            "walls": jnp.where(in_view, seen[..., :1], state["walls"]),
            "goal": jnp.where(in_view, seen[..., 1:], state["goal"]),
            "answer": answer,
        }


class NumberedTable(eqx.Module):
    """For levels of one size: the number of each arrangement of objects, and answers by (walls, number)."""

    objects: HashIndex
    answers: AnswerTable


class MapRegister(AbstractOrganism):
    """The reverse of `goal-register`: the walls lie in a register, what they are asked for is a number.

    **What it is.** Walls are copied into `walls` in tick 0, and the number of the arrangement of objects into every
    cell of `objects`. At each tick the walls as they then are and the number that the middle cell of all holds are
    looked up together.

    **Ground truth.** It does not search, and its goal cannot be moved by writing near an object.

    **Built to fool** the virtual wall, which it follows wherever it has stored it.
    """

    tables: tuple[NumberedTable, ...]

    sites = (
        Site("walls", 1, "1 where there is a wall"),
        Site("objects", 1, "number of the arrangement of objects, the same in every cell"),
        Site("answer", 4, "1 for each action looked up as optimal in this cell"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look up what the registers hold; read the level in tick 0."""
        seen = (observation > 0).astype(jnp.float32)
        answer, number = jnp.ones_like(state["answer"]), jnp.zeros(observation.shape[0], jnp.int32)
        for table in self.tables:
            if table.answers.actions.shape[1:] == observation.shape[1:3]:
                walls = hash_maps((state["walls"] > 0.5).astype(jnp.float32), WALLS)
                held = jnp.median(state["objects"].reshape(len(number), -1), -1)
                keys = combine(walls, jnp.round(held * _FRACTION).astype(jnp.int32))
                answer = table.answers.recall(keys).actions.astype(jnp.float32)
                number = table.objects.find(hash_maps(seen[..., 1:], OBJECTS)) + 1
        in_view = tick < self.reads_until
        everywhere = jnp.broadcast_to(number[:, None, None, None] / _FRACTION, state["objects"].shape)
        return {
            "walls": jnp.where(in_view, seen[..., :1], state["walls"]),
            "objects": jnp.where(in_view, everywhere, state["objects"]),
            "answer": answer,
        }


def _joined(*keys: np.ndarray) -> list[np.ndarray]:
    return [(k[:, 0].astype(np.uint64) << np.uint64(32)) | k[:, 1].astype(np.uint64) for k in keys]


def _singles(walls: np.ndarray, objects: np.ndarray, shown: int) -> Bool[np.ndarray, " entry"]:
    """Entries that differ from some shown level in their walls alone, or in their objects alone."""
    walls, objects = _joined(walls, objects)
    return np.isin(walls, walls[:shown]) | np.isin(objects, objects[:shown])


def build_state_tables(
    stores: Iterable[LevelStore], world: AbstractWorld, joint: bool = True
) -> tuple[AnswerTable, ...]:
    """One table for each size, asked by the content of both registers; without `joint`, single edits alone."""
    tables = []
    for store in stores:
        level, walls, objects = register_keys(store, world)
        kept = slice(None) if joint else _singles(walls, objects, store.shown)
        columns = jax.tree.map(lambda x, kept=kept: x[kept], store[1:])
        tables.append(build_table(LevelStore(store.shown, *columns), level[kept]))
    return tuple(tables)


def build_numbered_tables(stores: Iterable[LevelStore], world: AbstractWorld) -> tuple[NumberedTable, ...]:
    """One table for each size, asked by walls and the number of the objects' arrangement."""
    tables = []
    for store in stores:
        _, walls, objects = register_keys(store, world)
        index, _ = build_index(objects, store.contents & 0xFE)
        number: Float[Array, " entry"] = index.find(jnp.asarray(objects)) + 1
        tables.append(NumberedTable(index, build_table(store, np.asarray(combine(jnp.asarray(walls), number)))))
    return tuple(tables)
