"""The reflex net: each cell answers from what lies around it, and from nothing else."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import glorot


def window(field: Float[Array, "level height width channel"], radius: int) -> Float[Array, "level height width seen"]:
    """The (2 radius + 1)^2 cells around each cell, row by row, zero outside; `seen` is cell-major."""
    height, width = field.shape[1:3]
    padded = jnp.pad(field, ((0, 0), (radius, radius), (radius, radius), (0, 0)))
    side = range(2 * radius + 1)
    return jnp.concatenate([padded[:, r : r + height, c : c + width] for r in side for c in side], -1)


class ReflexNet(AbstractSubject):
    """Two layers on a local view. It cannot plan: a goal out of view does not exist for it.

    A channel of ones marks what lies inside the level, so that its edge can be told from a free cell.
    """

    read: Float[Array, "seen channels"]
    read_bias: Float[Array, " channels"]
    mix: Float[Array, "channels channels"]
    mix_bias: Float[Array, " channels"]
    out: Float[Array, "channels action"]
    out_bias: Float[Array, " action"]
    radius: int = eqx.field(static=True)
    channels: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, inputs: int, channels: int = 48, radius: int = 1):
        seen = (inputs + 1) * (2 * radius + 1) ** 2
        self.read = glorot(named_key(key, "read"), seen, channels)
        self.mix = glorot(named_key(key, "mix"), channels, channels)
        self.out = glorot(named_key(key, "out"), channels, 4)
        self.read_bias, self.mix_bias, self.out_bias = jnp.zeros(channels), jnp.zeros(channels), jnp.zeros(4)
        self.radius, self.channels, self.ticks, self.reads_until = radius, channels, 2, 1

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: the hidden layer in hand."""
        return (Site("state", self.channels, "the first, then the second hidden layer of each cell"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """The view into the first hidden layer at tick 0, the first into the second at tick 1."""
        inside = jnp.ones((*observation.shape[:3], 1))
        view = window(jnp.concatenate([observation, inside], -1), self.radius)
        first = jnp.tanh(view @ self.read + self.read_bias)
        second = jnp.tanh(state["state"] @ self.mix + self.mix_bias)
        return {"state": jnp.where(tick < self.reads_until, first, second)}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """A linear readout of each cell's own hidden layer."""
        return state["state"] @ self.out + self.out_bias
