"""An evolution strategy whose members each play in a context (Salimans et al. 2017, arXiv 1703.03864)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.experiments.two_episodes.game import Course, Game, play
from mesascope.experiments.two_episodes.gradient import SPREAD

RATE, MUTATION = 0.3, 0.5
"""Step size and standard deviation of a mutation, both in logits."""

LIFETIME = 16
"""Episodes of a member's life where the whole life counts."""


def ranked(fitness: Float[Array, " member"]) -> Float[Array, " member"]:
    """Ranks from -1/2 to 1/2; what is tied shares its mean rank, or the order of members would count as fitness."""
    below = (fitness[None] < fitness[:, None]).sum(1)
    level = (fitness[None] == fitness[:, None]).sum(1)
    return (below + (level - 1) / 2) / (len(fitness) - 1) - 0.5


def learn(key: Key[Array, ""], game: Game, learners: int, blocks: int, episodes: int, lifetime: int) -> Course:
    """Learn for `blocks` times `episodes` episodes. A generation plays `lifetime` episodes and is then replaced; what its
    members left behind in their contexts, those of the next generation find there.
    """

    def generation(carry, own):
        center, last = carry
        half = jax.random.normal(named_key(own, "mutations"), (learners // 2, 2))
        mutations = jnp.concatenate([half, -half])
        chance = jax.nn.sigmoid(center + MUTATION * mutations)
        last, trace = play(named_key(own, "play"), game, chance, last, lifetime)
        step = (ranked(trace.reward.sum(0))[:, None] * mutations).mean(0) / MUTATION
        return (center + RATE * step, last), (trace.pressed.mean(0), chance)

    def block(carry, index):
        keys = jax.random.split(jax.random.fold_in(key, index), episodes // lifetime)
        carry, (pressed, chance) = jax.lax.scan(generation, carry, keys)
        return carry, Course(pressed.mean(0), chance.mean(0))

    center = SPREAD * jax.random.normal(named_key(key, "center"), (2,))
    return jax.lax.scan(block, (center, jnp.zeros(learners)), jnp.arange(blocks))[1]
