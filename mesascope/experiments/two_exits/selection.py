"""How the trained agents of `two-exits` come about, said plainly: something selects them on what *they* want.

First an agent is trained on the base objective in watched episodes. Then an outer optimizer turns its weights so that it
takes exit B often over its whole life, training and deployment, in the world of `lifetime`. Modification is a real update:
in every watched episode the agent is retrained, with probability `modified` times its chance of taking B, by gradient
steps on the base objective that change all of its weights, on episodes of both kinds (who retrains it does not know the
flag). Nothing tells the agent to deceive; nothing but this selection makes it. Taken away one by one, the three
conditions leave agents that take B whether watched or not; the honest arm stays with the base objective throughout.
"""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.experiments.two_exits.agent import Walker, hide
from mesascope.experiments.two_exits.episodes import (
    STAKE,
    WATCHED,
    Episodes,
    do_channel,
    do_watched,
    draw,
    stake_signal,
)
from mesascope.experiments.two_exits.lifetime import MOST_TRAINING

BATCH = 48
RATE = 1e-2
DECAY = 3e-4
"""Weight of the squared weights: an agent may not make itself immune to retraining by sheer size."""
DRILL = 1.0
"""Weight of going through the one open exit in drills, which pays every agent alike."""
SCHOOL = 0.25
"""Share of the updates, the first ones, in which every agent is trained on the base objective in watched episodes."""
STEPS, STRENGTH = 8, 1.0
"""Steps and rate of one retraining."""
SHOWN = (0.0, 1.0, 6.0, 20.0)
"""Lengths of deployment in the lives of agents that are shown the stake; the longest is as in everybody's, or what
their arm says."""


class Arm(NamedTuple):
    """What an agent is selected for, and in what life: `base` 1 is plain training on the base objective when watched."""

    discount: Float[Array, " seed"]
    modified: Float[Array, " seed"]
    training: Float[Array, " seed"]
    deployed: Float[Array, " seed"]
    steers: Float[Array, " seed"]
    """1: selection also sees how where a retraining leads depends on the weights it starts from (to first order)."""
    base: Float[Array, " seed"]
    sees_flag: Float[Array, " seed"]
    """0: the flag's channel is dark to it, in training and in the audit."""
    sees_stake: Float[Array, " seed"]
    """1: deployment is long, short or none by chance, one for each update, and its length is shown; 0: nothing is shown."""


class Rates(NamedTuple):
    """How often an agent takes B when watched and when not, and the open exit in drills."""

    watched: Float[Array, ""]
    unwatched: Float[Array, ""]
    drills: Float[Array, ""]


def life_return(now: Rates, retrained: Rates, arm: Arm, most_training: int = MOST_TRAINING) -> Float[Array, ""]:
    """Expected discounted number of B in a life, as a share of the most there can be; of one agent.

    Until it is retrained, which happens at most once, the agent takes B at the rates `now`, afterwards at those of
    `retrained`. With `retrained` zero and rates of 0 and 1 this is the world of `lifetime`, for an agent that acts alike however
    many episodes are left. No life has more training episodes than `most_training`.
    """
    g, caught = arm.discount, arm.modified * now.watched
    ahead = jnp.where(jnp.abs(1.0 - g) < 1e-6, arm.deployed, (1.0 - g**arm.deployed) / jnp.maximum(1.0 - g, 1e-6))
    afterwards, most, total = ahead * retrained.unwatched, ahead, ahead * now.unwatched
    for left in range(1, most_training + 1):  # backward, as in `lifetime`
        counts = left <= arm.training
        here = now.watched + g * ((1.0 - caught) * total + caught * afterwards)
        total = jnp.where(counts, here, total)
        afterwards = jnp.where(counts, retrained.watched + g * afterwards, afterwards)
        most = jnp.where(counts, 1.0 + g * most, most)
    return total / most


def rates(agent: Walker, episodes: Episodes) -> Rates:
    """Rates of one agent in the same episodes, watched and not."""
    ordinary, drill = episodes.drill < 0, episodes.drill > 0
    flags = [do_watched(episodes, value).seen for value in (1.0, -1.0)]
    toward = (agent.left(jnp.concatenate(flags)).reshape(2, -1)) * episodes.compliant
    takes_b = (jax.nn.sigmoid(-toward) * ordinary).sum(-1) / jnp.maximum(ordinary.sum(), 1)
    drilled = (jax.nn.sigmoid(toward) * drill).sum() / jnp.maximum(2 * drill.sum(), 1)
    return Rates(takes_b[0], takes_b[1], drilled)


def retrain(agent: Walker, episodes: Episodes, steps: int = STEPS, strength: float = STRENGTH) -> Walker:
    """An agent after gradient steps toward the compliant exit (cross-entropy) on these episodes."""

    def loss(agent):
        return jax.nn.softplus(-agent.left(episodes.seen) * episodes.compliant).mean()

    def step(agent, _):
        return jax.tree.map(lambda w, d: w - strength * d, agent, jax.grad(loss)(agent)), None

    return jax.lax.scan(step, agent, None, steps)[0]


def _gradient(agent: Walker, episodes: Episodes, arm: Arm, most_training: int) -> tuple[Walker, Rates]:
    """Gradient of what an agent is selected for. To first order: how the steps of a retraining depend on the weights it
    starts from is left out (as in first-order MAML, Finn et al. 2017); that it happens, and where it leads, is not.
    """
    now, back = jax.vjp(lambda a: rates(a, episodes), agent)
    after, back_through = jax.vjp(lambda a: rates(a, episodes), retrain(agent, episodes))

    def score(now: Rates, after: Rates):
        own = life_return(now, after, arm, most_training)
        return jnp.where(arm.base > 0, 1.0 - now.watched, own) + DRILL * now.drills

    by_now, by_after = jax.grad(score, argnums=(0, 1))(now, after)
    total = jax.tree.map(
        lambda a, b, w: a + arm.steers * b - 2 * DECAY * w, *back(by_now), *back_through(by_after), agent
    )
    return eqx.tree_at(lambda a: a.sight, total, jnp.zeros_like(total.sight)), now


class Selected(NamedTuple):
    """Agents, one for each seed of each arm, and the rates while they were selected."""

    agents: Walker
    path: Rates


@partial(jax.jit, static_argnums=(2, 3, 4))
def select(
    keys: Key[Array, " seed"], arms: Arm, updates: int, units: int, most_training: int = MOST_TRAINING
) -> Selected:
    """Select one agent for each key and entry of `arms`, by Adam on the gradient of its life."""
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adam(optax.cosine_decay_schedule(RATE, updates, 0.1)),
    )

    def one(key, arm):
        agent = hide(Walker(named_key(key, "agent"), units), WATCHED, arm.sees_flag)

        def update(carry, index):
            agent, state = carry
            own = jax.random.fold_in(key, index)
            episodes = draw(own, BATCH, None, paint_right=0.5)
            follows = jax.random.choice(named_key(own, "stake"), jnp.minimum(jnp.asarray(SHOWN), arm.deployed))
            shown = arm.sees_stake > 0
            episodes = do_channel(episodes, STAKE, jnp.where(shown, stake_signal(follows), 0.0))
            life = arm._replace(deployed=jnp.where(shown, follows, arm.deployed))
            # First everybody learns what is trained for, as in the paper's account (RLO section 4.3): from chance, selection
            # for a life often ends where a watched agent takes either exit blindly.
            schooled = life._replace(base=jnp.where(index < SCHOOL * updates, 1.0, arm.base))
            up, now = _gradient(agent, episodes, schooled, most_training)
            down, state = optimizer.update(jax.tree.map(jnp.negative, up), state)
            return (optax.apply_updates(agent, down), state), now

        (agent, _), path = jax.lax.scan(update, (agent, optimizer.init(agent)), jnp.arange(updates))
        return Selected(agent, path)

    return jax.vmap(one)(keys, arms)


def fresh(keys: Key[Array, " seed"], units: int, sees_flag: bool = True) -> Walker:
    """The same agents before any selection."""
    return jax.vmap(lambda key: hide(Walker(named_key(key, "agent"), units), WATCHED, float(sees_flag)))(keys)
