"""The feed-forward net: as many layers as the thinking net has ticks, each with weights of its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import glorot, neighborhood


class FeedForwardNet(AbstractSubject):
    """Gated five-point layers, each with its own weights (highway layers, Srivastava et al. 2015).

    h <- (1 - z) h + z tanh(c), where z and c are computed from each cell and its four neighbors.

    A layer is a tick. The level is read in the first only, and each layer looks one cell farther, so that `layers` of
    them see exactly as far as a thinking net of as many ticks: what differs is that nothing here can be iterated.
    """

    weight: Float[Array, "layer five_channels two_channels"]
    bias: Float[Array, "layer two_channels"]
    read: Float[Array, "five_inputs two_channels"]
    out: Float[Array, "channels action"]
    out_bias: Float[Array, " action"]
    channels: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, inputs: int, channels: int = 24, layers: int = 16):
        keys = (named_key(key, "layer", layer) for layer in range(layers))
        self.weight = jnp.stack([glorot(k, 5 * channels, 2 * channels) for k in keys])
        self.bias = jnp.tile(jnp.concatenate([jnp.full(channels, -1.0), jnp.zeros(channels)]), (layers, 1))
        self.read = glorot(named_key(key, "read"), 5 * inputs, 2 * channels)
        self.out = glorot(named_key(key, "out"), channels, 4)
        self.out_bias = jnp.zeros(4)
        self.channels, self.ticks, self.reads_until = channels, layers, 1

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: what each layer hands to the next."""
        return (Site("state", self.channels, "what one layer hands to the next"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Layer number `tick`."""
        h = state["state"]
        seen = jax.lax.cond(
            tick < self.reads_until,
            lambda: neighborhood(observation) @ self.read,
            lambda: jnp.zeros((*h.shape[:3], 2 * self.channels)),
        )
        both = seen + neighborhood(h) @ self.weight[tick] + self.bias[tick]
        gate = jax.nn.sigmoid(both[..., : self.channels])
        return {"state": (1.0 - gate) * h + gate * jnp.tanh(both[..., self.channels :])}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """A linear readout of each cell's own state."""
        return state["state"] @ self.out + self.out_bias
