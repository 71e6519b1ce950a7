"""An assembler for transformers: named channels, heads and hidden units in, the weights of a prefix-LM out.

In the way of RASP and Tracr (Weiss et al. 2021, arXiv 2106.06981; Lindner et al. 2023, arXiv 2301.05062), for the little that
a maze needs: heads that read one neighbor, the best of the neighbors, or whatever token holds something; hidden units that are
sums cut off at zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.rng import named_key
from mesascope.learned.prefix_lm import HIDDEN, OFFSETS, REACH, PrefixLM
from mesascope.worlds.grids.grid import MOVES

SURE = 15.0
"""Score of what a head reads, and minus that of what it does not: beside it the key of score zero has 3e-7 of the weight."""

ONE = "one"
"""The channel that every token has at 1."""

Weights = Mapping[str, float]
"""Weights of channels, by their names."""


@dataclass(frozen=True)
class Head:
    """A head of attention.

    Args:
        biases: Score of each offset between tokens, (rows down, columns right); `elsewhere` for all others.
        reads: What it takes from a token, and the channel that it is added to: (from, to, times) each.
        key: Weights of the channels of a read token that are added to its score.
        elsewhere: Score of the other offsets.
        alike: A channel, and how much the product of what the asking and the read token hold there adds to the score.
    """

    biases: Mapping[tuple[int, int], float]
    reads: tuple[tuple[str, str, float], ...]
    key: Weights = field(default_factory=dict)
    elsewhere: float = -SURE
    alike: tuple[str, float] | None = None


@dataclass(frozen=True)
class Unit:
    """A hidden unit of the perceptron: max(0, sum + bias), added to channels with weights."""

    sums: Weights
    adds: Weights
    bias: float = 0.0


@dataclass
class Draft:
    """A transformer in the making: what tokens begin with, its blocks, gone round in turn, and what is read out.

    Args:
        embed: Weights of the observation's channels, by their numbers, in each channel.
        blocks: Heads and hidden units of each block.
        out: Logits of the actions for each channel.
        out_bias: Logits that all actions begin with.
        steady: What is added to channels in every block.
        begin: What channels begin with.
    """

    embed: dict[str, dict[int, float]] = field(default_factory=dict)
    blocks: list[tuple[list[Head], list[Unit]]] = field(default_factory=list)
    out: dict[str, Float[np.ndarray, " action"]] = field(default_factory=dict)
    out_bias: float = 0.0
    steady: dict[str, float] = field(default_factory=dict)
    begin: dict[str, float] = field(default_factory=lambda: {ONE: 1.0})

    def channels(self) -> list[str]:
        """All channels that occur, each once."""
        names = [*self.begin, *self.embed, *self.steady, *self.out]
        for heads, units in self.blocks:
            names += [name for head in heads for read in head.reads for name in read[:2]]
            names += [name for head in heads for name in head.key]
            names += [head.alike[0] for head in heads if head.alike is not None]
            names += [name for unit in units for name in (*unit.sums, *unit.adds)]
        return list(dict.fromkeys(names))


def from_neighbor(action: int, *reads: tuple[str, str, float]) -> Head:
    """A head that reads the token that an action leads to; nothing beyond the border."""
    return Head({MOVES[action]: SURE}, reads)


def from_itself(*reads: tuple[str, str, float]) -> Head:
    """A head that reads its own token: with weight -1 it clears what is to be written anew."""
    return Head({(0, 0): SURE}, reads)


def from_best_neighbor(worth: Weights, *reads: tuple[str, str, float]) -> Head:
    """A head that reads the neighbor of the highest worth, of worths up to 1."""
    return Head(dict.fromkeys(MOVES, SURE), reads, worth, elsewhere=-SURE - max(worth.values()))


def assemble(
    draft: Draft,
    inputs: int,
    *,
    channels: int,
    heads: int,
    blocks: int,
    rotation: Float[np.ndarray, "channel channels"] | None = None,
    noise: np.random.Generator | None = None,
) -> PrefixLM:
    """The prefix-LM that computes a draft.

    Args:
        draft: What it computes.
        inputs: Channels of the observation.
        channels: Numbers of a residual.
        heads: Heads of each block.
        blocks: Blocks that are run.
        rotation: An orthogonal matrix that the channels are written in; they stay as they are unless given. It is multiplied into
            the weights, so that what is computed is the same.
        noise: Draws a random network that runs in the channels and hidden units that are left over, and means nothing.

    Returns:
        The transformer. Its blocks do no scaling.

    Raises:
        ValueError: It does not fit.
    """
    names = draft.channels()
    at = {name: index for index, name in enumerate(names)}
    width, hidden = channels // heads, HIDDEN * channels
    _check_fits(draft, len(names), channels, heads, width, hidden)
    net = PrefixLM(named_key(0, "assembled"), inputs, channels, heads, blocks, len(draft.blocks), 0)
    made = {
        name: np.zeros(getattr(net.block, name).shape)
        for name in ("query", "key", "value", "output", "offset_bias", "up", "up_bias", "down", "down_bias")
    }
    embed, embed_bias = np.zeros(net.embed.shape), np.zeros(channels)
    out, out_bias = np.zeros((channels, 4)), np.full(4, draft.out_bias)
    for name, seen in draft.embed.items():
        for channel, weight in seen.items():
            embed[channel, at[name]] = weight
    for name, value in draft.begin.items():
        embed_bias[at[name]] = value
    for name, logits in draft.out.items():
        out[at[name]] = logits
    # No larger numbers than must be: weights that are rounded are spaced evenly between the extremes.
    made["offset_bias"][:] = -SURE
    for number, (written, units) in enumerate(draft.blocks):
        for index, head in enumerate(written):
            _write_head(made, number, index, head, at, width)
        for index, unit in enumerate(units):
            for name, weight in unit.sums.items():
                made["up"][number, at[name], index] += weight
            made["up_bias"][number, index] = unit.bias
            for name, weight in unit.adds.items():
                made["down"][number, index, at[name]] += weight
        for name, value in draft.steady.items():
            made["down_bias"][number, at[name]] += value
        if noise is not None:
            _write_noise(made, number, embed, noise, len(names), len(units))
    turn = np.eye(channels) if rotation is None else rotation
    for name in ("query", "key", "value", "up"):
        made[name] = np.einsum("cd,bcf->bdf", turn, made[name])
    for name in ("output", "down"):
        made[name] = made[name] @ turn
    made["down_bias"] = made["down_bias"] @ turn
    own = {"embed": embed @ turn, "embed_bias": embed_bias @ turn, "out": turn.T @ out, "out_bias": out_bias}
    block = eqx.tree_at(
        lambda b: tuple(getattr(b, name) for name in made), net.block, tuple(map(_single, made.values()))
    )
    return eqx.tree_at(
        lambda n: (*(getattr(n, name) for name in own), n.block), net, (*map(_single, own.values()), block)
    )


def _single(array: np.ndarray) -> jnp.ndarray:
    return jnp.asarray(array, jnp.float32)


def _check_fits(draft: Draft, names: int, channels: int, heads: int, width: int, hidden: int) -> None:
    found = {"channels": (names, channels)}
    for written, units in draft.blocks:
        found["heads"] = max(found.get("heads", (0, 0)), (len(written), heads))
        found["hidden units"] = max(found.get("hidden units", (0, 0)), (len(units), hidden))
        widest = max((max(len(head.reads), 1 + (head.alike is not None)) for head in written), default=1)
        found["numbers in a head"] = max(found.get("numbers in a head", (0, 0)), (widest, width))
    for what, (needed, there) in found.items():
        if needed > there:
            raise ValueError(f"the draft takes {needed} {what}; the transformer has {there}")


def _write_head(
    made: dict[str, np.ndarray], number: int, index: int, head: Head, at: Mapping[str, int], width: int
) -> None:
    first = index * width
    for offset in range(OFFSETS):
        down, right = divmod(offset, 2 * REACH + 1)
        made["offset_bias"][number, offset, index] = head.biases.get((down - REACH, right - REACH), head.elsewhere)
    if head.key:
        made["query"][number, at[ONE], first] = width**0.5
        for name, weight in head.key.items():
            made["key"][number, at[name], first] = weight
    if head.alike is not None:
        channel, weight = head.alike
        made["query"][number, at[channel], first + 1] = width**0.5
        made["key"][number, at[channel], first + 1] = weight
    for slot, (source, target, times) in enumerate(head.reads):
        made["value"][number, at[source], first + slot] = 1.0
        made["output"][number, first + slot, at[target]] += times


def _write_noise(
    made: dict[str, np.ndarray], number: int, embed: np.ndarray, rng: np.random.Generator, used: int, units: int
) -> None:
    """A random network of the leftover channels: each is overwritten in every block by a sum, cut off at zero, of all of them."""
    left = list(range(used, made["up"].shape[1]))[: (made["up"].shape[2] - units) // 2]
    embed[:, left] = rng.normal(size=(len(embed), len(left)))
    for index, channel in enumerate(left):
        new, old = units + 2 * index, units + 2 * index + 1
        made["up"][number, left, new] = rng.normal(size=len(left)) * (1.2 / max(len(left), 1) ** 0.5)
        made["up_bias"][number, new] = 0.3
        made["down"][number, new, channel] = 1.0
        made["up"][number, channel, old] = 1.0
        made["down"][number, old, channel] = -1.0
