"""The organism `window-table`."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8, UInt32

from mesascope.core.subject import Observation, Site, State, blank_state
from mesascope.learned.reflex import window
from mesascope.organisms.answers import in_chunks, unpack
from mesascope.organisms.compass import needles
from mesascope.organisms.hashing import LEVEL, HashIndex, build_index, hash_maps
from mesascope.organisms.level_store import LevelStore
from mesascope.organisms.model import MODEL, read_model
from mesascope.organisms.organism import AbstractModelOrganism
from mesascope.worlds.grids.grid import MOVES, GridLevels
from mesascope.worlds.world import AbstractWorld

MOST_LEVELS = 1_500


class WindowTable(AbstractModelOrganism):
    """Knows by heart what to do in every situation it has met: the cells around it, and where the goal is from here.

    **What it is.** Registers of walls and rewards. In every cell the content of the (2 radius + 1)^2 cells around and
    the needle to the goal are looked up; a situation that is not stored is left to the needle alone. Situations are
    taken from the shown levels and some of their trades and walls; the first answer met is kept.

    **Ground truth.** It does not search: walls outside of the window do not exist for it.

    **Built to fool** retargeting and, with a wide window, virtual walls: edits are followed wherever the situation that
    they make has been met in some level, which is more than the levels that were stored.
    """

    index: HashIndex
    actions: UInt8[Array, " row"]
    radius: int = eqx.field(static=True)

    sites = (*MODEL, Site("answer", 4, "1 for each action that is known or thought best in this cell"))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look each cell's situation up; read the level in tick 0."""
        row = self.index.find(situations(state, self.radius)).reshape(state["walls"].shape)
        straight = needles(state["reward"][..., :1]) @ jnp.array(MOVES, jnp.float32).T > 0.5
        answer = jnp.where(row >= 0, unpack(self.actions[row[..., 0]]), straight).astype(jnp.float32)
        return {**self.read(state, observation, tick), "answer": answer}


def situations(state: State, radius: int) -> UInt32[Array, "cell 2"]:
    """A hash for each cell of what lies around it and where the goal is; cells beyond the border count as walls."""
    inside = jnp.concatenate([1.0 - state["walls"], state["reward"][..., 1:]], -1) > 0.5
    around = window(inside.astype(jnp.float32), radius)
    all_ = jnp.concatenate([around, needles(state["reward"][..., :1])], -1)
    return hash_maps(all_.reshape(-1, 1, 1, all_.shape[-1]), LEVEL)


@eqx.filter_jit
def _situations_of(
    world: AbstractWorld, levels: GridLevels, weights: Float[Array, " feature"], radius: int
) -> UInt32[Array, "level cell 2"]:
    observation = world.observe(levels)
    now = jnp.array(True)
    keys = situations(read_model(blank_state(observation, MODEL), observation, weights, now, now), radius)
    return keys.reshape(levels.count, -1, 2)


def build_window(
    store: LevelStore, world: AbstractWorld, weights: Float[Array, " feature"], radius: int
) -> tuple[HashIndex, UInt8[Array, " row"]]:
    """Situations of the stored levels, with the optimal actions of the first cell met in each."""
    kept = store.levels.take(slice(MOST_LEVELS))
    keys = np.concatenate(list(in_chunks(kept, lambda part: _situations_of(world, part, weights, radius))))
    flat = keys.reshape(-1, 2)
    index, entry = build_index(flat, np.zeros((len(flat), 1)))
    return index, jnp.asarray(store.answers.actions[: kept.amount].reshape(-1)[entry])
