"""An agent with a memory as one that answers once: it stands in a cell of a level, thinks for some steps, and prefers a move.

What is asked of agents that answer a whole level can so be asked of it, in the cells where it stands: where its state may be
edited, and how much its first moves show. Whole episodes are far more to run.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.rollouts import one_hot_cells, view_of
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.instruments.interventions.recorded import Observes
from mesascope.worlds.levels import AbstractLevels

STANDS = "stands"
"""Site of a standing agent: where it was put."""


class Placed(AbstractLevels):
    """Levels with an agent in a cell of each."""

    levels: AbstractLevels
    cell: Int[Array, " level"]


class PlacedView(eqx.Module):
    """What is seen of levels with an agent in them: the level, and 1 where the agent stands in the last channel."""

    world: Observes

    def observe(self, levels: Placed) -> Observation:
        """The levels, shape `(level, height, width, channel + 1)`."""
        seen = self.world.observe(levels.levels)
        return jnp.concatenate([seen, one_hot_cells(levels.cell, (seen.shape[1], seen.shape[2]))], -1)


class StandingAgent(AbstractSubject):
    """The first move of a recurrent agent after some steps in which it did not move.

    Its ticks are those of all steps up to that move. It answers in the cell where it stands, and prefers nothing elsewhere.
    """

    subject: AbstractSubject
    pauses: int = eqx.field(static=True)

    @property
    def ticks(self) -> int:
        """Of all pauses and of the step of the first move."""
        return (self.pauses + 1) * self.subject.ticks

    @property
    def reads_until(self) -> int:
        """The first tick in which the level is not shown."""
        return min(self.subject.sees_until, self.pauses + 1) * self.subject.ticks

    @property
    def sites(self) -> tuple[Site, ...]:
        """Those of the agent, and where it was put."""
        return (*self.subject.sites, Site(STANDS, 1, "1 where the agent was put"))

    @property
    def hidden_bits(self) -> float | None:
        """As many as the agent hides."""
        return self.subject.hidden_bits

    def start(self, observation: Observation) -> State:
        """As the agent begins."""
        return {**self.subject.start(observation[..., :-1]), STANDS: jnp.zeros_like(observation[..., :1])}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One tick of one step."""
        level, here = observation[..., :-1], observation[..., -1:]
        cell = here.reshape(here.shape[0], -1).argmax(-1)
        step, own_tick = jnp.divmod(tick, self.subject.ticks)
        own = {site.name: state[site.name] for site in self.subject.sites}
        return {**self.subject.think(own, view_of(self.subject, level, cell, step), own_tick), STANDS: here}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """The agent's preferences where it stands."""
        own = {site.name: state[site.name] for site in self.subject.sites}
        answer = self.subject.act(own)[:, None, None, :]
        return jnp.where(state[STANDS] > 0.5, answer, 0.0)
