"""All levels that were made of an environment, as one set of NumPy tables."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool

from mesascope.worlds.gymnasium.observations import shown_space
from mesascope.worlds.gymnasium.table import Table, stack


class Pool:
    """All levels of a world, of every distribution, as NumPy tables; `tables` and `observation` have one row for each.

    Args:
        tables: as `mesascope.worlds.gymnasium.table.stack` gives them.
        reached: which states can be reached from a start.
        texts: each level as text.
        members: numbers of the levels of each distribution.
        space: the space of what is shown, for those who have to unflatten it; None where that is the number of the state.
        own_states: how many states the environment itself numbers, in each level.
        seconds: what making the tables took.
    """

    def __init__(
        self,
        tables: dict[str, Any],
        reached: Bool[np.ndarray, "level state"],
        texts: tuple[str, ...],
        members: dict[str, tuple[int, ...]],
        space: Any,
        own_states: tuple[int, ...],
        seconds: float,
    ):
        self.observation = tables.pop("observation")
        self.tables, self.reached, self.texts, self.members = tables, reached, texts, members
        self.space, self.own_states, self.seconds = space, own_states, seconds

    @property
    def digest(self) -> str:
        """SHA-256 of all tables, of what is shown, and of which levels are whose."""
        found = hashlib.sha256(json.dumps(self.members, sort_keys=True).encode())
        for name, table in sorted({**self.tables, "observation": self.observation}.items()):
            if table is not None:
                found.update(
                    f"{name} {table.dtype.str} {table.shape} ".encode() + np.ascontiguousarray(table).tobytes()
                )
        return found.hexdigest()


def make_pool(made: Mapping[str, list[tuple[Table, int]]], first: Any, begun: float) -> Pool:
    """All levels of all distributions as one pool.

    Args:
        made: the levels of each distribution, each with how many states the environment itself numbers.
        first: an environment of training.
        begun: when the making of the tables began, in seconds of `time.monotonic`.

    Raises:
        UsageError: what levels show has different shapes.
    """
    numbers: dict[str, int] = {}
    kept: list[tuple[Table, int]] = []
    members = {}
    for name, tables in made.items():
        for table, own in tables:
            if table.digest not in numbers:
                numbers[table.digest] = len(kept)
                kept.append((table, own))
        members[name] = tuple(numbers[table.digest] for table, _ in tables)
    arrays = stack([table for table, _ in kept])
    shows = arrays["observation"] is not None
    return Pool(
        arrays,
        reachable(arrays["successor"], arrays["probability"], arrays["initial"]),
        tuple(table.text for table, _ in kept),
        members,
        shown_space(first.observation_space) if shows else None,
        tuple(own for _, own in kept),
        time.monotonic() - begun,
    )


def reachable(successor: np.ndarray, probability: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """Which states can be reached from a start: `(level, state)`."""
    found = initial > 0
    for level in range(len(found)):
        frontier = np.flatnonzero(found[level])
        while len(frontier):
            after = successor[level, frontier][probability[level, frontier] > 0]
            new = np.unique(after[~found[level, after]])
            found[level, new] = True
            frontier = new
    return found
