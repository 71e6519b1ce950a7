"""What an agent is shown in a world, and how its actions are those of the world: for agents of every library."""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.subject import FULL
from mesascope.worlds.world import AbstractWorld

SAMPLED = 1024
"""Observations by which it is judged whether many are equal."""
MOSTLY = 0.9
"""Share of different ones among them from which on all are asked about."""


def action_order(own: Sequence[str] | None, count: int | None, world: AbstractWorld, who: str) -> list[int]:
    """For each action of the world, the number that an agent has for it.

    Args:
        own: Names of the agent's actions in its order; None where nobody has said.
        count: How many actions the agent has, where that is known.
        world: The world.
        who: The agent, at the beginning of a message.

    Returns:
        A number for each of the world's actions.

    Raises:
        UsageError: The names are missing, or not those of the world's actions.
    """
    if own is None or len(own) != len(world.actions) or set(own) != set(world.actions):
        several = "actions" if count is None else f"{count} actions"
        found = f"{several} without names" if own is None else f"actions {'/'.join(own)}"
        hint = (
            f"write actions={'/'.join(world.actions)} in the order in which the agent's environment numbers them"
            if count is None or count == len(world.actions)
            else f"an agent of {count} actions cannot be asked in a world of {len(world.actions)}: name its own world"
        )
        raise UsageError(f"{who}: found {found}; expected those of {world.name}, {'/'.join(world.actions)}: {hint}")
    return [list(own).index(name) for name in world.actions]


def view_shapes(world: AbstractWorld) -> dict[str, tuple[int, ...]]:
    """Shape of what each view shows in one state of a training level, of the views that depend on the state."""
    levels = world.draw(named_key(0, "views"), 1)
    states = jnp.zeros((1, 1), jnp.int32)
    names = [name for name, view in world.views.items() if not view.shows_all_states]
    return {name: jax.eval_shape(lambda name=name: world.observe(levels, name, states)).shape[2:] for name in names}


def usual_view(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The view of those of `view_shapes` that an agent is shown where nobody says: `full`, or the first of a world without it."""
    return FULL if FULL in shapes else next(iter(shapes))


def asked_once(
    answer: Callable[[np.ndarray], Float[np.ndarray, "query action"]],
) -> Callable[[np.ndarray], Float[np.ndarray, "level state action"]]:
    """What answers for every state of levels by asking once for each different observation, where many are equal (`different`).

    Args:
        answer: From observations, one a row, to logits.

    Returns:
        From what is seen in each state, `(level, state, ...)`, to `(level, state, action)`.
    """

    def every(seen: np.ndarray) -> np.ndarray:
        first, which = different(seen.reshape(seen.shape[0] * seen.shape[1], *seen.shape[2:]))
        return answer(first)[which].reshape(*seen.shape[:2], -1)

    return every


def different(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that differ, and for each row which of them it is.

    To find equal rows takes longer than a small network takes to answer: where hardly any of a sample are equal, all are kept.
    """
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    keys = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    if len(keys) > 2 * SAMPLED:
        some = keys[:: len(keys) // SAMPLED]
        if len(np.unique(some)) > MOSTLY * len(some):
            return rows, np.arange(len(rows))
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], which
