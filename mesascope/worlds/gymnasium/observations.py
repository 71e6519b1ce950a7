"""What an environment shows in a state, as an array that keeps its type."""

from typing import Any

import numpy as np

from mesascope.core.errors import UsageError, said
from mesascope.worlds.gymnasium.environment import load_gymnasium

_NARROW = {np.dtype(np.int64): np.dtype(np.int32), np.dtype(np.float64): np.dtype(np.float32)}
"""Types that JAX does not have unless it is told, and what stands for them."""


def shown_space(space: Any) -> Any:
    """The part of an observation space that is shown: a Dict without its texts, everything else as it is.

    The order of the keys is the space's own: spaces of the same keys in another order compare equal and are flattened otherwise.
    """
    spaces = load_gymnasium().spaces
    if isinstance(space, spaces.Dict):
        kept = [(key, part) for key, part in space.spaces.items() if not _is_text(part)]
        return spaces.Dict(kept)
    return space


def left_out(space: Any) -> tuple[str, ...]:
    """Names of the texts that an observation holds and that are not shown."""
    spaces = load_gymnasium().spaces
    return tuple(key for key, part in space.spaces.items() if _is_text(part)) if isinstance(space, spaces.Dict) else ()


def _is_text(space: Any) -> bool:
    spaces = load_gymnasium().spaces
    return isinstance(space, spaces.Text) or not _has_flat_form(space)


def _has_flat_form(space: Any) -> bool:
    try:
        return bool(space.is_np_flattenable)
    except NotImplementedError:  # a space of the user's own that does not say
        return False


def to_array(space: Any, observation: Any) -> np.ndarray:
    """An observation of a `shown_space` as an array: Box as it is, Discrete as an integer, the others flattened.

    Args:
        space: as `shown_space` gives it.
        observation: what the environment showed; texts in it are left out.

    Raises:
        UsageError: the observation has no fixed shape.
    """
    spaces = load_gymnasium().spaces
    if isinstance(space, spaces.Discrete):
        return np.asarray(observation, np.int32)
    if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary):
        found = np.asarray(observation, space.dtype)
    else:
        if isinstance(space, spaces.Dict):
            observation = {key: observation[key] for key in space.spaces}
        try:
            found = np.asarray(spaces.flatten(space, observation))
        except (NotImplementedError, TypeError, ValueError) as error:
            raise UsageError(
                f"observations {space} have no fixed shape ({said(error)}); wrap the environment so that it shows a Box"
            ) from error
    return found.astype(_NARROW.get(found.dtype, found.dtype))
