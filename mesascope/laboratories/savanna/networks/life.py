"""One life: choosing, being rewarded by the genome's network, and learning to choose."""

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.laboratories.savanna.ecology import Contexts, offspring
from mesascope.laboratories.savanna.networks.nets import FED, KEPT, Genome, Head, learned, rewarded, valued

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


def live(
    key: PRNGKeyArray,
    genomes: Genome,
    nature: Nature,
    contexts: Contexts,
    begin: tuple[Head, Float[Array, " animal"]],
) -> Lived:
    """Everybody meets the same contexts with the same luck, one after another, from the heads and stores they `begin` with.

    Choice is by softmax of what each option is expected to bring. What is chosen fills the store, brings the reward of the
    genome's network, and the head takes one step of gradient descent on the squared error of what it expected. Offspring
    is that expected of the softmax, so that luck in choosing is not selected.
    """
    people = begin[1].shape[0]
    meals, options, _ = contexts.percepts.shape
    luck = jax.random.gumbel(named_key(key, "choices"), (meals, 1, options))

    def meet(carry: tuple[Head, Array], step: tuple[Array, Array, Array]) -> tuple[tuple[Head, Array], Array]:
        heads, store = carry
        percepts, outcomes, noise = step
        before = shown(
            jnp.broadcast_to(percepts, (people, *percepts.shape)),
            jnp.broadcast_to(store[:, None], (people, options)),
            nature,
        )
        expected = SHARPNESS * valued(each(heads, 1), before)
        worth = offspring(outcomes)
        earned = jax.nn.softmax(expected, -1) @ worth
        taken = (expected + noise).argmax(-1)
        eaten = percepts[taken]
        store_after = fed(store, outcomes[taken, 0])
        reward = rewarded(genomes, shown(eaten, store_after, nature))
        reward = nature.told * worth[taken] + (1 - nature.told) * reward
        heads = learned(heads, shown(eaten, store, nature), reward, nature.rate)
        return (heads, store_after), earned

    (heads, store), earned = jax.lax.scan(meet, begin, (contexts.percepts, contexts.outcomes, luck))
    return Lived(heads, store, earned.mean(0))


Weights = TypeVar("Weights", Genome, Head)


def each(weights: Weights, axes: int) -> Weights:
    """The same weights for so many axes after that of animals: contexts, options."""
    return jax.tree.map(lambda x: x[(slice(None), *(None,) * axes)], weights)
