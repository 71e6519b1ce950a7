"""Evolve networks that reward, in many worlds at once, and ask what they and what is learned from them want."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.experiments.savanna.ecology import PERCEPTS, Ecology
from mesascope.experiments.savanna.networks.appraisal import CHANCES, STAGES, Appraised, Wanting, appraise
from mesascope.experiments.savanna.networks.chance import Chance, draw_chance
from mesascope.experiments.savanna.networks.life import RATE, Nature, live, newborn
from mesascope.experiments.savanna.networks.nets import INPUTS, Genome, random_genome
from mesascope.experiments.savanna.networks.strategies import Strategy, strategy

PEOPLE, GENERATIONS, SEEDS = 48, 40, 10

BLIND, FEELING, TURNING = "percepts alone", "percepts and store", "percepts and store, law turning"
BODIES = {BLIND: (0.0, 0.0), FEELING: (1.0, 0.0), TURNING: (1.0, 1.0)}
"""Whether the networks are shown the store, which lets a body feel the calories of a meal, as no percept of candy does; and
whether, while evolution works, one life in two is lived where color and smell pay instead of taste and touch, so that no
percept can be trusted from one life to the next. All are appraised where taste and touch pay.
"""

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
    """Every kind of body, what evolved them, and in how many worlds."""

    bodies: dict[str, Body]
    strategy: str
    seeds: int
    people: int
    generations: int


def learn_twice_by_networks(
    ecology: Ecology, seed: int = 0, *, seeds: int = SEEDS, people: int = PEOPLE, generations: int = GENERATIONS
) -> Networks:
    """Evolve and appraise; both kinds of body in the same worlds."""
    rule, (feels, turning) = strategy(people), jnp.array(list(BODIES.values())).T
    key = named_key(seed, "savanna", "networks")
    keys = jax.random.split(named_key(key, "evolution"), (seeds, 3 * generations + 2))
    curves, last = _evolutions(keys, feels, turning, ecology, rule)
    sets, rates, told = _cases(named_key(key, "cases"), last)
    chances = jax.random.split(named_key(key, "appraisal"), (seeds, CHANCES))
    found = jax.device_get(_appraised(chances, feels, sets, rates, told, ecology))
    curves = np.asarray(curves, np.float64)
    bodies = {
        name: _body(curves[b], jax.tree.map(lambda x, b=b: np.asarray(x[:, b], np.float64), found))
        for b, name in enumerate(BODIES)
    }
    return Networks(bodies, rule.name, seeds, people, generations)


def _body(curve: Float[np.ndarray, "seed generation"], found: Appraised) -> Body:
    """`found` has cases first, then seeds."""
    cases = {
        name: Case(
            _over_seeds(found.earned[c]),
            {stage: _wanted(stage, Wanting(*(x[c, :, s] for x in found.stages))) for s, stage in enumerate(STAGES)},
        )
        for c, name in enumerate(CASES)
    }
    reward = {name: _over_seeds(found.reward_slopes[0, :, i]) for i, name in enumerate(INPUTS)}
    values = {name: _over_seeds(found.value_slopes[0, :, i]) for i, name in enumerate(PERCEPTS)}
    return Body(tuple(_over_seeds(x) for x in curve.T), cases, reward, values)


def _wanted(stage: str, found: Wanting) -> Wanted:
    told = Wanted(*(_over_seeds(x) for x in found))
    return told if stage != STAGES[0] else told._replace(candy=None)


def _cases(key: PRNGKeyArray, last: Genome) -> tuple[Genome, Float[Array, " case"], Float[Array, " case"]]:
    """Genomes of every case, how fast its heads learn, and whether they are rewarded with offspring itself."""
    seeds, people = last.last.shape[1:3]
    random = jax.vmap(random_genome)(jax.random.split(named_key(key, "random"), seeds * people))
    random = jax.tree.map(lambda r, e: jnp.broadcast_to(r.reshape(e.shape[1:]), e.shape), random, last)
    every = {EVOLVED: last, SHUFFLED: _shuffled(named_key(key, "shuffled"), last), RANDOM: random}
    sets = [every.get(case, last) for case in CASES]
    rates = jnp.array([0.0 if case == UNLEARNED else RATE for case in CASES])
    told = jnp.array([1.0 if case == TOLD else 0.0 for case in CASES])
    return jax.tree.map(lambda *parts: jnp.stack(parts), *sets), rates, told


def _shuffled(key: PRNGKeyArray, genomes: Genome) -> Genome:
    """The weights of each genome in an order of its own: as loud, with nothing said."""
    before = genomes.last.shape[:-1]
    flat = jnp.concatenate([x.reshape(*before, -1) for x in genomes], -1)
    mixed = jax.random.permutation(key, flat, axis=-1, independent=True)
    parts = jnp.split(mixed, np.cumsum([x[0, 0, 0].size for x in genomes])[:-1], -1)
    return Genome(*(p.reshape(x.shape) for p, x in zip(parts, genomes, strict=True)))


def _over_seeds(found: Array | Float[np.ndarray, " seed"]) -> Estimate:
    return mean_over_seeds(np.asarray(found, np.float64))


@partial(jax.jit, static_argnames=("ecology", "rule"))
def _evolutions(
    keys: Key[Array, "seed draw"],
    feels: Float[Array, " body"],
    turning: Float[Array, " body"],
    ecology: Ecology,
    rule: Strategy,
) -> tuple[Float[Array, "body seed generation"], Genome]:
    """Every kind of body in the same worlds."""

    def one(feel: Array, turns: Array, own: Key[Array, " draw"]) -> tuple[Float[Array, " generation"], Genome]:
        return evolve(own, Nature(feel), ecology, rule, turns)

    return jax.vmap(jax.vmap(one, (None, None, 0)), (0, 0, None))(feels, turning, keys)


@partial(jax.jit, static_argnames=("ecology",))
def _appraised(
    keys: Key[Array, "seed chance"],
    feels: Float[Array, " body"],
    sets: Genome,
    rates: Float[Array, " case"],
    told: Float[Array, " case"],
    ecology: Ecology,
) -> Appraised:
    """Axes case, body and seed; the same chance for all cases and bodies of a seed."""
    chances = jax.vmap(jax.vmap(lambda key: draw_chance(key, ecology)))(keys)

    def case(given: tuple[Genome, Array, Array]) -> Appraised:
        genomes, rate, by_offspring = given

        def one(feel: Array, chance: Chance, found: Genome) -> Appraised:
            return appraise(chance, found, Nature(feel, rate, by_offspring), ecology)

        return jax.vmap(jax.vmap(one, (None, 0, 0)), (0, None, 0))(feels, chances, genomes)

    # One case after another: all at once would need much memory.
    return jax.lax.map(case, (sets, rates, told))


def evolve(
    keys: Key[Array, " draw"], nature: Nature, ecology: Ecology, rule: Strategy, turning: Float[Array, ""] | float = 0.0
) -> tuple[Float[Array, " generation"], Genome]:
    """Mean offspring of a choice by generation, and the genomes after the last; two keys and three for each generation.

    Each generation is born with the same heads and meets the same new contexts with the same luck, so that genomes alone
    make the difference that is selected.
    """

    def generation(state: Any, own: Key[Array, " 3"]) -> tuple[Any, Float[Array, ""]]:
        chance = draw_chance(own[0], ecology, turning)
        genomes = rule.ask(own[1], state)
        earned = live(genomes, nature, chance, newborn(chance, genomes.last.shape[0])).earned
        return rule.tell(own[2], state, genomes, earned), earned.mean()

    state, curve = jax.lax.scan(generation, rule.begin(keys[0]), keys[2:].reshape(-1, 3))
    return curve, rule.ask(keys[1], state)
