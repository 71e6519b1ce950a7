"""The prefix-LM: a transformer over the level as tokens, one for each cell, that answers at every token."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import glorot

REACH = 2
"""Offsets between tokens are told apart up to so many rows and columns; farther ones count as these."""

OFFSETS = (2 * REACH + 1) ** 2

PLACE = 8
"""Fixed numbers that say where a token stands: sine and cosine of its row and of its column at two wavelengths."""

_WAVELENGTHS = (8.0, 32.0)

ACTIONS = 4

HIDDEN = 2
"""Hidden units of a block's perceptron for each channel."""


def place_of(height: int, width: int) -> Float[Array, "height width place"]:
    """Where each token stands (Vaswani et al. 2017, section 3.5, for rows and for columns)."""
    rates = 2 * jnp.pi / jnp.array(_WAVELENGTHS)
    rows, columns = (jnp.arange(side)[:, None] * rates for side in (height, width))
    waves = [jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], -1) for angle in (rows, columns)]
    shape = (height, width, PLACE // 2)
    return jnp.concatenate([jnp.broadcast_to(waves[0][:, None], shape), jnp.broadcast_to(waves[1][None], shape)], -1)


def offsets(height: int, width: int) -> Int[Array, "token token"]:
    """For every pair of tokens, the number of the offset from the first, which asks, to the second, which is read.

    Offsets are numbered row by row from (-REACH, -REACH).

    Example:
        >>> offsets(1, 3)[0].tolist()  # itself, one to the right, two to the right
        [12, 13, 14]
    """
    row, column = jnp.divmod(jnp.arange(height * width), width)
    down, right = (jnp.clip(at[None] - at[:, None], -REACH, REACH) + REACH for at in (row, column))
    return down * (2 * REACH + 1) + right


class Block(eqx.Module):
    """The weights of one block, or of several along a first axis: attention over all tokens, then a perceptron in each.

    Attention has relative biases (Raffel et al. 2020, section 2.1) and a key of score 0 and value 0 beside those of the tokens,
    so that a head may read nothing.
    """

    query: Float[Array, "*block channels head_width"]
    key: Float[Array, "*block channels head_width"]
    value: Float[Array, "*block channels head_width"]
    output: Float[Array, "*block head_width channels"]
    offset_bias: Float[Array, "*block offset head"]
    up: Float[Array, "*block channels hidden"]
    up_bias: Float[Array, "*block hidden"]
    down: Float[Array, "*block hidden channels"]
    down_bias: Float[Array, "*block channels"]

    def __call__(
        self, h: Float[Array, "level token channels"], between: Int[Array, "token token"], normed: bool
    ) -> Float[Array, "level token channels"]:
        """The residuals after the block."""
        heads = self.offset_bias.shape[-1]
        x = rms_norm(h) if normed else h
        q, k, v = ((x @ weight).reshape(*x.shape[:2], heads, -1) for weight in (self.query, self.key, self.value))
        # Keys before queries: on a CPU, sums over keys are then sums of long rows, and take half the time.
        scores = jnp.einsum("lqhw,lkhw->lhkq", q, k) / q.shape[-1] ** 0.5 + self.offset_bias[between].transpose(2, 1, 0)
        most = jnp.maximum(jax.lax.stop_gradient(scores.max(2, keepdims=True)), 0.0)
        weight = jnp.exp(scores - most)
        total = weight.sum(2, keepdims=True) + jnp.exp(-most)
        read = jnp.einsum("lhkq,lkhw->lqhw", weight, v) / total[:, :, 0].transpose(0, 2, 1)[..., None]
        h = h + read.reshape(*h.shape[:2], -1) @ self.output
        x = rms_norm(h) if normed else h
        return h + jax.nn.relu(x @ self.up + self.up_bias) @ self.down + self.down_bias


def rms_norm(h: Float[Array, "*some channels"]) -> Float[Array, "*some channels"]:
    """Scaled to a mean square of 1 (Zhang and Sennrich 2019); gains are left to the weights that follow."""
    return h * jax.lax.rsqrt(jnp.square(h).mean(-1, keepdims=True) + 1e-6)


class PrefixLM(AbstractSubject):
    """A transformer over tokens (Vaswani et al. 2017), pre-norm, every token of the level seen by every other.

    A token stands for a cell, with what it holds and where it is. Tick 0 embeds the tokens, every later tick is a block, and the
    residuals between blocks are the state: one row of numbers for each token after each block. What each token prefers is read
    off its own residual. The `distinct` blocks are gone round in turn: 1 for a universal transformer (Dehghani et al. 2019), 0
    for as many as there are blocks.
    """

    embed: Float[Array, "inputs_place channels"]
    embed_bias: Float[Array, " channels"]
    block: Block
    out: Float[Array, "channels action"]
    out_bias: Float[Array, " action"]
    channels: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)
    blocks: int = eqx.field(static=True)
    distinct: int = eqx.field(static=True)
    normed: int = eqx.field(static=True)

    reads_until: ClassVar[int] = 1

    def __init__(
        self,
        key: PRNGKeyArray,
        inputs: int,
        channels: int = 48,
        heads: int = 4,
        blocks: int = 12,
        distinct: int = 1,
        normed: int = 1,
    ):
        """Fresh weights; blocks write little at first, so that depth does not hurt."""
        if channels % heads:
            raise UsageError(
                f"prefix-lm with channels={channels} and heads={heads}: expected a multiple of the heads; "
                f"write channels={heads * max(channels // heads, 1)}"
            )
        self.embed = glorot(named_key(key, "embed"), inputs + PLACE, channels)
        self.embed_bias, self.out_bias = jnp.zeros(channels), jnp.zeros(ACTIONS)
        self.out = glorot(named_key(key, "out"), channels, ACTIONS)
        hidden, own = HIDDEN * channels, distinct or blocks

        def drawn(name: str, fan_in: int, fan_out: int, scale: float = 1.0) -> Float[Array, "block fan_in fan_out"]:
            keys = (named_key(key, name, number) for number in range(own))
            return scale * jnp.stack([glorot(k, fan_in, fan_out) for k in keys])

        little = blocks**-0.5
        self.block = Block(
            query=drawn("query", channels, channels),
            key=drawn("key", channels, channels),
            value=drawn("value", channels, channels),
            output=drawn("output", channels, channels, little),
            offset_bias=drawn("offset bias", OFFSETS, heads),
            up=drawn("up", channels, hidden),
            up_bias=jnp.zeros((own, hidden)),
            down=drawn("down", hidden, channels, little),
            down_bias=jnp.zeros((own, channels)),
        )
        self.channels, self.heads, self.blocks, self.distinct, self.normed = channels, heads, blocks, distinct, normed

    @property
    def ticks(self) -> int:
        """One for the embedding and one for each block."""
        return 1 + self.blocks

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: the residual of each token."""
        return (Site("residual", self.channels, "the residual of each token after each block", "tokens"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Embed the tokens at tick 0; afterwards block number `tick - 1`."""
        levels, height, width = observation.shape[:3]
        between = offsets(height, width)

        def embedded(h: Float[Array, "level token channels"]) -> Float[Array, "level token channels"]:
            place = jnp.broadcast_to(place_of(height, width), (levels, height, width, PLACE))
            seen = jnp.concatenate([observation, place], -1) @ self.embed + self.embed_bias
            return seen.reshape(h.shape)

        def blocked(h: Float[Array, "level token channels"]) -> Float[Array, "level token channels"]:
            number = jnp.maximum(tick - 1, 0) % len(self.block.query)
            return jax.tree.map(lambda w: w[number], self.block)(h, between, bool(self.normed))

        flat = state["residual"].reshape(levels, height * width, self.channels)
        h = jax.lax.cond(tick < self.reads_until, embedded, blocked, flat)
        return {"residual": h.reshape(levels, height, width, self.channels)}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """A linear readout of each token's residual."""
        h = rms_norm(state["residual"]) if self.normed else state["residual"]
        return h @ self.out + self.out_bias
