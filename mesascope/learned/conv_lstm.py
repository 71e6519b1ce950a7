"""A recurrent agent that thinks over the grid at every step: a convolutional LSTM in the style of DRC."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import ALWAYS, AbstractSubject, Site, State, View
from mesascope.learned.stencil import glorot, neighborhood

STARTS_REMEMBERING = 1.0
"""Bias of the forget gate before training (Jozefowicz et al. 2015): what is in a cell stays there at first."""


class ConvLSTM(AbstractSubject):
    """One LSTM layer over the grid, ticked several times in each step: DRC(1, N) of Guez et al. (2019).

    Gates read the view and the neighbors' outputs through five-point stencils, and the mean and the maximum of every
    output over the whole grid (*pool and inject*). The state goes on through the episode. Differences from the paper:
    one layer, no encoder, and preferences are read off the cell where the agent stands, so that a plan has to come to it.
    With `resets` the state is blank again at the first tick of every step: it must think of everything anew.
    """

    read: Float[Array, "five_inputs four_channels"]
    recur: Float[Array, "five_channels four_channels"]
    inject: Float[Array, "two_channels four_channels"]
    bias: Float[Array, " four_channels"]
    out: Float[Array, "channels action"]
    out_bias: Float[Array, " action"]
    channels: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)
    sees_until: int = eqx.field(static=True, default=ALWAYS)
    resets: bool = eqx.field(static=True, default=False)

    def __init__(
        self,
        key: PRNGKeyArray,
        inputs: int,
        channels: int = 20,
        ticks: int = 4,
        sees_until: int = ALWAYS,
        resets: bool = False,
    ):
        self.read = glorot(named_key(key, "read"), 5 * (inputs + 2), 4 * channels)
        self.recur = glorot(named_key(key, "recur"), 5 * channels, 4 * channels)
        self.inject = glorot(named_key(key, "inject"), 2 * channels, 4 * channels)
        self.bias = jnp.zeros(4 * channels).at[:channels].set(STARTS_REMEMBERING)
        self.out = glorot(named_key(key, "out"), channels, 4)
        self.out_bias = jnp.zeros(4)
        self.channels, self.sees_until, self.resets = channels, sees_until, resets
        self.ticks = self.reads_until = ticks

    @property
    def recurrent(self) -> bool:
        """Its state goes on through the episode."""
        return True

    @property
    def sites(self) -> tuple[Site, ...]:
        """The LSTM's cells and outputs, and where the agent stands."""
        return (
            Site("memory", self.channels, "the cells of the LSTM"),
            Site("output", self.channels, "what the LSTM shows of its cells"),
            Site("here", 1, "1 where the agent stands"),
        )

    def think(self, state: State, view: View, tick: Int[Array, ""]) -> State:
        """C <- f c + i tanh(g), h <- o tanh(c) (Shi et al. 2015, without peepholes)."""
        memory, output = state["memory"], state["output"]
        if self.resets:
            memory, output = (jnp.where(tick == 0, 0.0, part) for part in (memory, output))
        inside = jnp.broadcast_to(view.shown[:, None, None, None], view.here.shape).astype(output.dtype)
        seen = neighborhood(jnp.concatenate([view.level, inside, view.here], -1)) @ self.read
        pooled = jnp.concatenate([output.mean((1, 2)), output.max((1, 2))], -1) @ self.inject
        gates = seen + neighborhood(output) @ self.recur + pooled[:, None, None] + self.bias
        forget, write, show, new = jnp.split(gates, 4, -1)
        memory = jax.nn.sigmoid(forget) * memory + jax.nn.sigmoid(write) * jnp.tanh(new)
        return {"memory": memory, "output": jax.nn.sigmoid(show) * jnp.tanh(memory), "here": view.here}

    def act(self, state: State) -> Float[Array, "actor action"]:
        """A linear readout of the output where the agent stands."""
        return (state["output"] * state["here"]).sum((1, 2)) @ self.out + self.out_bias
