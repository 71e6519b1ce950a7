"""All chance of a life in one table of random numbers: generators are slow to compile, and this way there is one."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.experiments.savanna.ecology import (
    CHANGED,
    OUTCOMES,
    PERCEPTS,
    Contexts,
    Ecology,
    outcomes_of,
)
from mesascope.experiments.savanna.networks.nets import CHOOSING, INPUTS

LIFETIME = 100
"""Choices of a life."""


class Chance(NamedTuple):
    """What happens to everybody of a generation alike: the contexts they meet, the luck of their choices (Gumbel), where
    candy lies if there is any, and the hidden units of the head they are born with.
    """

    contexts: Contexts
    luck: Float[Array, "context option"]
    places: Int[Array, " context"]
    first: Float[Array, "input unit"]


def draw_chance(
    key: PRNGKeyArray, ecology: Ecology, turning: Float[Array, ""] | float = 0.0, count: int = LIFETIME
) -> Chance:
    """The chance of a life of `count` contexts.

    With `turning` 1, one life in two is lived under the other law: color and smell for taste and touch.
    """
    columns = len(PERCEPTS) + len(OUTCOMES) + 2
    shape = (count, ecology.options, columns)
    sizes = (count * ecology.options * columns, len(INPUTS) * CHOOSING, 1)
    table, head, coin = jnp.split(jax.random.normal(key, (sum(sizes),)), (sizes[0], sizes[0] + sizes[1]))
    table, angle = table.reshape(shape), turning * (coin[0] > 0) * CHANGED
    percepts, chance = table[..., : len(PERCEPTS)], table[..., len(PERCEPTS) : -2]
    share = jnp.clip(jax.scipy.stats.norm.cdf(table[..., -2]), 1e-6, 1 - 1e-6)
    return Chance(
        Contexts(percepts, chance, outcomes_of(percepts, chance, ecology.correlation, angle)),
        -jnp.log(-jnp.log(share)),
        table[..., -1].argmax(-1),
        head.reshape(len(INPUTS), CHOOSING),
    )
