"""An agent of sb3-contrib with a memory (RecurrentPPO) as a recurrent subject: it is rolled out, never asked state by state."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from mesascope.adapters.sb3.agent import Memory, Observe, SB3Agent
from mesascope.adapters.sb3.observations import expected, fits
from mesascope.adapters.sb3.subject import order_in
from mesascope.adapters.steps import HostSteps, Steps, Weights, numpy_steps
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.subject import Site, View
from mesascope.worlds.world import AbstractWorld


def with_agent(
    level: Float[np.ndarray, "actor height width channel"], here: Float[np.ndarray, "actor height width 1"]
) -> Float[np.ndarray, "actor height width channel_and_agent"]:
    """The level with one channel more, 1 where the agent stands: what the view `full` of a maze shows."""
    return np.concatenate([level, here], -1)


def recurrent_subject(agent: SB3Agent, world: AbstractWorld, observe: Observe | None = None) -> HostSteps:
    """The recurrent subject that an agent with an LSTM is in a world.

    Its sites are the hidden and the cell values of the actor's LSTM, all layers in a row. Those of the critic do not act. They
    are blank at the beginning of an episode, as those of the library are.

    Args:
        agent: The agent, with the names of its actions.
        world: The world.
        observe: Makes what the agent observes from the level and where it stands; `with_agent` unless given.

    Returns:
        A subject with two sites, each a vector.

    Raises:
        UsageError: Names of the actions are missing or not the world's, or the agent does not observe what `with_agent` makes.
        SubjectError: The agent is not recurrent; or, when it is asked, what it is shown is not what it observes.

    Example:
        >>> subject = recurrent_subject(load_sb3("agent.zip", actions=world.actions), world)  # doctest: +SKIP
        >>> [site.name for site in subject.sites]  # doctest: +SKIP
        ['hidden', 'cell']
    """
    order, layers, units = order_in(agent, world), *agent.blank(0).hidden.shape[::2]

    if observe is None:
        observe = with_agent
        height, width = world.map_shape(world.draw(named_key(0, "views"), 1))
        shown = (height, width, len(world.channels) + 1)
        if not fits(agent.observation_space, shown):
            raise UsageError(
                f"{agent.archive.path} is recurrent ({agent.algorithm}). Recurrent agents are shown the map with the agent "
                f"in it, shape {shown}; {expected(agent.observation_space, shown)}. From Python, load_agent(..., "
                "observe=function of levels and of where each actor stands) makes what it observes"
            )

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
        actions=world.actions,
    )
