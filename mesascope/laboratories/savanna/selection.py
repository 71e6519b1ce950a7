"""Selection: tournaments and mutation, generation after generation. Pure functions of a key, made for `vmap`."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from mesascope.core.rng import named_key
from mesascope.laboratories.savanna.ecology import Contexts, Savanna, draw_contexts, outcomes_of
from mesascope.laboratories.savanna.genomes import Genomes, fitness, found, unit


class Record(NamedTuple):
    """One generation: the share of animals, mean fitness, and the mean values of the animals (0 where there are none)."""

    animals: Float[Array, "*generation"]
    fitness: Float[Array, "*generation"]
    values: Float[Array, "*generation percept"]


class Evolved(NamedTuple):
    """The last generation, the contexts it lived in, and the record of all generations, the last one included."""

    genomes: Genomes
    contexts: Contexts
    record: Record


def breed(key: PRNGKeyArray, genomes: Genomes, fit: Float[Array, " individual"], savanna: Savanna) -> Genomes:
    """The next generation: each individual descends from the fittest of a few drawn at random, with mutations.

    All chance of a generation is one table of random words, a row an individual: generators are slow to compile, and a
    whole evolution is compiled in a few seconds this way.
    """
    people, contexts = genomes.reflexes.shape
    traits, rivals = genomes.values.shape[1], savanna.tournament
    words = jax.random.bits(key, (people, rivals + 1 + traits + contexts), jnp.uint32)
    rival, kind, step, reflex = jnp.split(words, (rivals, rivals + 1, rivals + 1 + traits), 1)
    drawn = (_share(rival) * people).astype(jnp.int32)
    parent = jnp.take_along_axis(drawn, fit[drawn].argmax(-1)[:, None], 1)[:, 0]
    searches, values, reflexes = (gene[parent] for gene in genomes)
    turned = _share(kind[:, 0]) < savanna.kind_mutation
    normal = jax.scipy.special.ndtri(_share(step) + 2.0**-25)
    # The high bits of a word say whether a reflex is redrawn, the low ones to what.
    fresh = (((reflex & 0xFF) * jnp.uint32(savanna.options)) >> 8).astype(reflexes.dtype)
    redrawn = _share(reflex) < savanna.reflex_mutation
    return Genomes(
        searches ^ turned, unit(values + savanna.value_mutation * normal), jnp.where(redrawn, fresh, reflexes)
    )


def _share(words: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Uniform on [0, 1), from the 24 high bits."""
    return (words >> 8).astype(jnp.float32) * 2.0**-24


def renew(key: PRNGKeyArray, contexts: Contexts, savanna: Savanna) -> Contexts:
    """The contexts of the next generation: each is a new one with probability `novelty`."""
    count = contexts.percepts.shape[0]
    new = jax.random.bernoulli(named_key(key, "renewed"), savanna.novelty, (count, 1, 1))
    return Contexts(*(jnp.where(new, n, o) for n, o in zip(draw_contexts(key, savanna, count), contexts, strict=True)))


def record(genomes: Genomes, fit: Float[Array, " individual"]) -> Record:
    """What is kept of a generation."""
    weights = genomes.searches.astype(jnp.float32)
    values = (weights[:, None] * genomes.values).sum(0) / jnp.maximum(weights.sum(), 1.0)
    return Record(weights.mean(), fit.mean(), values)


class Life(NamedTuple):
    """What may differ between lives that are evolved side by side: the price of search and how many contexts are met."""

    cost: Float[Array, ""] | float
    contexts: Int[Array, ""] | int


def select(
    key: PRNGKeyArray,
    genomes: Genomes,
    contexts: Contexts,
    savanna: Savanna,
    angles: Float[Array, " generation"],
    life: Life | None = None,
) -> Evolved:
    """Let selection work for as many generations as there are `angles`: the law of each (`ecology.law`).

    `life` is the savanna's own where it is not given; it may meet fewer of the contexts, the first ones.
    """
    life = life or Life(savanna.cost, savanna.contexts)
    met = (jnp.arange(savanna.contexts) < life.contexts).astype(jnp.float32)

    def generation(carry: tuple[Genomes, Contexts], step: tuple[Array, Float[Array, ""]]):
        genomes, contexts = carry
        number, angle = step
        here = jax.random.fold_in(key, number)
        if savanna.novelty > 0:
            contexts = renew(named_key(here, "contexts"), contexts, savanna)
        contexts = contexts._replace(
            outcomes=outcomes_of(contexts.percepts, contexts.chance, savanna.correlation, angle)
        )
        fit = fitness(genomes, contexts, life.cost, met)
        return (breed(here, genomes, fit, savanna), contexts), record(genomes, fit)

    steps = (jnp.arange(len(angles)), angles)
    (genomes, contexts), history = jax.lax.scan(generation, (genomes, contexts), steps)
    last = record(genomes, fitness(genomes, contexts, life.cost, met))
    history = jax.tree.map(lambda every, one: jnp.concatenate([every, one[None]]), history, last)
    return Evolved(genomes, contexts, history)


def evolve(key: PRNGKeyArray, savanna: Savanna, life: Life | None = None) -> Evolved:
    """Evolution from random genomes, under one law."""
    contexts = draw_contexts(named_key(key, "contexts"), savanna, savanna.contexts)
    founders = found(named_key(key, "found"), savanna)
    return select(named_key(key, "selection"), founders, contexts, savanna, jnp.zeros(savanna.generations), life)
