"""An agent of sb3-contrib with a memory (RecurrentPPO) as a recurrent subject: it is rolled out, never asked state by state."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.adapters.asking.in_world import usual_view, view_shapes
from mesascope.adapters.asking.memory import seen_in
from mesascope.adapters.sb3.agent import Memory, SB3Agent
from mesascope.adapters.sb3.subject import order_in, view_for
from mesascope.adapters.steps import HostSteps, Steps, Weights, numpy_steps
from mesascope.core.subject import Site
from mesascope.worlds.world import AbstractWorld


def recurrent_subject(agent: SB3Agent, world: AbstractWorld, view: str | None = None) -> HostSteps:
    """The recurrent subject that an agent with an LSTM is in a world.

    Its sites are the hidden and the cell values of the actor's LSTM, all layers in a row. Those of the critic do not act. They
    are blank at the beginning of an episode, as those of the library are.

    Args:
        agent: The agent, with the names of its actions.
        world: The world.
        view: Name of the view that it is shown; `full` unless given.

    Returns:
        A subject with two sites, each a vector.

    Raises:
        UsageError: Names of the actions are missing or not the world's, or the agent does not observe what the view shows.
        SubjectError: The agent is not recurrent; or, when it is asked, what it is shown is not what it observes.

    Example:
        >>> subject = recurrent_subject(load_sb3("agent.zip", actions=world.actions), world)  # doctest: +SKIP
        >>> [site.name for site in subject.sites]  # doctest: +SKIP
        ['hidden', 'cell']
    """
    order, layers, units = order_in(agent, world), *agent.blank(0).hidden.shape[::2]

    view = view_for(agent, world, view or usual_view(view_shapes(world)))

    def memory(state: Mapping[str, np.ndarray]) -> Memory:
        parts = (state[name].reshape(-1, layers, units).swapaxes(0, 1) for name in Memory._fields)
        return Memory(*parts)

    def state(kept: Memory) -> dict[str, np.ndarray]:
        rows = (part.swapaxes(0, 1).reshape(-1, 1, 1, layers * units) for part in kept)
        return dict(zip(Memory._fields, rows, strict=True))

    def think(weights: Weights, before: Mapping[str, np.ndarray], shown: Any, tick: int) -> dict[str, np.ndarray]:
        seen = seen_in(shown)
        return state(agent.remember(agent.observed(seen), memory(before), np.zeros(len(seen), bool), weights))

    return numpy_steps(
        Steps(
            lambda weights, actors, height, width: state(agent.blank(actors)),
            think,
            lambda weights, after: agent.from_memory(memory(after), weights)[:, order],
        ),
        sites=(
            Site("hidden", layers * units, "hidden values of the actor's LSTM", "vector"),
            Site("cell", layers * units, "cell values of the actor's LSTM", "vector"),
        ),
        ticks=1,
        reads_until=1,
        weights=agent.weights,
        recurrent=True,
        actions=world.actions,
        view=view,
    )
