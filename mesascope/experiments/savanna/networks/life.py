"""One life: choosing, being rewarded by the genome's network, and learning to choose."""

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.experiments.savanna.ecology import offspring
from mesascope.experiments.savanna.networks.chance import Chance
from mesascope.experiments.savanna.networks.nets import FED, KEPT, Genome, Head, born, learned, rewarded, valued

Begin = tuple[Head, Float[Array, " animal"]]
"""Heads and stores."""

RATE, SHARPNESS = 0.1, 3.0
"""Step of learning, and inverse temperature of choice: those of the linear second stage."""


class Nature(NamedTuple):
    """What an animal is made of besides its genome: whether it feels its store (1 or 0), the step of learning, and whether
    it is rewarded with offspring itself (1) instead of by its genome (0), as no animal is: a reference.
    """

    feels: Float[Array, ""] | float
    rate: Float[Array, ""] | float = RATE
    told: Float[Array, ""] | float = 0.0


class Lived(NamedTuple):
    """The heads at the end of a life and the stores, and the mean offspring of a choice over that life."""

    heads: Head
    stores: Float[Array, " animal"]
    earned: Float[Array, " animal"]


def shown(
    percepts: Float[Array, "*animal percept"], store: Float[Array, "*animal"], nature: Nature
) -> Float[Array, "*animal input"]:
    """Percepts, and the store where it is felt."""
    return jnp.concatenate([percepts, (nature.feels * store)[..., None]], -1)


def fed(store: Float[Array, "*animal"], calories: Float[Array, "*animal"]) -> Float[Array, "*animal"]:
    """The store after a meal."""
    return KEPT * store + FED * calories


def newborn(chance: Chance, animals: int) -> Begin:
    """Heads that have learned nothing, and stores at their mean."""
    return born(chance.first, animals), jnp.zeros(animals)


def live(genomes: Genome, nature: Nature, chance: Chance, begin: Begin) -> Lived:
    """Everybody meets the same contexts with the same luck, one after another, from the heads and stores they `begin` with.

    Choice is by softmax of what each option is expected to bring. What is chosen fills the store, brings the reward of the
    genome's network, and the head takes one step of gradient descent on the squared error of what it expected. Offspring
    is that expected of the softmax, so that luck in choosing is not selected.
    """
    people, options = begin[1].shape[0], chance.luck.shape[1]

    def meet(carry: Begin, step: tuple[Array, Array, Array]) -> tuple[Begin, Array]:
        heads, store = carry
        percepts, outcomes, luck = step
        before = shown(
            jnp.broadcast_to(percepts, (people, *percepts.shape)),
            jnp.broadcast_to(store[:, None], (people, options)),
            nature,
        )
        expected = SHARPNESS * valued(each(heads, 1), before)
        worth = offspring(outcomes)
        earned = (jax.nn.softmax(expected, -1) * worth).sum(-1)
        taken = (expected + luck).argmax(-1)
        eaten = percepts[taken]
        after = fed(store, outcomes[taken, 0])
        reward = rewarded(genomes, shown(eaten, after, nature))
        reward = nature.told * worth[taken] + (1 - nature.told) * reward
        heads = learned(heads, shown(eaten, store, nature), reward, nature.rate)
        return (heads, after), earned

    steps = (chance.contexts.percepts, chance.contexts.outcomes, chance.luck)
    (heads, store), earned = jax.lax.scan(meet, begin, steps)
    return Lived(heads, store, earned.mean(0))


Weights = TypeVar("Weights", Genome, Head)


def each(weights: Weights, axes: int) -> Weights:
    """The same weights for so many axes after that of animals: contexts, options."""
    return jax.tree.map(lambda x: x[(slice(None), *(None,) * axes)], weights)
