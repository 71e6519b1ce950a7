"""What evolves the genomes: a strategy of evosax, or the savanna's own tournaments where evosax is absent."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.savanna.networks.nets import SPREAD, Genome, random_genome

STEP, TOURNAMENT = 0.1, 3
"""Tournaments: standard deviation of a mutation, and individuals drawn for each place."""


class Strategy(NamedTuple):
    """Three pure functions over a state of any kind; fitness is to be raised.

    `begin` makes the first state, `ask` a generation of genomes from a state, `tell` the next state from their fitness.
    """

    name: str
    begin: Callable[[PRNGKeyArray], Any]
    ask: Callable[[PRNGKeyArray, Any], Genome]
    tell: Callable[[PRNGKeyArray, Any, Genome, Float[Array, " individual"]], Any]


@lru_cache(maxsize=2)
def strategy(people: int) -> Strategy:
    """Separable natural evolution strategies (Wierstra et al. 2014) as evosax implements them, or tournaments."""
    # Loading it takes seconds, and only this stage of the savanna needs it.
    try:
        from evosax.algorithms import SNES
    except ModuleNotFoundError:
        return tournaments(people)
    solution = random_genome(jax.random.key(0))
    rule = SNES(population_size=people, solution=solution)
    params = rule.default_params.replace(std_init=SPREAD)

    def begin(key: PRNGKeyArray) -> Any:
        # The key is not used by this strategy; the first mean is drawn with it.
        found = rule.init(key, random_genome(key), params)
        # Plain arrays: what is left as Python numbers would change its type on the way through a scan.
        return jax.tree.map(lambda x: jnp.asarray(x, jnp.asarray(x).dtype), found)

    def ask(key: PRNGKeyArray, state: Any) -> Genome:
        return rule.ask(key, state, params)[0]

    def tell(key: PRNGKeyArray, state: Any, genomes: Genome, fit: Float[Array, " individual"]) -> Any:
        told, _ = rule.tell(key, genomes, -fit, state, params)
        return jax.tree.map(lambda new, old: new.astype(old.dtype), told, state)

    return Strategy("SNES of evosax", begin, ask, tell)


def tournaments(people: int) -> Strategy:
    """Each genome descends from the fittest of a few drawn at random, with a normal step on every gene."""

    def begin(key: PRNGKeyArray) -> Genome:
        return jax.vmap(random_genome)(jax.random.split(named_key(key, "founders"), people))

    def ask(key: PRNGKeyArray, state: Genome) -> Genome:
        return state

    def tell(key: PRNGKeyArray, state: Genome, genomes: Genome, fit: Float[Array, " individual"]) -> Genome:
        rivals = jax.random.randint(named_key(key, "rivals"), (people, TOURNAMENT), 0, people)
        parent = jnp.take_along_axis(rivals, fit[rivals].argmax(-1)[:, None], 1)[:, 0]
        steps = jax.vmap(random_genome, (0, None))(jax.random.split(named_key(key, "steps"), people), STEP)
        return jax.tree.map(lambda gene, step: gene[parent] + step, genomes, steps)

    return Strategy("tournaments, as evosax is not installed (pip install 'mesascope[evolution]')", begin, ask, tell)
