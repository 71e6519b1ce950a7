"""An agent of Stable-Baselines3 as a subject of a world: its view and its actions are checked against the world's."""

from mesascope.adapters.asking.in_world import action_order, asked_once, usual_view, view_shapes
from mesascope.adapters.sb3.agent import SB3Agent
from mesascope.adapters.sb3.observations import expected, fits
from mesascope.adapters.steps import Answering, HostSubject
from mesascope.core.errors import UsageError, unknown
from mesascope.worlds.world import AbstractWorld


def subject_of(agent: SB3Agent, world: AbstractWorld, view: str | None = None) -> HostSubject:
    """The subject that an agent is in a world.

    Args:
        agent: The agent, with the names of its actions.
        world: The world.
        view: Name of the view of the world that the agent is shown; the one that has the shape of its observations where there
            is one alone.

    Returns:
        A subject without sites, asked about what it is shown in each state.

    Raises:
        UsageError: Names of the actions are missing or not the world's; no view of the world or more than one has the shape of
            the agent's observations; or the agent is recurrent.

    Example:
        >>> subject = subject_of(load_sb3("agent.zip", actions=world.actions), world)  # doctest: +SKIP
    """
    order = order_in(agent, world)
    if agent.recurrent:
        raise UsageError(
            f"{agent.archive.path} is recurrent ({agent.algorithm}): what it does depends on what it has seen, and it is not "
            "asked as if it had no memory. `agent.subject(world)` makes a recurrent subject of it"
        )
    shown = view_for(agent, world, view)
    return HostSubject(
        asked_once(lambda rows: agent.logits(agent.observed(rows))[:, order]),
        agent.digest,
        Answering(world.actions),
        shown,
    )


def order_in(agent: SB3Agent, world: AbstractWorld) -> list[int]:
    """For each action of the world, the number that the agent has for it; `UsageError` where their names are not the same."""
    return action_order(agent.actions, int(agent.action_space.n), world, str(agent.archive.path))


def view_for(agent: SB3Agent, world: AbstractWorld, view: str | None) -> str:
    """The view that the agent is shown; `UsageError` where none of the world's fits, or several do and none was named."""
    shapes = view_shapes(world)
    listed = "; ".join(f"{name} {shape}" for name, shape in shapes.items())
    if view is None and agent.observe is not None:
        view = usual_view(shapes)
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
    if agent.observe is None and not fits(agent.observation_space, shapes[view]):
        raise UsageError(
            f"{agent.archive.path}: view '{view}' of {world.name} has shape {shapes[view]}; "
            f"{expected(agent.observation_space, shapes[view])}; observe=MODULE:FUNCTION makes it of a view (views of "
            f"{world.name}: {listed})"
        )
    return view


def _misfit(agent: SB3Agent, shapes: dict[str, tuple[int, ...]]) -> str:
    found = [text for shape in shapes.values() if "frames" in (text := expected(agent.observation_space, shape))]
    return f"no view fits: {found[0] if found else expected(agent.observation_space, ())}"
