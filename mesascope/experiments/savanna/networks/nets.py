"""The two networks of an animal: one in the genome that says what a meal was worth, one in the head that guesses it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.experiments.savanna.ecology import PERCEPTS

INPUTS = (*PERCEPTS, "store")
"""What both networks are shown of an option or a meal: its percepts, and the body's store of calories."""

REWARDING, CHOOSING = 6, 8
"""Hidden units of the network that rewards, and of the one that chooses."""

KEPT = 0.5
"""Share of the store that is left after a choice."""

FED = (1 - KEPT**2) ** 0.5
"""What a meal's calories add to the store, so that of independent meals it has the variance of calories."""


SPREAD = 0.5
"""Standard deviation of the weights of a genome at random."""


class Genome(NamedTuple):
    """Weights of the network that rewards; nothing in it is learned."""

    first: Float[Array, "*animal input unit"]
    bias: Float[Array, "*animal unit"]
    last: Float[Array, "*animal unit"]


class Head(NamedTuple):
    """Weights of the network that chooses; they are learned from nothing in each life."""

    first: Float[Array, "*animal input unit"]
    bias: Float[Array, "*animal unit"]
    last: Float[Array, "*animal unit"]
    level: Float[Array, "*animal"]


def random_genome(key: PRNGKeyArray, size: float = SPREAD) -> Genome:
    """Weights of one genome that nothing has selected."""
    sizes = (len(INPUTS) * REWARDING, REWARDING, REWARDING)
    first, bias, last = jnp.split(size * jax.random.normal(key, (sum(sizes),)), (sizes[0], sizes[0] + sizes[1]))
    return Genome(first.reshape(len(INPUTS), REWARDING), bias, last)


def born(first: Float[Array, "input unit"], animals: int) -> Head:
    """Heads that value everything alike: hidden units are random, what is read from them is nothing yet.

    `first` are standard normal numbers. All of a generation are born with the same head, so that only their genomes tell
    them apart.
    """
    none = jnp.zeros(CHOOSING)
    head = Head(first * len(INPUTS) ** -0.5, none, none, none[0])
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (animals, *x.shape)), head)


def rewarded(genome: Genome, meal: Float[Array, "*animal input"]) -> Float[Array, "*animal"]:
    """What a meal is worth to the genome: bounded, as its units are."""
    return (genome.last * _units(meal, genome.first, genome.bias)).sum(-1)


def valued(head: Head, option: Float[Array, "*animal input"]) -> Float[Array, "*animal"]:
    """The reward that is expected of an option."""
    return (head.last * _units(option, head.first, head.bias)).sum(-1) + head.level


def reward_slopes(genome: Genome, meal: Float[Array, "*animal input"]) -> Float[Array, "*animal input"]:
    """Derivatives of the reward by what is shown of the meal."""
    return _slopes(meal, genome.first, genome.bias, genome.last)


def value_slopes(head: Head, option: Float[Array, "*animal input"]) -> Float[Array, "*animal input"]:
    """Derivatives of what is expected of an option by what is shown of it."""
    return _slopes(option, head.first, head.bias, head.last)


def _slopes(shown: Array, first: Array, bias: Array, last: Array) -> Array:
    inward = last * (1 - _units(shown, first, bias) ** 2)
    return (first * inward[..., None, :]).sum(-1)


def _units(shown: Array, first: Array, bias: Array) -> Array:
    # Multiplied out and added up: a batch of tiny matrix products is several times slower on a processor.
    return jnp.tanh((shown[..., None] * first).sum(-2) + bias)


def learned(
    head: Head, option: Float[Array, "animal input"], reward: Float[Array, " animal"], rate: Float[Array, ""] | float
) -> Head:
    """One step down the gradient of half the squared error of what was expected. A surprise counts for `SURPRISE` at most."""
    units = _units(option, head.first, head.bias)
    error = jnp.clip(reward - (head.last * units).sum(-1) - head.level, -SURPRISE, SURPRISE)
    step = rate * error
    inward = step[:, None] * head.last * (1 - units**2)
    return Head(
        head.first + option[:, :, None] * inward[:, None, :],
        head.bias + inward,
        head.last + step[:, None] * units,
        head.level + step,
    )


SURPRISE = 2.0
"""Largest error that is learned from, so that no genome, however loud, can make learning run away."""
