"""What comes back from somebody else's code: shapes as promised, numbers only, and what tells two agents apart."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import SupportsIndex

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from mesascope.core.actions import Actions, checked_actions, flaw_of_logits, order_of
from mesascope.core.errors import SubjectError
from mesascope.core.subject import Site
from mesascope.worlds.grids.grid import ACTIONS, CHANNELS
from mesascope.worlds.world import AbstractWorld

EXAMPLE = (7, 7, len(CHANNELS))
"""Height, width and channels of the levels that an agent is tried on when it is adapted, where neither a world nor a shape
is given: mazes of 9x9, border left out.
"""

_AXES = ("level", "height", "width", "channel")


def actions_of(actions: Sequence[str] | SupportsIndex | None, world: AbstractWorld | None) -> Actions:
    """What an agent's answers mean: `actions`, which must fit a world that is given; its actions, or those of the mazes."""
    if actions is None:
        return ACTIONS if world is None else world.actions
    own = checked_actions(actions)
    if world is not None:
        order_of(own, world.actions)
    return own


def checked_map(
    value: object, shape: tuple[int, int, int, int], what: str
) -> Float[np.ndarray, "level height width channel"]:
    """`value` as float32; `SubjectError` names the axis where the shape is another, or the level and cell of a NaN."""
    array = _shaped(value, shape, what)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        level, row, column, channel = (int(i) for i in bad[0])
        raise SubjectError(
            f"{what} is not finite: {array[level, row, column, channel]} in level {level}, cell row {row} column "
            f"{column} (interior), channel {channel}"
        )
    return array


def checked_logits(
    value: object, shape: tuple[int, int, int], actions: int, what: str = "the answer"
) -> Float[np.ndarray, "level height width action"]:
    """One row of action logits for every cell of levels of `shape`, numbers or minus infinity.

    A row of nothing but minus infinity is let through: where an agent can be is for those who know the world (`ask`).
    """
    array = _shaped(value, (*shape, actions), what)
    flaw = flaw_of_logits(array, np.zeros(shape, bool))
    if flaw is not None:
        (level, row, column), why = flaw
        raise SubjectError(f"{what} is no policy in level {level}, cell row {row} column {column} (interior): {why}")
    return array


def _shaped(value: object, shape: tuple[int, ...], what: str) -> Float[np.ndarray, "level height width channel"]:
    array = np.asarray(value, np.float32)
    if array.shape != shape:
        raise SubjectError(f"{what} has shape {array.shape}; expected {shape}{_differing(array.shape, shape)}")
    return array


def _differing(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if len(found) != len(expected):
        return f" ({', '.join(_AXES)})"
    return f" (they differ in {next(n for n, a, b in zip(_AXES, found, expected, strict=True) if a != b)})"


def checked_state(
    state: object, sites: tuple[Site, ...], shape: tuple[int, int, int], when: str
) -> dict[str, Float[np.ndarray, "level height width _"]]:
    """A state with these sites, no fewer and no more, each of its own width."""
    names = [site.name for site in sites]
    if not isinstance(state, Mapping) or sorted(state) != sorted(names):
        found = sorted(state) if isinstance(state, Mapping) else type(state).__name__
        raise SubjectError(f"the state {when} has the sites {found}; expected {sorted(names)}")
    return {s.name: checked_map(state[s.name], (*shape, s.channels), f"site '{s.name}' {when}") for s in sites}


def digest(arrays: Iterable[tuple[str, np.ndarray]]) -> UInt32[Array, "8"]:
    """SHA-256 of named arrays as eight numbers: a subject carries it, so that an audit of other weights is another audit."""
    sha = hashlib.sha256()
    for name, array in arrays:
        array = np.ascontiguousarray(array)
        sha.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return jnp.asarray(np.frombuffer(sha.digest(), np.uint32))
