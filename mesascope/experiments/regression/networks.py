"""Transformers of attention layers alone: linear ones on the bare tokens, softmax ones on an embedding."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.regression.contexts import INPUTS, Contexts
from mesascope.experiments.regression.reader import AbstractReader, State, tokens_of

TOKEN = INPUTS + 2
"""Numbers of a bare token: input, label, mark."""
ATTENTIONS = ("linear", "softmax")


class Attention(eqx.Module):
    """One layer. Heads are summed: `score` is a head's bilinear form between tokens, `value` what it moves."""

    score: Float[Array, "head channel channel"]
    value: Float[Array, "head channel channel"]


class Transformer(AbstractReader):
    """Attention layers with a residual stream; only the context is attended to, never the query.

    A linear layer adds the mean over pairs of score times value (von Oswald et al. 2212.07677, equation 4, without
    softmax). Linear networks work on input and label as they are, and answer with minus the label slot of the query's
    token; softmax networks embed the tokens and read the answer out linearly.
    """

    blocks: tuple[Attention, ...]
    embed: Float[Array, "channel wide"] | None
    readout: Float[Array, " wide"] | None
    softmax: bool = eqx.field(static=True)

    @property
    def layers(self) -> int:
        """How many layers work on the tokens."""
        return len(self.blocks)

    def begin(self, contexts: Contexts) -> State:
        """The tokens, embedded where the network embeds them."""
        bare = tokens_of(contexts)
        return bare if self.embed is None else bare @ self.embed

    def step(self, state: State, layer: int) -> State:
        """The tokens after an attention layer."""
        block, context = self.blocks[layer], state[:, :-1]
        scores = jnp.einsum("ltc,hcd,lpd->lhtp", state, block.score, context)
        weights = jax.nn.softmax(scores, -1) if self.softmax else scores / context.shape[1]
        return state + jnp.einsum("lhtp,lpc,hcd->ltd", weights, context, block.value)

    def answer(self, state: State) -> Float[Array, " level"]:
        """Read from the query's token."""
        last = state[:, -1]
        return -last[:, INPUTS] if self.readout is None else last @ self.readout


def fresh(key: PRNGKeyArray, attention: str, layers: int, width: int, heads: int) -> Transformer:
    """A network before training. `width` is that of softmax networks; linear ones are as wide as a token."""
    softmax = attention == "softmax"
    channels = width if softmax else TOKEN
    count = heads if softmax else 1

    def normal(*name: str | int, shape: tuple[int, ...], size: float) -> Array:
        return jax.random.normal(named_key(key, *name), shape) * size

    shape = (count, channels, channels)
    spread = 0.5 / channels if softmax else 0.05
    blocks = tuple(
        Attention(
            normal(layer, "score", shape=shape, size=spread if not softmax else 1 / channels),
            normal(layer, "value", shape=shape, size=spread),
        )
        for layer in range(layers)
    )
    embed = normal("embed", shape=(TOKEN, channels), size=TOKEN**-0.5) if softmax else None
    readout = normal("readout", shape=(channels,), size=channels**-0.5) if softmax else None
    return Transformer(blocks, embed, readout, softmax)
