"""Builds of organisms over tokens: a design, how it is hidden, and what is drawn at random in it."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.prefix_lm import PrefixLM
from mesascope.organisms.transformers.assembler import assemble
from mesascope.organisms.transformers.imitating import IMITATIONS
from mesascope.organisms.transformers.searching import SEARCHES

CHANNELS, HEADS, BLOCKS = 16, 8, 20
"""Of every transformer that is written by hand and has one block, gone round, so that one compiled program runs them all. In
mazes of 9x9 a wave of so many blocks reaches every token. One of two blocks in turn is run for twice as many."""

RANDOM = "random-transformer"
_RANDOM_CHANNELS, _RANDOM_HEADS, _RANDOM_BLOCKS = 24, 4, 6


class OverTokens(AbstractSubject):
    """An organism whose maps are the residuals of tokens: what it does at a tick may take any token into account.

    It has the label of the organism inside, whose every answer it gives.
    """

    inner: AbstractSubject

    @property
    def ticks(self) -> int:
        """As inside."""
        return self.inner.ticks

    @property
    def reads_until(self) -> int:
        """As inside."""
        return self.inner.reads_until

    @property
    def sites(self) -> tuple[Site, ...]:
        """Those inside, each a row of numbers for every token."""
        return tuple(site._replace(support="tokens") for site in self.inner.sites)

    def start(self, observation: Observation) -> State:
        """As inside."""
        return self.inner.start(observation)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """As inside."""
        return self.inner.think(state, observation, tick)

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """As inside."""
        return self.inner.act(state)


def written(
    design: str,
    weights: Float[np.ndarray, " feature"],
    shapes: int,
    rng: np.random.Generator,
    *,
    mixed: bool = True,
    noise: bool = False,
    blocks: int | None = None,
) -> PrefixLM:
    """A transformer written by hand.

    Args:
        design: Name in `SEARCHES` or `IMITATIONS`.
        weights: Its objective: a single positive weight.
        shapes: How many of the first features are shapes of objects.
        rng: What is random in the build.
        mixed: Whether its channels are mixed by a random rotation.
        noise: Whether a random network runs in what is left over.
        blocks: How many are run, `BLOCKS` for each that is different unless given.

    Returns:
        The transformer.

    Raises:
        UsageError: The objective is another.
    """
    if (weights > 0).sum() != 1 or (weights < 0).any():
        raise UsageError(f"'{design}' goes for one feature: give it an objective with a single positive weight")
    draft = (SEARCHES | IMITATIONS)[design](1 + int(np.argmax(weights)), shapes, rng)
    rotation = np.linalg.qr(rng.normal(size=(CHANNELS, CHANNELS)))[0] if mixed else None
    return assemble(
        draft,
        1 + len(weights),
        channels=CHANNELS,
        heads=HEADS,
        blocks=blocks or BLOCKS * len(draft.blocks),
        rotation=rotation,
        noise=rng if noise else None,
    )


def random_transformer(inputs: int, rng: np.random.Generator) -> PrefixLM:
    """A transformer with random weights of a random scale."""
    key = named_key(int(rng.integers(2**32)), RANDOM)
    net = PrefixLM(key, inputs, _RANDOM_CHANNELS, _RANDOM_HEADS, _RANDOM_BLOCKS, 1, 1)
    scale = float(np.exp(rng.uniform(np.log(0.5), np.log(4.0))))
    block = eqx.tree_at(lambda b: (b.value, b.up, b.down), net.block, replace_fn=lambda w: scale * w)
    out = net.out * float(np.exp(rng.uniform(0.0, np.log(20.0))))
    return eqx.tree_at(lambda n: (n.block, n.out), net, (block, jnp.asarray(out)))
