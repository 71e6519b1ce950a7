"""A recurrent agent with a local view: a GRU over the steps of an episode."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State, View
from mesascope.learned.reflex import window
from mesascope.learned.stencil import glorot
from mesascope.learned.thinking import gated_update


class LocalRecurrentAgent(AbstractSubject):
    """A GRU (Cho et al. 2014) over steps of the world: it sees the cells within `radius` and updates its memory.

    What it does depends on where it has been. With `resets` its memory is blank again at every step: what it does then depends
    on what it sees and on nothing else.
    """

    read: Float[Array, "seen three_units"]
    recur: Float[Array, "units three_units"]
    bias: Float[Array, " three_units"]
    candidate_bias: Float[Array, " units"]
    out: Float[Array, "units action"]
    out_bias: Float[Array, " action"]
    units: int = eqx.field(static=True)
    radius: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True, default=1)
    reads_until: int = eqx.field(static=True, default=1)
    resets: bool = eqx.field(static=True, default=False)

    def __init__(self, key: PRNGKeyArray, inputs: int, units: int = 64, radius: int = 1, resets: bool = False):
        seen = (inputs + 1) * (2 * radius + 1) ** 2
        self.read = glorot(named_key(key, "read"), seen, 3 * units)
        self.recur = glorot(named_key(key, "recur"), units, 3 * units)
        self.out = glorot(named_key(key, "out"), units, 4)
        self.bias, self.candidate_bias, self.out_bias = jnp.zeros(3 * units), jnp.zeros(units), jnp.zeros(4)
        self.units, self.radius, self.resets = units, radius, resets
        self.ticks = self.reads_until = 1

    @property
    def recurrent(self) -> bool:
        """Its memory goes on through the episode."""
        return True

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site, a vector: the memory."""
        return (Site("memory", self.units, "everything the agent knows of where it has been", "vector"),)

    def think(self, state: State, view: View, tick: Int[Array, ""]) -> State:
        """Look around, remember."""
        seen = (self.views(view.level) * view.here.reshape(*view.here.shape[:1], -1, 1)).sum(1)
        return {"memory": self.remember(seen, state["memory"][:, 0, 0])[:, None, None]}

    def act(self, state: State) -> Float[Array, "actor action"]:
        """What the memory prefers."""
        return self.prefer(state["memory"][:, 0, 0])

    def views(self, observation: Observation) -> Float[Array, "level state seen"]:
        """What is seen from every cell; a channel of ones marks what lies inside the level."""
        levels, height, width, _ = observation.shape
        inside = jnp.ones((levels, height, width, 1))
        seen = window(jnp.concatenate([observation, inside], -1), self.radius)
        return seen.reshape(levels, height * width, -1)

    def remember(
        self, view: Float[Array, "actor seen"], memory: Float[Array, "actor units"]
    ) -> Float[Array, "actor units"]:
        """The memory after one more step."""
        memory = jnp.zeros_like(memory) if self.resets else memory
        x = jnp.split(view @ self.read + self.bias, 3, -1)
        return gated_update(memory, x, jnp.split(memory @ self.recur, 3, -1), self.candidate_bias)

    def prefer(self, memory: Float[Array, "actor units"]) -> Float[Array, "actor action"]:
        """Action preferences, from the memory alone."""
        return memory @ self.out + self.out_bias
