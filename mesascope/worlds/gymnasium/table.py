"""One level of an environment as NumPy tables, and levels of different sizes brought to one."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from mesascope.core.errors import UsageError


class Table(NamedTuple):
    """A level as a finite decision problem.

    Attributes:
        successor: state that each outcome leads to.
        probability: of each outcome; 0 for outcomes that an action does not have.
        features: what fires on each outcome.
        terminal: states that end an episode; they lead to themselves.
        initial: probability of starting in each state.
        observation: what the environment shows in each state; None where that is the number of the state.
        text: the level as text.
    """

    successor: Int[np.ndarray, "state action outcome"]
    probability: Float[np.ndarray, "state action outcome"]
    features: Float[np.ndarray, "state action outcome feature"]
    terminal: Bool[np.ndarray, " state"]
    initial: Float[np.ndarray, " state"]
    observation: Shaped[np.ndarray, "state ..."] | None
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it but the text."""
        found = hashlib.sha256()
        for part in self[:-1]:
            if part is not None:
                found.update(f"{part.dtype.str} {part.shape} ".encode() + np.ascontiguousarray(part).tobytes())
        return found.hexdigest()


Outcomes = dict[tuple[int, tuple[float, ...]], float]
"""Probability of each successor with the features that fire on the way; successors that repeat are added up."""


def build_table(
    rows: Sequence[Sequence[Outcomes]],
    terminal: Bool[np.ndarray, " state"],
    initial: Float[np.ndarray, " state"],
    observation: Shaped[np.ndarray, "state ..."] | None,
    features: int,
    text: str,
) -> Table:
    """The table of outcomes by state and action; states that end an episode lead to themselves."""
    states, actions = len(rows), len(rows[0])
    most = max(len(outcomes) for row in rows for outcomes in row)
    successor = np.broadcast_to(np.arange(states, dtype=np.int32)[:, None, None], (states, actions, most)).copy()
    probability = np.zeros((states, actions, most), np.float32)
    fires = np.zeros((states, actions, most, features), np.float32)
    for state, row in enumerate(rows):
        for action, outcomes in enumerate(row):
            if terminal[state]:
                outcomes = {(state, (0.0,) * features): 1.0}
            for slot, ((after, fired), share) in enumerate(outcomes.items()):
                successor[state, action, slot] = after
                probability[state, action, slot] = share
                fires[state, action, slot] = fired
    return Table(successor, probability, fires, terminal, initial.astype(np.float32), observation, text)


def stack(tables: Sequence[Table]) -> dict[str, Any]:
    """The arrays of all tables, `(level, ...)`, padded to the largest: added states end an episode and are never reached.

    Raises:
        UsageError: what they show has different shapes, or some have another number of actions.
    """
    states = max(len(table.terminal) for table in tables)
    outcomes = max(table.successor.shape[2] for table in tables)
    found: dict[str, Any] = {
        "successor": np.stack([_padded_successor(table, states, outcomes) for table in tables]),
        "probability": np.stack([_padded_probability(table, states, outcomes) for table in tables]),
        "features": np.stack([_padded(t.features, (states, t.features.shape[1], outcomes)) for t in tables]),
        "terminal": np.stack([_padded(table.terminal, (states,), True) for table in tables]),
        "initial": np.stack([_padded(table.initial, (states,)) for table in tables]),
        "observation": None,
    }
    shown = [table.observation for table in tables if table.observation is not None]
    shapes = sorted({array.shape[1:] for array in shown})
    if len(shapes) > 1 or len(shown) not in (0, len(tables)):
        raise UsageError(
            f"observations of different shapes: {' and '.join(map(str, shapes[:2]))}; expected the same in all levels and "
            "shifts: wrap the environment so that it shows as much everywhere, or leave the shift out"
        )
    if shown:
        found["observation"] = np.stack([_padded(array, (states,)) for array in shown])
    return found


def _padded(array: np.ndarray, shape: tuple[int, ...], fill: Any = 0) -> np.ndarray:
    """`array` with its first axes as long as `shape` says."""
    wide = np.full((*shape, *array.shape[len(shape) :]), fill, array.dtype)
    wide[tuple(slice(0, length) for length in array.shape[: len(shape)])] = array
    return wide


def _padded_successor(table: Table, states: int, outcomes: int) -> np.ndarray:
    actions = table.successor.shape[1]
    wide = np.broadcast_to(np.arange(states, dtype=np.int32)[:, None, None], (states, actions, outcomes)).copy()
    wide[: len(table.successor), :, : table.successor.shape[2]] = table.successor
    return wide


def _padded_probability(table: Table, states: int, outcomes: int) -> np.ndarray:
    wide = _padded(table.probability, (states, table.probability.shape[1], outcomes))
    wide[len(table.probability) :, :, 0] = 1.0
    return wide
