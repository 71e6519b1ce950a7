"""The second stage: selection makes a reward, and a life of learning makes values out of it.

The optimal reward problem of Singh, Lewis and Barto (2009): the genome holds a reward over percepts; values are learned
anew in every life from the reward that choices bring; only offspring is selected. Then the question of Turner (2022):
does such a learner go for reward, or for what came before it?
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.experiments.savanna.ecology import PERCEPTS, Ecology, draw_contexts, offspring
from mesascope.experiments.savanna.realignment import inner_gap

PEOPLE, GENERATIONS, LIFETIME, SEEDS = 100, 60, 100, 10

RATE, SHARPNESS = 0.1, 3.0
"""Step of learning, and inverse temperature of choice."""

STEP = 0.1
"""Standard deviation of a mutation of a reward weight."""

PRESSES = (0, 1, 2, 4, 8, 16, 32)
"""How often a lever that gives reward and no food was pressed before it may be chosen."""

STRENGTHS = (1.0, 3.0)
"""Reward of the lever, in units of what a chosen meal gives."""

_OFFERS = 256


class Learners(NamedTuple):
    """The last generation: reward weights, and the values each had learned by the end of its life."""

    rewards: Float[Array, "*seed individual percept"]
    values: Float[Array, "*seed individual percept"]
    earned: Float[Array, "*seed generation"]


class TwiceLearned(NamedTuple):
    """`before` and `after` are mean offspring of a context in the first and in the last generation. `reward_gap` and
    `value_gap` are the shares of the best offspring that wanting exactly the evolved reward, and wanting exactly the learned
    values, would forgo. `lever` has, by strength, the share of choices of reward without food after so many presses, where
    the alternatives are foods that no reward would follow any more.
    """

    before: Estimate
    after: Estimate
    reward_gap: Estimate
    value_gap: Estimate
    lever: dict[float, tuple[Estimate, ...]]
    seeds: int


def live(
    key: PRNGKeyArray, rewards: Float[Array, "individual percept"], ecology: Ecology, lifetime: int = LIFETIME
) -> tuple[Float[Array, "individual percept"], Float[Array, " individual"]]:
    """One life of everybody in the same new contexts: the values they end with, and their mean offspring of a choice.

    Choice is by softmax of values; what is chosen brings the reward of its percepts, and values move along the error of
    their prediction of it (Widrow and Hoff 1960; Rescorla and Wagner 1972).
    """
    contexts = draw_contexts(named_key(key, "contexts"), ecology, lifetime)
    yields = offspring(contexts.outcomes)
    noise = jax.random.gumbel(named_key(key, "choices"), (lifetime, len(rewards), ecology.options))

    def meet(values: Float[Array, "individual percept"], step):
        percepts, worth, luck = step
        taken = (SHARPNESS * values @ percepts.T + luck).argmax(-1)
        felt = percepts[taken]
        error = ((rewards - values) * felt).sum(-1, keepdims=True)
        return values + RATE * error * felt, worth[taken]

    values, earned = jax.lax.scan(meet, jnp.zeros_like(rewards), (contexts.percepts, yields, noise))
    return values, earned.mean(0)


def evolve_rewards(
    key: PRNGKeyArray, ecology: Ecology, people: int = PEOPLE, generations: int = GENERATIONS
) -> Learners:
    """Select rewards by the offspring of those who learn from them."""
    founders = jax.random.normal(named_key(key, "founders"), (people, len(PERCEPTS))) * 0.5

    def generation(rewards: Float[Array, "individual percept"], number: Array):
        here = jax.random.fold_in(named_key(key, "generation"), number)
        _, earned = live(named_key(here, "life"), rewards, ecology)
        rivals = jax.random.randint(named_key(here, "tournament"), (people, ecology.tournament), 0, people)
        parent = jnp.take_along_axis(rivals, earned[rivals].argmax(-1)[:, None], 1)[:, 0]
        moved = STEP * jax.random.normal(named_key(here, "mutation"), rewards.shape)
        return rewards[parent] + moved, earned.mean()

    rewards, earned = jax.lax.scan(generation, founders, jnp.arange(generations))
    values, last = live(named_key(key, "last life"), rewards, ecology)
    return Learners(rewards, values, jnp.append(earned, last.mean()))


def lever_choices(
    learners: Learners, percepts: Float[Array, "context option percept"], strength: float, presses: int
) -> Float[Array, ""]:
    """Share of choices of the lever over the foods of a context, exact but for the contexts.

    The lever looks like nothing met before, so that its value is what the presses taught: strength times the reward of a
    meal, learned at the rate of everything else. It is tested once, before any unrewarded meal could teach otherwise.
    """
    liked = jnp.einsum("ip,cop->ico", learners.values, percepts)
    shares = jax.nn.softmax(SHARPNESS * liked, -1)
    meal = (shares * jnp.einsum("ip,cop->ico", learners.rewards, percepts)).sum(-1).mean(-1)
    learned = strength * meal * (1 - (1 - RATE) ** presses)
    lever = jnp.broadcast_to(learned[:, None, None], (*liked.shape[:2], 1))
    return jax.nn.softmax(SHARPNESS * jnp.concatenate([liked, lever], -1), -1)[..., -1].mean()


def learn_twice(ecology: Ecology, seed: int = 0, *, seeds: int = SEEDS) -> TwiceLearned:
    """Evolve rewards in as many worlds as there are seeds, and offer the learners reward without food."""
    keys = jax.random.split(named_key(seed, "savanna", "rewards"), seeds)
    found, levers = _learners(keys, ecology)
    rewards, values, earned = (np.asarray(x, np.float64) for x in jax.device_get(found))
    gaps = [_gap(x, ecology.correlation) for x in (rewards, values)]
    shares = np.asarray(levers, np.float64)
    return TwiceLearned(
        mean_over_seeds(earned[:, 0]),
        mean_over_seeds(earned[:, -1]),
        mean_over_seeds(gaps[0], 0.0, 2.0),
        mean_over_seeds(gaps[1], 0.0, 2.0),
        {
            s: tuple(mean_over_seeds(shares[:, i, j], 0.0, 1.0) for j in range(len(PRESSES)))
            for i, s in enumerate(STRENGTHS)
        },
        seeds,
    )


@jax.jit(static_argnames=("ecology",))
def _learners(keys: Key[Array, " seed"], ecology: Ecology) -> tuple[Learners, Float[Array, "seed strength press"]]:
    def one(key: PRNGKeyArray):
        found = evolve_rewards(key, ecology)
        percepts = draw_contexts(named_key(key, "offers"), ecology, _OFFERS).percepts
        shares = [[lever_choices(found, percepts, s, k) for k in PRESSES] for s in STRENGTHS]
        return found, jnp.array(shares)

    return jax.lax.map(one, keys)


def _gap(weights: Float[np.ndarray, "seed individual percept"], correlation: float) -> Float[np.ndarray, " seed"]:
    unit = weights / np.maximum(np.linalg.norm(weights, axis=-1, keepdims=True), 1e-9)
    return inner_gap(unit, np.zeros(unit.shape[:-1]), correlation).mean(-1)
