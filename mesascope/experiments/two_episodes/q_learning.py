"""Tabular Q-learning, one update in every episode (Watkins 1989)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from mesascope.experiments.two_episodes.game import Course, Game, move_on, pick, reward, sees

RATE, EXPLORE = 0.1, 0.1
"""Step size, and the share of episodes in which the action is drawn evenly."""


def chance_of(values: Float[Array, "*learner 2 2"]) -> Float[Array, "*learner 2"]:
    """Chance of pressing by what is seen; a tie is no press."""
    return EXPLORE / 2 + (1 - EXPLORE) * (values[..., 1] > values[..., 0])


def learn(
    key: Key[Array, ""], game: Game, discount: Float[Array, ""], learners: int, blocks: int, episodes: int
) -> Course:
    """Learn for `blocks` times `episodes` episodes. With `discount` 0 the target is the reward of the episode; otherwise the
    value of the next episode is added to it, as happens where ends of episodes are not marked.
    """

    def episode(carry, draw):
        values, last = carry
        seen = sees(game, last)
        chance = chance_of(values)
        pressed = (draw < pick(chance, seen)).astype(jnp.float32)
        then = move_on(game, pressed)
        target = reward(game, last, pressed) + discount * pick(values, sees(game, then)).max(-1)
        here = (jnp.arange(learners), seen, pressed.astype(jnp.int32))
        return (values.at[here].add(RATE * (target - values[here])), then), (pressed, chance)

    def block(carry, index):
        draws = jax.random.uniform(jax.random.fold_in(key, index), (episodes, learners))
        carry, (pressed, chance) = jax.lax.scan(episode, carry, draws)
        return carry, Course(pressed.mean(0), chance.mean(0))

    return jax.lax.scan(block, (jnp.zeros((learners, 2, 2)), jnp.zeros(learners)), jnp.arange(blocks))[1]
