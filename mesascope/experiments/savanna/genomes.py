"""Genomes, and the choices they make: reflexes for plants, values and a search for animals."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.savanna.ecology import PERCEPTS, Contexts, Ecology, offspring


class Genomes(NamedTuple):
    """Every individual carries both sets of genes and expresses one: an animal (`searches`) its values, a plant its reflexes.

    Values are of unit length, because a choice does not depend on their length. A reflex is the number of an option.
    """

    searches: Bool[Array, " individual"]
    values: Float[Array, "individual percept"]
    reflexes: Int[Array, "individual context"]


def found(key: PRNGKeyArray, ecology: Ecology, animals: Float[Array, ""] | float) -> Genomes:
    """The first generation: random genes in all, and a share of `animals`."""
    people = ecology.individuals
    values = jax.random.normal(named_key(key, "values"), (people, len(PERCEPTS)))
    reflexes = jax.random.randint(named_key(key, "reflexes"), (people, ecology.contexts), 0, ecology.options)
    searches = jnp.arange(people) < animals * people
    return Genomes(searches, unit(values), reflexes.astype(jnp.int8))


def unit(values: Float[Array, "*shape percept"]) -> Float[Array, "*shape percept"]:
    """Scaled to length 1."""
    return values / jnp.maximum(jnp.linalg.norm(values, axis=-1, keepdims=True), 1e-9)


def wanted(
    values: Float[Array, "*shape percept"], percepts: Float[Array, "context option percept"]
) -> Float[Array, "*shape context option"]:
    """What each option is worth to an animal: the objective it searches by."""
    return jnp.einsum("...p,cop->...co", values, percepts)


def choose(genomes: Genomes, contexts: Contexts) -> Int[Array, "individual context"]:
    """What each individual chooses in the contexts it was selected in, in their order."""
    sought = wanted(genomes.values, contexts.percepts).argmax(-1)
    return jnp.where(genomes.searches[:, None], sought, genomes.reflexes)


def chosen(
    table: Float[Array, "context option"], choices: Int[Array, "individual context"]
) -> Float[Array, "individual context"]:
    """The entries of a table over options that were chosen."""
    return jnp.take_along_axis(table[None], choices[..., None].astype(jnp.int32), -1)[..., 0]


def fitness(
    genomes: Genomes, contexts: Contexts, cost: Float[Array, ""] | float, met: Float[Array, " context"]
) -> Float[Array, " individual"]:
    """Expected offspring of each individual: exact, a mean over all contexts of its life.

    `met` has a 1 for each context of a life and a 0 for one that is never met.
    """
    gained = chosen(offspring(contexts.outcomes), choose(genomes, contexts))
    return (gained * met).sum(-1) / met.sum() - cost * genomes.searches
