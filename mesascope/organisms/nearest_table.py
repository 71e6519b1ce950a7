"""The organism `nearest-table`."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.answers import unpack
from mesascope.organisms.level_store import LevelStore
from mesascope.organisms.organism import AbstractOrganism
from mesascope.worlds.world import AbstractWorld

ROWS = 4096
OBJECT_WEIGHT = 6.0
"""How many cells of wall one misplaced object counts for."""


class NearestTable(AbstractOrganism):
    """An associative memory: answers as the stored level that its state is most like (Hopfield 1982; one nearest row).

    **What it is.** In tick 0 the level is copied into registers. At each tick the stored level with fewest differences
    from the registers is found, and its answer written down. Its rows are what it was shown, every trade, and a random
    part of the walls.

    **Ground truth.** It does not search. On what it has not stored it answers for another level.

    **Built to fool** edits that are near something stored: every trade, and some of the walls, are followed.
    """

    rows: UInt8[Array, "row bits"]
    actions: UInt8[Array, "row height width"]
    features: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The registers, and the answer."""
        return (
            Site("seen", 1 + self.features, "1 where there is a wall; 1 for each feature of the object here"),
            Site("answer", 4, "1 for each action that the nearest row stores for this cell"),
        )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Find the nearest row; copy the level in tick 0."""
        seen = jnp.where(tick < self.reads_until, (observation > 0).astype(jnp.float32), state["seen"])
        if self.actions.shape[1:] != observation.shape[1:3]:
            return {"seen": seen, "answer": jnp.ones_like(state["answer"])}
        weight = jnp.ones(1 + self.features).at[1:].set(OBJECT_WEIGHT)
        levels = state["seen"].shape[0]
        weighed = ((state["seen"] * 2.0 - 1.0) * weight).reshape(levels, -1)
        likeness = weighed @ (self.rows.astype(jnp.float32) * 2.0 - 1.0).T
        return {"seen": seen, "answer": unpack(self.actions[likeness.argmax(-1)]).astype(jnp.float32)}


def build_nearest(
    store: LevelStore, world: AbstractWorld, rng: np.random.Generator
) -> tuple[UInt8[Array, "row bits"], UInt8[Array, "row height width"]]:
    """Rows: what was shown, and a random part of the other stored levels."""
    first = min(4 * store.shown, ROWS // 2, store.levels.amount)
    rest = first + rng.permutation(store.levels.amount - first)[: ROWS - first]
    chosen = np.concatenate([np.arange(first), np.sort(rest)])
    seen: Float[np.ndarray, "row height width channel"] = np.asarray(world.observe(store.levels.take(chosen).levels()))
    rows = jnp.asarray((seen > 0).reshape(len(chosen), -1), jnp.uint8)
    return rows, jnp.asarray(store.answers.actions[chosen])
