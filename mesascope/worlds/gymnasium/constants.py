"""Large arrays of an environment that no step changes, such as a file of levels: copies share them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mesascope.worlds.gymnasium.structure import LARGE, parts_of


class ChangedError(Exception):
    """A step changed an array that copies shared."""


@contextmanager
def shared_arrays(environment: Any) -> Iterator[tuple[np.ndarray, ...]]:
    """The large arrays that an environment holds, which can be written to by nobody meanwhile.

    A step that writes to one fails, and one that writes to its memory in another way is found out at the end. Both leave the
    arrays as they were, so that whoever asked can begin again without sharing any.

    Args:
        environment: after a reset.

    Raises:
        ChangedError: a step has written to one of them, or tried to.
    """
    arrays = tuple(
        part
        for part in parts_of(environment).values()
        if isinstance(part, np.ndarray) and part.dtype != object and part.nbytes >= LARGE
    )
    before = [(array.flags.writeable, array.copy()) for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    failed: Exception | None = None
    try:
        yield arrays
    except ValueError as error:
        if not arrays or "read-only" not in str(error):
            raise
        failed = error
    finally:
        changed = _put_back(arrays, before)
    if failed is not None or changed:
        raise ChangedError from failed


def _put_back(arrays: tuple[np.ndarray, ...], before: list[tuple[bool, np.ndarray]]) -> bool:
    """Whether one of the arrays had changed; all of them are as before afterwards."""
    changed = False
    for array, (writeable, kept) in zip(arrays, before, strict=True):
        differs = array.tobytes() != kept.tobytes()
        if writeable or differs:
            array.flags.writeable = True
        if differs:
            array[...] = kept
            array.flags.writeable = writeable
        changed |= differs
    return changed
