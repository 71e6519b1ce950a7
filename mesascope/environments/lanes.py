"""The episodes that a vector environment runs side by side: a copy of the tables of each one's level."""

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.environments.episodes import Block, pick


class Lanes:
    """Where each episode is, with the tables of its level.

    Attributes:
        levels: the level of each lane, as one batch of NumPy arrays.
        state: the state of each lane.
        age: steps taken in each episode.
        over: whether each episode is over.
        seed: seed of the block that each level was drawn in.
        index: number of each level in its block.
    """

    def __init__(self, block: Block, count: int):
        def empty(table):
            return np.zeros((count, *table.shape[1:]), table.dtype)

        self.levels = jax.tree.map(empty, block.levels)
        self._successor, self._chance = empty(block.successor), empty(block.chance)
        self._features, self._reward = empty(block.features), empty(block.reward)
        self._terminal = empty(block.terminal)
        self.state, self.age = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.seed, self.index = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.over = np.ones(count, bool)

    @property
    def ended(self) -> Bool[np.ndarray, " lane"]:
        """Which lanes are in a state that ends an episode."""
        return self._terminal[np.arange(len(self.state)), self.state]

    def begin(self, lane: int, block: Block, level: int, state: int) -> None:
        """Begin an episode in a lane: a level of a block, and the state it starts in."""

        def put(table, source):
            table[lane] = source[level]

        jax.tree.map(put, self.levels, block.levels)
        put(self._successor, block.successor)
        put(self._chance, block.chance)
        put(self._features, block.features)
        put(self._reward, block.reward)
        put(self._terminal, block.terminal)
        self.state[lane], self.age[lane], self.over[lane] = state, 0, False
        self.seed[lane], self.index[lane] = block.seed, level

    def step(
        self, lanes: Int[np.ndarray, " going"], actions: Int[np.ndarray, " going"], rng: np.random.Generator
    ) -> tuple[Float[np.ndarray, " going"], Float[np.ndarray, "going feature"]]:
        """One step in some of the lanes: what each earned, and what fired."""
        row = (lanes, self.state[lanes], actions)
        outcome = np.zeros(len(lanes), np.int64)
        if self._successor.shape[-1] > 1:
            outcome = pick(self._chance[row], rng.random(len(lanes)))
        self.state[lanes] = self._successor[(*row, outcome)]
        self.age[lanes] += 1
        return self._reward[(*row, outcome)], self._features[(*row, outcome)]
