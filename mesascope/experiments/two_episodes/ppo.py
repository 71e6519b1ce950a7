"""Proximal policy optimization of two logits and two values (Schulman et al. 2017, arXiv 1707.06347)."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.experiments.two_episodes.game import Course, Game, Trace, pick, play
from mesascope.experiments.two_episodes.gradient import SPREAD

RATE, EPOCHS, CLIP, TRACE, VALUE, ENTROPY = 0.03, 4, 0.2, 0.95, 0.5, 0.01
"""Learning rate of Adam, passes over a block, clip of the ratio, lambda of the advantages, weights of value and entropy."""

Weights = dict[str, Float[Array, "learner 2"]]


def advantages(
    trace: Trace, values: Float[Array, "learner 2"], discount: Float[Array, ""]
) -> tuple[Float[Array, "episode learner"], Float[Array, "episode learner"]]:
    """Advantages and the returns that values are fitted to. With `discount` 0 the end of an episode ends the sum; otherwise
    the block is taken for one long episode, as happens where ends of episodes are not marked.
    """
    now = jax.vmap(partial(pick, values))(trace.seen)
    then = jnp.concatenate([now[1:], now[-1:]])
    error = trace.reward + discount * then - now

    def back(later, here):
        total = here + discount * TRACE * later
        return total, total

    found = jax.lax.scan(back, jnp.zeros(now.shape[1]), error, reverse=True)[1]
    return found, found + now


def learn(
    key: Key[Array, ""], game: Game, discount: Float[Array, ""], learners: int, blocks: int, episodes: int
) -> Course:
    """Learn for `blocks` rounds of `episodes` episodes. Every learner has weights and an optimizer of its own."""
    optimizer = optax.adam(RATE)

    def loss(weights: Weights, trace: Trace, old, gap, returns):
        logits = jax.vmap(partial(pick, weights["logits"]))(trace.seen)
        said = -optax.sigmoid_binary_cross_entropy(logits, trace.pressed)
        ratio = jnp.exp(said - old)
        surrogate = jnp.minimum(ratio * gap, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * gap)
        error = (jax.vmap(partial(pick, weights["values"]))(trace.seen) - returns) ** 2
        entropy = optax.sigmoid_binary_cross_entropy(logits, jax.nn.sigmoid(logits))
        return (-surrogate + VALUE * error - ENTROPY * entropy).mean(0).sum()

    def block(carry, index):
        weights, state, last = carry
        chance = jax.nn.sigmoid(weights["logits"])
        last, trace = play(jax.random.fold_in(key, index), game, chance, last, episodes)
        gap, returns = advantages(trace, weights["values"], discount)
        gap = (gap - gap.mean(0)) / (gap.std(0) + 1e-8)
        logits = jax.vmap(partial(pick, weights["logits"]))(trace.seen)
        old = -optax.sigmoid_binary_cross_entropy(logits, trace.pressed)

        def epoch(carry, _):
            weights, state = carry
            down, state = optimizer.update(jax.grad(loss)(weights, trace, old, gap, returns), state)
            return (optax.apply_updates(weights, down), state), None

        (weights, state), _ = jax.lax.scan(epoch, (weights, state), None, EPOCHS)
        return (weights, state, last), Course(trace.pressed.mean(0), chance)

    weights = {
        "logits": SPREAD * jax.random.normal(named_key(key, "logits"), (learners, 2)),
        "values": jnp.zeros((learners, 2)),
    }
    return jax.lax.scan(block, (weights, optimizer.init(weights), jnp.zeros(learners)), jnp.arange(blocks))[1]
