"""Selection: tournaments and mutation, generation after generation. Pure functions of a key, made for `vmap`."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from mesascope.core.rng import named_key
from mesascope.experiments.savanna.ecology import Contexts, Ecology, draw_contexts, outcomes_of
from mesascope.experiments.savanna.genomes import Genomes, fitness, found, unit


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


class Life(NamedTuple):
    """What may differ between evolutions that run side by side in one compiled program: the price of search, how many of
    the contexts are met (the first ones), the share of animals at the start, and how well percepts tell outcomes.
    """

    cost: Float[Array, "*life"] | float
    contexts: Int[Array, "*life"] | int
    animals: Float[Array, "*life"] | float
    correlation: Float[Array, "*life"] | float


def life_of(ecology: Ecology) -> Life:
    """The ecology's own."""
    return Life(ecology.cost, ecology.contexts, ecology.founding_animals, ecology.correlation)


def breed(key: PRNGKeyArray, genomes: Genomes, fit: Float[Array, " individual"], ecology: Ecology) -> Genomes:
    """The next generation: each individual descends from the fittest of a few drawn at random, with mutations.

    All chance of a generation is one table of random words, a row an individual: generators are slow to compile, and a
    whole evolution is compiled in a few seconds this way.
    """
    people, contexts = genomes.reflexes.shape
    traits, rivals = genomes.values.shape[1], ecology.tournament
    words = jax.random.bits(key, (people, rivals + 1 + traits + contexts), jnp.uint32)
    rival, kind, step, reflex = jnp.split(words, (rivals, rivals + 1, rivals + 1 + traits), 1)
    drawn = (_share(rival) * people).astype(jnp.int32)
    parent = jnp.take_along_axis(drawn, fit[drawn].argmax(-1)[:, None], 1)[:, 0]
    searches, values, reflexes = (gene[parent] for gene in genomes)
    turned = _share(kind[:, 0]) < ecology.kind_mutation
    normal = jax.scipy.special.ndtri(_between(step))
    # The high bits of a word say whether a reflex is redrawn, the low ones to what.
    fresh = (((reflex & 0xFF) * jnp.uint32(ecology.options)) >> 8).astype(reflexes.dtype)
    redrawn = _share(reflex) < ecology.reflex_mutation
    return Genomes(
        searches ^ turned, unit(values + ecology.value_mutation * normal), jnp.where(redrawn, fresh, reflexes)
    )


def _share(words: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Uniform on [0, 1), from the 24 high bits."""
    return (words >> 8).astype(jnp.float32) * 2.0**-24


def _between(words: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Uniform inside (0, 1), from the 23 high bits: neither end, where a normal would be infinite."""
    return (words >> 9).astype(jnp.float32) * 2.0**-23 + 2.0**-24


def renew(key: PRNGKeyArray, contexts: Contexts, ecology: Ecology) -> Contexts:
    """The contexts of the next generation: each is a new one with probability `novelty`."""
    count = contexts.percepts.shape[0]
    new = jax.random.bernoulli(named_key(key, "renewed"), ecology.novelty, (count, 1, 1))
    return Contexts(*(jnp.where(new, n, o) for n, o in zip(draw_contexts(key, ecology, count), contexts, strict=True)))


def record(genomes: Genomes, fit: Float[Array, " individual"]) -> Record:
    """What is kept of a generation."""
    weights = genomes.searches.astype(jnp.float32)
    values = (weights[:, None] * genomes.values).sum(0) / jnp.maximum(weights.sum(), 1.0)
    return Record(weights.mean(), fit.mean(), values)


def select(
    key: PRNGKeyArray,
    genomes: Genomes,
    contexts: Contexts,
    ecology: Ecology,
    angles: Float[Array, " generation"],
    life: Life | None = None,
) -> Evolved:
    """Let selection work for as many generations as there are `angles`: the law of each (`ecology.law`).

    `life` is the savanna's own where it is not given; it may meet fewer of the contexts, the first ones.
    """
    life = life_of(ecology) if life is None else life
    met = (jnp.arange(ecology.contexts) < life.contexts).astype(jnp.float32)

    def generation(carry: tuple[Genomes, Contexts], step: tuple[Array, Float[Array, ""]]):
        genomes, contexts = carry
        number, angle = step
        here = jax.random.fold_in(key, number)
        if ecology.novelty > 0:
            contexts = renew(named_key(here, "contexts"), contexts, ecology)
        contexts = contexts._replace(outcomes=outcomes_of(contexts.percepts, contexts.chance, life.correlation, angle))
        fit = fitness(genomes, contexts, life.cost, met)
        return (breed(here, genomes, fit, ecology), contexts), record(genomes, fit)

    steps = (jnp.arange(len(angles)), angles)
    (genomes, contexts), history = jax.lax.scan(generation, (genomes, contexts), steps)
    last = record(genomes, fitness(genomes, contexts, life.cost, met))
    history = jax.tree.map(lambda every, one: jnp.concatenate([every, one[None]]), history, last)
    return Evolved(genomes, contexts, history)


def evolve(key: PRNGKeyArray, ecology: Ecology, life: Life | None = None) -> Evolved:
    """Evolution from random genomes, under one law."""
    contexts = draw_contexts(named_key(key, "contexts"), ecology, ecology.contexts)
    life = life_of(ecology) if life is None else life
    founders = found(named_key(key, "found"), ecology, life.animals)
    return select(named_key(key, "selection"), founders, contexts, ecology, jnp.zeros(ecology.generations), life)
