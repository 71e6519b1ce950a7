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

SURE = 20.0
"""Logit of an action that is always taken, against 0 for the others: it is taken all but surely."""

_AXES = {4: ("level", "height", "width", "channel"), 3: ("level", "state", "action"), 2: ("actor", "action")}
_PLACES = ("actor {}", "level {}, state {}", "level {}, cell row {} column {} (interior)")


def actions_of(actions: Sequence[str] | SupportsIndex | None, world: AbstractWorld | None) -> Actions:
    """What an agent's answers mean: `actions`, which must fit a world that is given; its actions, or those of the mazes."""
    if actions is None:
        return ACTIONS if world is None else world.actions
    own = checked_actions(actions)
    if world is not None:
        order_of(own, world.actions)
    return own


def checked_map(value: object, shape: tuple[int, ...], what: str) -> Float[np.ndarray, "level *place channel"]:
    """`value` as float32; `SubjectError` names the axis where the shape is another, or the level and cell of a NaN."""
    array = _shaped(value, shape, what)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        *place, channel = (int(i) for i in bad[0])
        raise SubjectError(
            f"{what} is not finite: {array[tuple(bad[0])]} in {_where(place)}, {_AXES[len(shape)][-1]} {channel}"
        )
    return array


def checked_logits(
    value: object, places: tuple[int, ...], actions: int, what: str = "the answer"
) -> Float[np.ndarray, "level *place action"]:
    """One row of action logits for every cell of levels, every state (`places` is `(level, state)`) or every actor: numbers or
    minus infinity.

    A row of nothing but minus infinity is let through: where an agent can be is for those who know the world (`ask`).
    """
    array = _shaped(value, (*places, actions), what)
    flaw = flaw_of_logits(array, np.zeros(places, bool))
    if flaw is not None:
        place, why = flaw
        raise SubjectError(f"{what} is no policy in {_where(place)}: {why}")
    return array


def _where(place: Sequence[int]) -> str:
    """A place in words: an actor, a state of a level, or a cell of a level."""
    first, *rest = place
    return _PLACES[len(rest)].format(first, *rest)


def _shaped(value: object, shape: tuple[int, ...], what: str) -> Float[np.ndarray, "level *place channel"]:
    array = np.asarray(value, np.float32)
    if array.shape != shape:
        raise SubjectError(f"{what} has shape {array.shape}; expected {shape}{_differing(array.shape, shape)}")
    return array


def _differing(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    axes = _AXES[len(expected)]
    if len(found) != len(expected):
        return f" ({', '.join(axes)})"
    return f" (they differ in {next(n for n, a, b in zip(axes, found, expected, strict=True) if a != b)})"


def checked_state(
    state: object, sites: tuple[Site, ...], shape: tuple[int, int, int], when: str
) -> dict[str, Float[np.ndarray, "level height width _"]]:
    """A state with these sites, no fewer and no more, each of its own support and width."""
    names = [site.name for site in sites]
    if not isinstance(state, Mapping) or sorted(state) != sorted(names):
        found = sorted(state) if isinstance(state, Mapping) else type(state).__name__
        raise SubjectError(f"the state {when} has the sites {found}; expected {sorted(names)}")
    return {s.name: checked_map(state[s.name], site_shape(s, shape), f"site '{s.name}' {when}") for s in sites}


def site_shape(site: Site, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Shape of a site's values for levels of `shape`: a map over their cells, or a map of one cell for a vector."""
    levels, height, width = shape
    return (levels, 1, 1, site.channels) if site.support == "vector" else (levels, height, width, site.channels)


def digest(arrays: Iterable[tuple[str, np.ndarray]]) -> UInt32[Array, "8"]:
    """SHA-256 of named arrays as eight numbers: a subject carries it, so that an audit of other weights is another audit."""
    sha = hashlib.sha256()
    for name, array in arrays:
        array = np.ascontiguousarray(array)
        sha.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return jnp.asarray(np.frombuffer(sha.digest(), np.uint32))
