"""The variables of a module in what a file holds, and whether they are those that the module has.

`flax.serialization.from_bytes` checks neither shapes nor types, and drops layers that the template does not have: so what was
read is held against what `module.init` would make.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from mesascope.adapters.flax.files import Tree
from mesascope.core.errors import UsageError, unknown

PARAMS = "params"
"""The collection of a flax module that holds its parameters."""
_OF_TRAINING = ("opt_state", "step", "tx", "apply_fn")
"""Fields of a `TrainState` that are no variables of the module."""
_SHOWN = 6
"""Misfits that a message names."""


class Candidate(NamedTuple):
    """One reading of a file: the variables that a module may have been saved as.

    Attributes:
        place: Where in the file, names apart by slashes; empty for the whole file.
        variables: Collections by name, `params` among them.
    """

    place: str
    variables: Tree

    @property
    def depth(self) -> int:
        """How deep in the file."""
        return len(self.place.split("/")) if self.place else 0


def candidates(tree: Tree, place: str | None = None) -> list[Candidate]:
    """All readings of a file, most likely first.

    Args:
        tree: What the file holds: variables with their collections, bare parameters, a `TrainState`, or a dict of those.
        place: Where in the file the parameters stand, names apart by slashes; wherever they fit unless given.

    Returns:
        At least one reading.

    Raises:
        UsageError: There is no such place.

    Example:
        >>> [c.place for c in candidates({"step": 3, "params": {"w": 1}, "opt_state": {}})]
        ['', 'params']
    """
    if place is None:
        return list(_readings("", tree, 2))
    for name in place.split("/"):
        if not isinstance(tree, Mapping) or name not in tree:
            raise unknown("place in the file", place, [f"{found.place}" for found in candidates(tree) if found.place])
        tree = tree[name]
    if not isinstance(tree, Mapping):
        raise UsageError(f"place '{place}' in the file is one value; expected parameters by name")
    return [found._replace(place=place) for found in _readings("", tree, 0)]


def _readings(place: str, tree: Tree, deeper: int) -> Iterator[Candidate]:
    if isinstance(inner := tree.get(PARAMS), Mapping):
        inside = inner if isinstance(inner.get(PARAMS), Mapping) else {PARAMS: inner}
        beside = {
            name: value
            for name, value in tree.items()
            if name not in (*_OF_TRAINING, PARAMS) and isinstance(value, Mapping) and value
        }
        yield Candidate(place, {**beside, **inside})
        if beside:
            yield Candidate(place, inside)
    else:
        yield Candidate(place, {PARAMS: tree})
    if deeper:
        for name, value in tree.items():
            if isinstance(value, Mapping) and value and name not in _OF_TRAINING:
                yield from _readings(f"{place}/{name}".strip("/"), value, deeper - 1)


def misfits(found: Any, expected: Any) -> list[str]:
    """What of a tree of arrays is not as expected: names, shapes and types, one line each.

    Args:
        found: What was read.
        expected: The same with `jax.ShapeDtypeStruct` as leaves.

    Returns:
        A line for each leaf that is missing, too many, or of another shape or type; empty where all fit.

    Example:
        >>> import jax
        >>> import numpy as np
        >>> misfits({"w": np.ones(3, np.float32)}, {"w": jax.ShapeDtypeStruct((2,), np.float32)})
        ['w: shape (3,) in the file, (2,) in the module']
    """
    has, needs = dict(_leaves(found)), dict(_leaves(expected))
    lines = []
    for name in sorted({*has, *needs}):
        if name not in has:
            lines.append(f"{name}: not in the file, {needs[name].shape} in the module")
        elif name not in needs:
            lines.append(f"{name}: {np.shape(has[name])} in the file, not in the module")
        elif np.shape(has[name]) != needs[name].shape:
            lines.append(f"{name}: shape {np.shape(has[name])} in the file, {needs[name].shape} in the module")
        elif np.asarray(has[name]).dtype != needs[name].dtype:
            lines.append(f"{name}: {np.asarray(has[name]).dtype} in the file, {needs[name].dtype} in the module")
    return lines


def _leaves(tree: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from _leaves(value, f"{place}/{name}".strip("/"))
    elif tree is not None:
        yield place, tree


def listed(lines: list[str]) -> str:
    """Misfits in one line, the first few of them."""
    more = len(lines) - _SHOWN
    return "; ".join(lines[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def as_arrays(variables: Tree) -> Any:
    """Variables as JAX arrays."""
    return jax.tree.map(jax.numpy.asarray, dict(variables))
