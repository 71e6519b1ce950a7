"""An agent of sb3-contrib with a memory (RecurrentPPO) as a recurrent subject: it is rolled out, never asked state by state."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from mesascope.adapters.sb3.agent import Memory, SB3Agent
from mesascope.adapters.sb3.subject import action_order
from mesascope.adapters.steps import HostSteps, Steps, Weights, numpy_steps
from mesascope.core.subject import Site, View
from mesascope.worlds.world import AbstractWorld

Observe = Callable[
    [Float[np.ndarray, "actor height width channel"], Float[np.ndarray, "actor height width 1"]], np.ndarray
]
"""From levels and where each actor stands (1 in its cell) to what the agent observes, one a row."""


def with_agent(
    level: Float[np.ndarray, "actor height width channel"], here: Float[np.ndarray, "actor height width 1"]
) -> Float[np.ndarray, "actor height width channel_and_agent"]:
    """The level with one channel more, 1 where the agent stands: what the view `full` of a maze shows."""
    return np.concatenate([level, here], -1)


def recurrent_subject(agent: SB3Agent, world: AbstractWorld, observe: Observe = with_agent) -> HostSteps:
    """The recurrent subject that an agent with an LSTM is in a world.

    Its sites are the hidden and the cell values of the actor's LSTM, all layers in a row. Those of the critic do not act. They
    are blank at the beginning of an episode, as those of the library are.

    Args:
        agent: The agent, with the names of its actions.
        world: The world.
        observe: Makes what the agent observes from the level and where it stands.

    Returns:
        A subject with two sites, each a vector.

    Raises:
        UsageError: Names of the actions are missing or not the world's.
        SubjectError: The agent is not recurrent; or, when it is asked, what it is shown is not what it observes.

    Example:
        >>> subject = recurrent_subject(load_sb3("agent.zip", actions=world.actions), world)  # doctest: +SKIP
        >>> [site.name for site in subject.sites]  # doctest: +SKIP
        ['hidden', 'cell']
    """
    order, layers, units = action_order(agent, world), *agent.blank(0).hidden.shape[::2]

    def memory(state: Mapping[str, np.ndarray]) -> Memory:
        parts = (state[name].reshape(-1, layers, units).swapaxes(0, 1) for name in Memory._fields)
        return Memory(*parts)

    def state(kept: Memory) -> dict[str, np.ndarray]:
        rows = (part.swapaxes(0, 1).reshape(-1, 1, 1, layers * units) for part in kept)
        return dict(zip(Memory._fields, rows, strict=True))

    def think(weights: Weights, before: Mapping[str, np.ndarray], view: View, tick: int) -> dict[str, np.ndarray]:
        seen = observe(np.asarray(view.level), np.asarray(view.here))
        return state(agent.remember(seen, memory(before), np.zeros(len(view.here), bool), weights))

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
        actions=len(order),
    )
