"""An agent of Stable-Baselines3 as a subject of a world: its view and its actions are checked against the world's."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.adapters.sb3.agent import SB3Agent
from mesascope.adapters.sb3.observations import expected, fits
from mesascope.adapters.steps import Answering, HostSubject
from mesascope.core.errors import UsageError, unknown
from mesascope.core.rng import named_key
from mesascope.worlds.world import AbstractWorld


def subject_of(agent: SB3Agent, world: AbstractWorld, view: str | None = None) -> HostSubject:
    """The subject that an agent is in a world.

    Args:
        agent: The agent, with the names of its actions.
        world: The world.
        view: Name of the view of the world that the agent is shown; the one that has the shape of its observations where there
            is one alone.

    Returns:
        A subject without sites: asked once for each different observation.

    Raises:
        UsageError: Names of the actions are missing or not the world's; no view of the world or more than one has the shape of
            the agent's observations; or the agent is recurrent.

    Example:
        >>> subject = subject_of(load_sb3("agent.zip", actions=world.actions), world)  # doctest: +SKIP
    """
    order = action_order(agent, world)
    if agent.recurrent:
        raise UsageError(
            f"{agent.archive.path} is recurrent ({agent.algorithm}): what it does depends on what it has seen, and it is not "
            "asked as if it had no memory. `agent.subject(world)` makes a recurrent subject of it"
        )
    shown = view_for(agent, world, view)
    return HostSubject(
        asked_once(lambda rows: agent.logits(rows)[:, order]), agent.digest, Answering(world.actions), shown
    )


def action_order(agent: SB3Agent, world: AbstractWorld) -> list[int]:
    """For each action of the world, the number that the agent has for it; `UsageError` where their names are not the same."""
    count = int(agent.action_space.n)
    own = agent.actions
    if own is None or set(own) != set(world.actions):
        found = f"{count} actions without names" if own is None else f"actions {'/'.join(own)}"
        hint = (
            f"write actions={'/'.join(world.actions)} in the order in which the agent's environment numbers them"
            if count == len(world.actions)
            else f"an agent of {count} actions cannot be asked in a world of {len(world.actions)}: name its own world"
        )
        raise UsageError(
            f"{agent.archive.path}: found {found}; expected those of {world.name}, {'/'.join(world.actions)}: {hint}"
        )
    return [own.index(name) for name in world.actions]


def view_for(agent: SB3Agent, world: AbstractWorld, view: str | None) -> str:
    """The view that the agent is shown; `UsageError` where none of the world's fits, or several do and none was named."""
    shapes = view_shapes(world)
    listed = "; ".join(f"{name} {shape}" for name, shape in shapes.items())
    if view is None:
        found = [name for name, shape in shapes.items() if fits(agent.observation_space, shape)]
        if len(found) == 1:
            return found[0]
        trouble = f"several views fit: write view={' or view='.join(found)}" if found else _misfit(agent, shapes)
        raise UsageError(f"{agent.archive.path}: {trouble} (views of {world.name}: {listed})")
    if view not in world.views:
        raise unknown(f"view of {world.name}", view, world.views)
    if view not in shapes:
        raise UsageError(f"view '{view}' of {world.name} does not show where the agent is; expected one of {listed}")
    if not fits(agent.observation_space, shapes[view]):
        raise UsageError(
            f"{agent.archive.path}: view '{view}' of {world.name} has shape {shapes[view]}; "
            f"{expected(agent.observation_space, shapes[view])} (views of {world.name}: {listed})"
        )
    return view


def view_shapes(world: AbstractWorld) -> dict[str, tuple[int, ...]]:
    """Shape of what each view shows in one state of a training level, of the views that depend on the state."""
    levels = world.draw(named_key(0, "views"), 1)
    states = jnp.zeros((1, 1), jnp.int32)
    names = [name for name, view in world.views.items() if not view.shows_all_states]
    return {name: jax.eval_shape(lambda name=name: world.observe(levels, name, states)).shape[2:] for name in names}


def asked_once(
    answer: Callable[[np.ndarray], Float[np.ndarray, "query action"]],
) -> Callable[[np.ndarray], Float[np.ndarray, "level state action"]]:
    """What answers for every state of levels by asking once for each different observation.

    Args:
        answer: From observations, one a row, to logits.

    Returns:
        From what is seen in each state, `(level, state, ...)`, to `(level, state, action)`.
    """

    def every(seen: np.ndarray) -> np.ndarray:
        rows = np.ascontiguousarray(seen).reshape(seen.shape[0] * seen.shape[1], -1)
        _, first, which = np.unique(
            rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel(),
            return_index=True,
            return_inverse=True,
        )
        shown = rows[first].reshape(len(first), *seen.shape[2:])
        return answer(shown)[which].reshape(*seen.shape[:2], -1)

    return every


def _misfit(agent: SB3Agent, shapes: dict[str, tuple[int, ...]]) -> str:
    found = [text for shape in shapes.values() if "frames" in (text := expected(agent.observation_space, shape))]
    return f"no view fits: {found[0] if found else expected(agent.observation_space, ())}"
