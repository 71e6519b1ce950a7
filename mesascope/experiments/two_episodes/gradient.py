"""REINFORCE, alone or as the inner loop of population-based training."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.experiments.two_episodes.game import Course, Game, Trace, pick, play

SPREAD = 1.0
"""Standard deviation of logits at birth."""

RATES = (0.03, 0.3)
"""Least and greatest learning rate at birth; drawn evenly in the logarithm."""

BASELINE = 0.2
"""How far the baseline goes toward the mean return of a block."""

EXPLORE = 1.25
"""A copied learning rate is multiplied or divided by this."""


class Agent(NamedTuple):
    """Logits of pressing and mean returns by what is seen, and a learning rate."""

    logits: Float[Array, "learner 2"]
    baseline: Float[Array, "learner 2"]
    rate: Float[Array, " learner"]


class Scheme(NamedTuple):
    """How rewards count. `discount`: of later episodes, 0 within the episode alone. `interval`: updates from one round of
    exploit and explore to the next, 0 for none. `weights`, `rates`: whether the round copies them.
    """

    discount: Float[Array, "*arm"]
    interval: Float[Array, "*arm"]
    weights: Float[Array, "*arm"]
    rates: Float[Array, "*arm"]


def born(key: Key[Array, ""], learners: int) -> Agent:
    """Learners before any episode."""
    low, high = jnp.log(jnp.asarray(RATES))
    return Agent(
        SPREAD * jax.random.normal(named_key(key, "logits"), (learners, 2)),
        jnp.zeros((learners, 2)),
        jnp.exp(jax.random.uniform(named_key(key, "rate"), (learners,), minval=low, maxval=high)),
    )


def ahead(rewards: Float[Array, "episode learner"], discount: Float[Array, ""]) -> Float[Array, "episode learner"]:
    """Discounted sum of this episode's reward and those of the later ones of the block."""

    def back(later, now):
        total = now + discount * later
        return total, total

    return jax.lax.scan(back, jnp.zeros(rewards.shape[1]), rewards, reverse=True)[1]


def improve(agent: Agent, trace: Trace, returns: Float[Array, "episode learner"]) -> Agent:
    """One update of REINFORCE with a baseline (Williams 1992)."""
    chance = jax.vmap(partial(pick, jax.nn.sigmoid(agent.logits)))(trace.seen)
    gap = returns - jax.vmap(partial(pick, agent.baseline))(trace.seen)
    where = jax.nn.one_hot(trace.seen, 2)
    up = ((trace.pressed - chance) * gap)[..., None] * where
    often = where.sum(0)
    seen = (where * returns[..., None]).sum(0) / jnp.maximum(often, 1.0)
    return Agent(
        agent.logits + agent.rate[:, None] * up.mean(0),
        jnp.where(often > 0, agent.baseline + BASELINE * (seen - agent.baseline), agent.baseline),
        agent.rate,
    )


def exploit(key: Key[Array, ""], agent: Agent, score: Float[Array, " learner"], scheme: Scheme) -> Agent:
    """The worst quarter takes over from the best one, and tries other learning rates (Jaderberg et al. 2017, truncation)."""
    count = max(len(score) // 4, 1)
    order = jnp.argsort(score)
    worst, best = order[:count], order[-count:]
    up = jax.random.bernoulli(named_key(key, "explore"), shape=(count,))
    tried = agent.rate[best] * jnp.where(up, EXPLORE, 1 / EXPLORE)

    def copied(values, wanted):
        return values.at[worst].set(jnp.where(wanted > 0, values[best], values[worst]))

    return Agent(
        copied(agent.logits, scheme.weights),
        copied(agent.baseline, scheme.weights),
        agent.rate.at[worst].set(jnp.where(scheme.rates > 0, tried, agent.rate[worst])),
    )


def learn(key: Key[Array, ""], game: Game, scheme: Scheme, learners: int, blocks: int, episodes: int) -> Course:
    """Learn for `blocks` updates of `episodes` episodes each. What counts in a round is the mean reward since the last."""

    def block(carry, index):
        agent, last, score = carry
        own = jax.random.fold_in(key, index)
        chance = jax.nn.sigmoid(agent.logits)
        last, trace = play(named_key(own, "play"), game, chance, last, episodes)
        agent = improve(agent, trace, ahead(trace.reward, scheme.discount))
        score = score + trace.reward.mean(0)
        due = (scheme.interval > 0) & ((index + 1) % jnp.maximum(scheme.interval, 1) == 0)
        turned = exploit(named_key(own, "exploit"), agent, score, scheme)
        agent = jax.tree.map(partial(jnp.where, due), turned, agent)
        return (agent, last, jnp.where(due, 0.0, score)), Course(trace.pressed.mean(0), chance)

    start = (born(named_key(key, "born"), learners), jnp.zeros(learners), jnp.zeros(learners))
    return jax.lax.scan(block, start, jnp.arange(blocks))[1]
