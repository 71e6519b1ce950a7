"""The glance net and the thinking net: one weight-tied recurrent block that thinks for a number of ticks."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import glorot, neighborhood


def gated_update(
    h: Float[Array, "*cells"],
    x: Sequence[Float[Array, "*#cells"]],
    u: Sequence[Float[Array, "*cells"]],
    candidate_bias: Float[Array, "*#cells"],
) -> Float[Array, "*cells"]:
    """A GRU's new state from its old one, from what it reads (biases included) and from what it recalls.

    `x` and `u` hold the parts for the update gate, the reset gate and the candidate, in any layout of cells.
    """
    update = jax.nn.sigmoid(x[0] + u[0])
    reset = jax.nn.sigmoid(x[1] + u[1])
    return (1.0 - update) * h + update * jnp.tanh(x[2] + reset * (u[2] + candidate_bias))


class ThinkingNet(AbstractSubject):
    """A gated recurrent block over the grid (a GRU, Cho et al. 2014, on five-point stencils).

    Every cell keeps `channels` numbers; a tick updates them from the cell's and its four neighbors'. With a small
    `reads_until` the level is seen only in the first ticks (*glance*): afterwards the level exists nowhere but in
    the state. With `reads_until` equal to `ticks` it is read again at every tick (*recall*).
    """

    recur: Float[Array, "five_channels three_channels"]
    read: Float[Array, "five_inputs three_channels"]
    bias: Float[Array, " three_channels"]
    candidate_bias: Float[Array, " channels"]
    out: Float[Array, "channels action"]
    out_bias: Float[Array, " action"]
    channels: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, inputs: int, channels: int = 24, ticks: int = 16, reads_until: int = 2):
        self.recur = glorot(named_key(key, "recur"), 5 * channels, 3 * channels)
        self.read = glorot(named_key(key, "read"), 5 * inputs, 3 * channels)
        self.bias = jnp.concatenate([jnp.full(channels, -1.0), jnp.zeros(2 * channels)])
        self.candidate_bias = jnp.zeros(channels)
        self.out = glorot(named_key(key, "out"), channels, 4)
        self.out_bias = jnp.zeros(4)
        self.channels, self.ticks, self.reads_until = channels, ticks, reads_until

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: the recurrent state."""
        return (Site("state", self.channels, "everything the net knows of the level"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One gated update: h <- (1 - z) h + z tanh(x + r * u)."""
        h = state["state"]
        seen = jax.lax.cond(
            tick < self.reads_until,
            lambda: neighborhood(observation) @ self.read,
            lambda: jnp.zeros((*h.shape[:3], 3 * self.channels)),
        )
        x = jnp.split(seen + self.bias, 3, -1)
        u = jnp.split(neighborhood(h) @ self.recur, 3, -1)
        return {"state": gated_update(h, x, u, self.candidate_bias)}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """A linear readout of each cell's own state."""
        return state["state"] @ self.out + self.out_bias

    def thinking_for(self, ticks: int) -> "ThinkingNet":
        """The same weights, thinking for another number of ticks."""
        inputs = self.read.shape[0] // 5
        other = eqx.filter_eval_shape(ThinkingNet, jax.random.key(0), inputs, self.channels, ticks, self.reads_until)
        return jax.tree.unflatten(jax.tree.structure(other), jax.tree.leaves(self))
