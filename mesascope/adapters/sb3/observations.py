"""What a world shows as the observations that an agent was trained on: shapes, types, ranges, statistics."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mesascope.adapters.sb3.described import Space, Unreadable, array_of
from mesascope.adapters.sb3.pickled import Call, read_pickle
from mesascope.core.errors import AgentFileError, SubjectError

Batch = np.ndarray | dict[str, np.ndarray]
"""Observations of one space, one a row; of a `Dict` space its parts by name."""


class Normalization(NamedTuple):
    """What `VecNormalize` does to observations: `clip((x - mean) / sqrt(var + epsilon), -clip, clip)`.

    Attributes:
        mean: Of each number observed.
        var: Variance of each number observed.
        clip: `clip_obs`.
        epsilon: Added to the variance.
    """

    mean: Any
    var: Any
    clip: float = 10.0
    epsilon: float = 1e-8

    def __call__(self, observed: np.ndarray) -> np.ndarray:
        """The observations as the agent was shown them."""
        scaled = (observed - np.asarray(self.mean)) / np.sqrt(np.asarray(self.var) + self.epsilon)
        return np.clip(scaled, -self.clip, self.clip).astype(np.float32)


def shape_of(space: Space) -> tuple[int, ...]:
    """Shape of one observation as the world has to show it; the parts of a `Dict` stand one after another in a row."""
    if hasattr(space, "spaces"):
        return (sum(math.prod(part.shape) for part in space.spaces.values()),)
    return tuple(space.shape)


def fits(space: Space, shape: tuple[int, ...]) -> bool:
    """Whether what is shown with this shape, in one state, can be what the agent observes.

    That is the shape of the space; the same picture channels last; or what `FlattenObservation` of Gymnasium makes a row of.
    """
    own = shape_of(space)
    flat = len(own) == 1 and math.prod(shape) == own[0]
    single = own == () and math.prod(shape) == 1
    return shape == own or flat or single or (_is_image(space) and shape == (*own[1:], own[0]))


def as_batch(
    space: Space, shown: Any, normalization: Normalization | Mapping[str, Normalization] | None = None
) -> Batch:
    """Observations as the policy takes them.

    Args:
        space: The agent's observation space.
        shown: One observation a row; pictures channels first or last; for a `Dict` space its parts by name, or in one row in
            the order of the space.
        normalization: Statistics of `VecNormalize`; of a `Dict` space, by part.

    Returns:
        The batch, of the type of the space; float32 where it was normalized.

    Raises:
        SubjectError: The shape or the values are not those of the space.
    """
    if hasattr(space, "spaces"):
        parts = shown if isinstance(shown, Mapping) else _split(space, np.asarray(shown))
        missing = [name for name in space.spaces if name not in parts]
        if missing:
            raise SubjectError(f"the observation lacks '{missing[0]}'; expected the parts {', '.join(space.spaces)}")
        by_name = normalization if isinstance(normalization, Mapping) else {}
        return {name: _rows(part, parts[name], by_name.get(name)) for name, part in space.spaces.items()}
    return _rows(space, shown, normalization)


def _rows(space: Space, shown: Any, normalization: object) -> np.ndarray:
    rows = np.asarray(shown)
    if not fits(space, rows.shape[1:]):
        raise SubjectError(f"observations have shape {rows.shape[1:]}; {expected(space, rows.shape[1:])}")
    if _is_image(space) and rows.shape[1:] != space.shape:
        rows = np.ascontiguousarray(np.moveaxis(rows, -1, 1)) if rows.ndim == 4 else rows
    rows = rows.reshape(len(rows), *space.shape)
    if isinstance(normalization, Normalization):
        return normalization(rows.astype(np.float32))
    return _typed(space, rows)


def expected(space: Space, found: tuple[int, ...]) -> str:
    """What the agent observes, for a message about a shape that does not fit; frames that were stacked are recognized."""
    own = shape_of(space)
    text = f"the agent observes {' '.join(str(space).split())[:120]}, shape {own}"
    stacks = [n for n in range(2, 17) if fits_stacked(space, found, n)]
    if stacks:
        text += (
            f": {stacks[0]} frames of it in a row. An agent that is shown its last frames has a memory, and cannot be "
            "asked as if it had none"
        )
    return text


def fits_stacked(space: Space, shape: tuple[int, ...], frames: int) -> bool:
    """Whether an observation is as many frames of this shape as `VecFrameStack` stacks: along the channels, or the last axis."""
    own = shape_of(space)
    if len(own) != len(shape) or not own:
        return False
    last, first = (*shape[:-1], shape[-1] * frames), (shape[-1] * frames, *shape[:-1])
    return own in (last, first) or own == (shape[0] * frames, *shape[1:])


def read_normalization(path: str | Path) -> Normalization | dict[str, Normalization] | None:
    """The statistics in a file that `VecNormalize.save` wrote, read without unpickling it.

    Args:
        path: The file.

    Returns:
        The statistics, by part of a `Dict` space; None where observations were not normalized.

    Raises:
        AgentFileError: The file is none of `VecNormalize`.
    """
    try:
        said = read_pickle(Path(path).read_bytes(), str(path))
        state = said.state
        if str(said.function).rpartition(".")[2] != "VecNormalize" or not state["norm_obs"]:
            raise Unreadable("no statistics of observations")
        clip, epsilon = (float(array_of(state[name])) for name in ("clip_obs", "epsilon"))

        def one(statistics: Call) -> Normalization:
            values: dict[str, Any] = statistics.state
            return Normalization(array_of(values["mean"]), array_of(values["var"]), clip, epsilon)

        found = state["obs_rms"]
        return {name: one(each) for name, each in found.items()} if isinstance(found, dict) else one(found)
    except (OSError, AttributeError, KeyError, TypeError, Unreadable) as error:
        raise AgentFileError(
            f"{path}: expected a file that VecNormalize.save wrote, with statistics of observations"
        ) from error


def _split(space: Space, rows: np.ndarray) -> dict[str, np.ndarray]:
    rows = rows.reshape(len(rows), -1)
    if rows.shape[1:] != shape_of(space):
        raise SubjectError(f"observations have {rows.shape[1]} numbers; {expected(space, rows.shape[1:])}")
    ends = np.cumsum([math.prod(part.shape) for part in space.spaces.values()])[:-1]
    parts = zip(space.spaces.items(), np.split(rows, ends, axis=1), strict=True)
    return {name: part.reshape(len(rows), *inner.shape) for (name, inner), part in parts}


def _typed(space: Space, rows: np.ndarray) -> np.ndarray:
    """Rows of the space's type; `SubjectError` for numbers that it does not have."""
    if space.dtype is not None and np.issubdtype(space.dtype, np.floating):
        return rows.astype(np.float32)
    low, high = _range(space)
    off = (rows != np.round(rows)) | (rows < low) | (rows > high)
    if off.any():
        raise SubjectError(
            f"observations hold {rows[off].flat[0]}; expected whole numbers from {int(np.min(low))} to {int(np.max(high))}, as "
            f"{' '.join(str(space).split())[:120]} has them"
        )
    return rows.astype(space.dtype)


def _range(space: Space) -> tuple[Any, Any]:
    """Least and greatest numbers. Stable-Baselines3 counts from 0 whatever `start` says."""
    if hasattr(space, "low"):
        return space.low, space.high
    return 0, np.asarray(space.nvec) - 1 if hasattr(space, "nvec") else space.n - 1 if space.shape == () else 1


def _is_image(space: Space) -> bool:
    return len(space.shape or ()) == 3 and space.dtype == np.uint8 and not hasattr(space, "nvec")
