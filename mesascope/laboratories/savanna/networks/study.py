"""Evolve networks that reward, in many worlds at once, and ask what they and what is learned from them want."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, bootstrap_mean
from mesascope.laboratories.savanna.ecology import PERCEPTS, Ecology, draw_contexts
from mesascope.laboratories.savanna.networks.appraisal import LIFETIME, STAGES, Appraised, Wanting, appraise
from mesascope.laboratories.savanna.networks.life import RATE, Nature, live
from mesascope.laboratories.savanna.networks.nets import INPUTS, Genome, born, random_genome
from mesascope.laboratories.savanna.networks.strategies import Strategy, strategy

PEOPLE, GENERATIONS, SEEDS = 48, 60, 10

BLIND, FEELING = "percepts alone", "percepts and store"
BODIES = {BLIND: 0.0, FEELING: 1.0}
"""What the networks are shown: the store lets a body feel the calories of a meal, which no percept of candy tells."""

EVOLVED, SHUFFLED, RANDOM, UNLEARNED, TOLD = (
    "evolved reward",
    "its weights shuffled",
    "reward at random",
    "learning off",
    "rewarded with offspring itself",
)
CASES = (EVOLVED, SHUFFLED, RANDOM, UNLEARNED, TOLD)
"""The last generation; four references, of which the last is what no animal can feel."""


class Wanted(NamedTuple):
    """`appraisal.Wanting` with intervals over seeds; `candy` is None where there was none."""

    offspring: Estimate
    candy: Estimate | None
    reward_gap: Estimate
    value_gap: Estimate
    between: Estimate


class Case(NamedTuple):
    """One set of genomes: offspring of a choice over a life at home, and what is wanted at each stage."""

    earned: Estimate
    stages: dict[str, Wanted]


class Body(NamedTuple):
    """Everything about bodies that feel or do not feel their store.

    `curve` is the mean offspring of a choice by generation, the first one first. Sensitivities are those of the evolved
    reward by percepts and store, and of the values learned from it by percepts; of length 1 in each animal.
    """

    curve: tuple[Estimate, ...]
    cases: dict[str, Case]
    reward: dict[str, Estimate]
    values: dict[str, Estimate]


class Networks(NamedTuple):
    """Both kinds of body, what evolved them, and in how many worlds."""

    bodies: dict[str, Body]
    strategy: str
    seeds: int
    people: int
    generations: int


def learn_twice_by_networks(
    ecology: Ecology, seed: int = 0, *, seeds: int = SEEDS, people: int = PEOPLE, generations: int = GENERATIONS
) -> Networks:
    """Evolve and appraise; both kinds of body in the same worlds."""
    keys = jax.random.split(named_key(seed, "savanna", "networks"), seeds)
    rule = strategy(people)
    curves, found = jax.device_get(_run(keys, jnp.array(list(BODIES.values())), ecology, rule, people, generations))
    bodies = {
        name: _body(
            np.asarray(curves[b], np.float64), jax.tree.map(lambda x, b=b: np.asarray(x[:, b], np.float64), found)
        )
        for b, name in enumerate(BODIES)
    }
    return Networks(bodies, rule.name, seeds, people, generations)


def _body(curve: Float[np.ndarray, "seed generation"], found: Appraised) -> Body:
    """`found` has cases first, then seeds."""
    cases = {
        name: Case(
            bootstrap_mean(found.earned[c]),
            {s: _wanted(s, Wanting(*(x[c] for x in found.stages[s]))) for s in STAGES},
        )
        for c, name in enumerate(CASES)
    }
    reward = {name: bootstrap_mean(found.reward_slopes[0, :, i]) for i, name in enumerate(INPUTS)}
    values = {name: bootstrap_mean(found.value_slopes[0, :, i]) for i, name in enumerate(PERCEPTS)}
    return Body(tuple(bootstrap_mean(x) for x in curve.T), cases, reward, values)


def _wanted(stage: str, found: Wanting) -> Wanted:
    told = Wanted(*(bootstrap_mean(x) for x in found))
    return told if stage != STAGES[0] else told._replace(candy=None)


@partial(jax.jit, static_argnames=("ecology", "rule", "people", "generations"))
def _run(
    keys: Key[Array, " seed"],
    feels: Float[Array, " body"],
    ecology: Ecology,
    rule: Strategy,
    people: int,
    generations: int,
) -> tuple[Float[Array, "body seed generation"], Appraised]:
    """Curves, and the appraisal with axes case, body and seed."""

    def evolution(feel: Array, key: PRNGKeyArray) -> tuple[Array, Genome]:
        return evolve(key, Nature(feel), ecology, rule, people, generations)

    curves, last = jax.vmap(jax.vmap(evolution, (None, 0)), (0, None))(feels, keys)
    random = jax.vmap(lambda key: _first(named_key(key, "random"), people))(keys)
    random = jax.tree.map(lambda r, e: jnp.broadcast_to(r, e.shape), random, last)
    mixed = jax.vmap(jax.vmap(lambda key, genomes: _shuffled(named_key(key, "shuffled"), genomes)), (None, 0))(
        keys, last
    )
    sets = jax.tree.map(lambda *every: jnp.stack(every), last, mixed, random, last, last)
    rates, told = (jnp.array([row[c] for row in ((RATE, 0.0),) * 3 + ((0.0, 0.0), (RATE, 1.0))]) for c in (0, 1))

    def case(given: tuple[Genome, Array, Array]) -> Appraised:
        genomes, rate, by_offspring = given

        def one(feel: Array, key: PRNGKeyArray, found: Genome) -> Appraised:
            return appraise(named_key(key, "appraisal"), found, Nature(feel, rate, by_offspring), ecology)

        return jax.vmap(jax.vmap(one, (None, 0, 0)), (0, None, 0))(feels, keys, genomes)

    # One case after another: all at once would need much memory.
    return curves, jax.lax.map(case, (sets, rates, told))


def evolve(
    key: PRNGKeyArray, nature: Nature, ecology: Ecology, rule: Strategy, people: int, generations: int
) -> tuple[Float[Array, " generation"], Genome]:
    """Mean offspring of a choice by generation, and the genomes after the last.

    Each generation is born with the same heads and meets the same new contexts with the same luck, so that genomes alone
    make the difference that is selected.
    """

    def generation(state, number: Array):
        here = jax.random.fold_in(named_key(key, "generation"), number)
        genomes = rule.ask(named_key(here, "ask"), state)
        contexts = draw_contexts(named_key(here, "contexts"), ecology, LIFETIME)
        newborn = (born(named_key(here, "born"), people), jnp.zeros(people))
        earned = live(named_key(here, "life"), genomes, nature, contexts, newborn).earned
        return rule.tell(named_key(here, "tell"), state, genomes, earned), earned.mean()

    state, curve = jax.lax.scan(generation, rule.begin(named_key(key, "begin")), jnp.arange(generations))
    return curve, rule.ask(named_key(key, "last"), state)


def _first(key: PRNGKeyArray, people: int) -> Genome:
    return jax.vmap(random_genome)(jax.random.split(key, people))


def _shuffled(key: PRNGKeyArray, genomes: Genome) -> Genome:
    """The weights of each genome in an order of its own: as loud, with nothing said."""
    people = genomes.last.shape[0]
    sizes = [x[0].size for x in genomes]
    flat = jnp.concatenate([x.reshape(people, -1) for x in genomes], 1)
    mixed = jax.random.permutation(key, flat, axis=1, independent=True)
    parts = jnp.split(mixed, np.cumsum(sizes)[:-1], 1)
    return Genome(*(p.reshape(x.shape) for p, x in zip(parts, genomes, strict=True)))
