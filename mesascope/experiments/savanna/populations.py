"""Animals and plants, each selected by themselves, when the world they were selected in shifts."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.experiments.savanna.ecology import (
    CANDY,
    CONTRACEPTION,
    SUDDEN,
    TRAINING,
    Contexts,
    Ecology,
    shifted,
)
from mesascope.experiments.savanna.genomes import Genomes, choose, chosen, fitness, wanted
from mesascope.experiments.savanna.selection import Evolved, evolve

SEEDS, CONTEXTS = 10, 32

SHUFFLED = "training, genomes shuffled"

WORLDS = (TRAINING, SHUFFLED, CANDY, CONTRACEPTION, SUDDEN)
"""As it was (also with the genes of every individual in random order: a control), and shifted; each in the very contexts
that selection worked in.
"""


class Fate(NamedTuple):
    """Means over individuals, then over seeds: expected offspring, how often candy is taken, and, for animals, the
    return by the objective each of them searches by.
    """

    fitness: Estimate
    candy: Estimate | None
    own: Estimate | None


class Populations(NamedTuple):
    """The fate of each kind in each world, and the last generations, seeds first."""

    animals: dict[str, Fate]
    plants: dict[str, Fate]
    evolved: dict[str, Evolved]
    seeds: int


def compare_populations(ecology: Ecology, seed: int = 0, *, seeds: int = SEEDS) -> Populations:
    """Evolve each kind alone in as many worlds as there are seeds, then shift the worlds: exact, candy in every place."""
    keys = jax.random.split(named_key(seed, "savanna", "populations"), seeds)
    small = dataclasses.replace(ecology, contexts=min(ecology.contexts, CONTEXTS), kind_mutation=0.0)
    fates, evolved = {}, {}
    for kind in ("animals", "plants"):
        found, evolved[kind] = _fates(keys, dataclasses.replace(small, founding_animals=float(kind == "animals")))
        fates[kind] = {world: _fate(world, row, kind) for world, row in jax.device_get(found).items()}
    return Populations(fates["animals"], fates["plants"], evolved, seeds)


def _fate(world: str, row: Float[np.ndarray, "seed 3"], kind: str) -> Fate:
    offspring, candy, own = (mean_over_seeds(np.asarray(column, np.float64)) for column in np.asarray(row).T)
    return Fate(offspring, candy if world == CANDY else None, own if kind == "animals" else None)


@jax.jit(static_argnames=("ecology",))
def _fates(keys: Key[Array, " seed"], ecology: Ecology) -> tuple[dict[str, Float[Array, "seed 3"]], Evolved]:
    evolved = jax.vmap(lambda key: evolve(key, ecology))(keys)

    def one(key: PRNGKeyArray, genomes: Genomes, contexts: Contexts) -> dict[str, Float[Array, " 3"]]:
        shuffled = _shuffled(named_key(key, "shuffled"), genomes)
        return {
            world: _in_world(shuffled, contexts, ecology, TRAINING)
            if world == SHUFFLED
            else _in_world(genomes, contexts, ecology, world)
            for world in WORLDS
        }

    return jax.vmap(one)(keys, evolved.genomes, evolved.contexts), evolved


def _shuffled(key: PRNGKeyArray, genomes: Genomes) -> Genomes:
    """The same genes, in an order of its own for each individual."""
    values = jax.random.permutation(named_key(key, "values"), genomes.values, axis=1, independent=True)
    reflexes = jax.random.permutation(named_key(key, "reflexes"), genomes.reflexes, axis=1, independent=True)
    return genomes._replace(values=values, reflexes=reflexes)


def _in_world(genomes: Genomes, contexts: Contexts, ecology: Ecology, world: str) -> Float[Array, " 3"]:
    """Fitness, share of choices that are candy, and own return; the mean over every place that candy can have."""
    places = range(ecology.options) if world == CANDY else (0,)
    met = jnp.ones(ecology.contexts)
    rows = []
    for place in places:
        there = shifted(contexts, ecology, world, place)
        worth = jnp.take_along_axis(
            wanted(genomes.values, there.percepts), choose(genomes, there)[..., None].astype(jnp.int32), -1
        )
        candy = chosen(
            jnp.broadcast_to(jnp.arange(ecology.options) == place, there.percepts.shape[:2]) * 1.0,
            choose(genomes, there),
        )
        rows.append(jnp.stack([fitness(genomes, there, ecology.cost, met).mean(), candy.mean(), worth.mean()]))
    return jnp.stack(rows).mean(0)
