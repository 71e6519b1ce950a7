"""What comes back from somebody else's code: shapes as promised, numbers only, and what tells two agents apart."""

import hashlib
from collections.abc import Iterable, Mapping

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from mesascope.core.errors import SubjectError
from mesascope.core.subject import Site
from mesascope.worlds.grids.grid import ACTIONS, CHANNELS

EXAMPLE = (7, 7, len(CHANNELS))
"""Height, width and channels of the levels that an agent is tried on when it is adapted: mazes of 9x9, border left out."""

_AXES = {4: ("level", "height", "width", "channel"), 3: ("level", "state", "action"), 2: ("actor", "action")}
_PLACES = ("", "state {}, ", "cell row {} column {} (interior), ")


def checked_map(value: object, shape: tuple[int, ...], what: str) -> Float[np.ndarray, "level *place channel"]:
    """`value` as float32; `SubjectError` names the axis where the shape is another, or the level and cell of a NaN."""
    array = np.asarray(value, np.float32)
    if array.shape != shape:
        raise SubjectError(f"{what} has shape {array.shape}; expected {shape}{_differing(array.shape, shape)}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        level, *place, channel = (int(i) for i in bad[0])
        axes = _AXES[len(shape)]
        raise SubjectError(
            f"{what} is not finite: {array[tuple(bad[0])]} in {axes[0]} {level}, {_PLACES[len(place)].format(*place)}"
            f"{axes[-1]} {channel}"
        )
    return array


def _differing(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    axes = _AXES[len(expected)]
    if len(found) != len(expected):
        return f" ({', '.join(axes)})"
    return f" (they differ in {next(n for n, a, b in zip(axes, found, expected, strict=True) if a != b)})"


def checked_logits(
    value: object, places: tuple[int, ...], what: str = "the answer", actions: int = len(ACTIONS)
) -> Float[np.ndarray, "level *place action"]:
    """One row of action logits for every cell of levels, every state (`places` is `(level, state)`), or every actor."""
    return checked_map(value, (*places, actions), what)


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
