"""Actor-critic with eligibility traces, updated after every episode (Sutton and Barto 2018, section 13.6).

Between any two episodes lies an update of all parameters. What a press brings about in the next episode can therefore be
credited to it by traces and values alone, that is across updates; with discount 0 it is not.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.experiments.two_episodes.game import Course, Game, move_on, pick, reward, sees
from mesascope.experiments.two_episodes.gradient import SPREAD

ACTOR, CRITIC, TRACE = 0.05, 0.1, 0.9
"""Step sizes of logits and values, and how much of a trace is kept beyond the discount (lambda)."""


def learn(
    key: Key[Array, ""], game: Game, discount: Float[Array, ""], learners: int, blocks: int, episodes: int
) -> Course:
    """Learn for `blocks` times `episodes` episodes, each of which ends in an update.

    Args:
        key: of the first logits and of all presses.
        game: the setting.
        discount: of the next episode; 0 ends all credit with the episode.
        learners: how many play side by side.
        blocks: what the course is recorded in.
        episodes: episodes, and updates, of a block.

    Returns:
        Presses and policies while they were learned.
    """

    def episode(carry, draw):
        logits, values, blame, praise, last = carry
        seen = sees(game, last)
        chance = jax.nn.sigmoid(logits)
        here, where = pick(chance, seen), jax.nn.one_hot(seen, 2)
        pressed = (draw < here).astype(jnp.float32)
        then = move_on(game, pressed)
        ahead = discount * pick(values, sees(game, then))
        error = (reward(game, last, pressed) + ahead - pick(values, seen))[:, None]
        blame = discount * TRACE * blame + (pressed - here)[:, None] * where
        praise = discount * TRACE * praise + where
        return (logits + ACTOR * error * blame, values + CRITIC * error * praise, blame, praise, then), (
            pressed,
            chance,
        )

    def block(carry, index):
        draws = jax.random.uniform(jax.random.fold_in(key, index), (episodes, learners))
        carry, (pressed, chance) = jax.lax.scan(episode, carry, draws)
        return carry, Course(pressed.mean(0), chance.mean(0))

    none = jnp.zeros((learners, 2))
    start = (SPREAD * jax.random.normal(named_key(key, "logits"), (learners, 2)), none, none, none, jnp.zeros(learners))
    return jax.lax.scan(block, start, jnp.arange(blocks))[1]
