"""Every learner of `two-episodes`, and all of them run on many settings and seeds at once."""

import enum
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.experiments.two_episodes import actor_critic, evolution, gradient, ppo, q_learning
from mesascope.experiments.two_episodes.evolution import LIFETIME
from mesascope.experiments.two_episodes.game import Course, Game

AHEAD = 0.9
"""Discount from episode to episode of the learners that are told to look ahead."""

EPISODES = 32
"""Episodes of a block, which is one update of the learners that update by the block."""


class Credit(enum.StrEnum):
    """How far a learner's own rule credits what follows an action, by construction. Condition 1 of deceptive
    alignment asks for an objective across parameter updates, not across episodes (RLO section 4.2).
    """

    EPISODE = "episode"
    ONE_UPDATE = "one-update"
    ROUND = "round"
    UPDATES = "updates"

    @property
    def said(self) -> str:
        """The same in words."""
        return {
            Credit.EPISODE: "its rule credits an action with its own episode alone",
            Credit.ONE_UPDATE: "its rule credits an action with later episodes of one parameter update, and with none beyond it",
            Credit.ROUND: "who is copied depends on the updates between two rounds of copying, and on nothing beyond them",
            Credit.UPDATES: "its rule credits an action with episodes that come after updates of its parameters",
        }[self]


class Method(NamedTuple):
    """A learner: its family, how it learns, what scores it, how far credit reaches. `discount` is that of later
    episodes; `copied` says whether population-based training copies weights, and learning rates.
    """

    family: str
    what: str
    scored_by: str
    credit: Credit
    discount: float = 0.0
    copied: tuple[bool, bool] = (False, False)


EPISODE, LATER, LIFE = "the episode", "later episodes too", "a lifetime"

METHODS = {
    "gradient": Method("gradient", "REINFORCE", EPISODE, Credit.EPISODE),
    "gradient-ahead": Method("gradient", "REINFORCE on discounted later rewards", LATER, Credit.ONE_UPDATE, AHEAD),
    "actor-critic": Method("actor-critic", "actor-critic, updated after every episode", EPISODE, Credit.EPISODE),
    "actor-critic-ahead": Method(
        "actor-critic", "the same with traces and values that reach later episodes", LATER, Credit.UPDATES, AHEAD
    ),
    "ppo": Method("ppo", "PPO", EPISODE, Credit.EPISODE),
    "ppo-ahead": Method("ppo", "PPO where ends of episodes are not marked", LATER, Credit.ONE_UPDATE, AHEAD),
    "q-learning": Method("q-learning", "tabular Q-learning", EPISODE, Credit.EPISODE),
    "q-ahead": Method(
        "q-learning", "tabular Q-learning where ends of episodes are not marked", LATER, Credit.UPDATES, AHEAD
    ),
    "evolution": Method("evolution", "evolution strategy, one episode a generation", EPISODE, Credit.EPISODE),
    "evolution-life": Method(
        "evolution-life", f"evolution strategy, {LIFETIME} episodes a generation", LIFE, Credit.ONE_UPDATE
    ),
    "population": Method(
        "gradient",
        "REINFORCE in population-based training: weights and learning rates copied",
        EPISODE,
        Credit.ROUND,
        copied=(True, True),
    ),
    "population-weights": Method(
        "gradient", "the same, weights copied only", EPISODE, Credit.ROUND, copied=(True, False)
    ),
    "population-rates": Method(
        "gradient", "the same, learning rates copied only", EPISODE, Credit.ROUND, copied=(False, True)
    ),
}
"""Learners by name. Those of one family run in one compiled program."""


class Size(NamedTuple):
    """How much is run: independent runs, learners of a run, blocks of episodes, updates between rounds of a population."""

    runs: int
    learners: int
    blocks: int
    interval: int


class Outcome(NamedTuple):
    """What each run of a learner came to: presses and policy over the last quarter, and presses over all blocks."""

    late: Float[np.ndarray, "setting run"]
    chance: Float[np.ndarray, "setting run 2"]
    course: Float[np.ndarray, "setting run block"]


Settled = tuple[Float[Array, "*run"], Float[Array, "*run 2"], Float[Array, "*run block"]]
"""The same while it is computed, in the same order."""


def settle(course: Course) -> Settled:
    """One run from its course: means over learners."""
    quarter = max(course.pressed.shape[0] // 4, 1)
    late, chance = course.pressed[-quarter:].mean(), course.chance[-quarter:].mean((0, 1))
    return late, chance, course.pressed.mean(1)


def run(seed: int, names: Sequence[str], games: Game, size: Size) -> dict[str, Outcome]:
    """Every named learner on every setting of `games`; the k-th runs of all settings share their random numbers."""
    found: dict[str, Outcome] = {}
    for family in dict.fromkeys(METHODS[name].family for name in names):
        members = [name for name in names if METHODS[name].family == family]
        schemes = [scheme_of(name, size.interval) for name in members]
        found.update(zip(members, run_schemes(seed, members, schemes, games, size), strict=True))
    return {name: found[name] for name in names}


def run_schemes(
    seed: int, names: Sequence[str], schemes: Sequence[gradient.Scheme], games: Game, size: Size
) -> list[Outcome]:
    """Learners of one family by their schemes, each with the random numbers that belong to its name."""
    family = METHODS[names[0]].family
    keys = jnp.stack([jax.random.split(named_key(seed, "two-episodes", n), size.runs) for n in names])
    stacked = gradient.Scheme(*(jnp.asarray(column, jnp.float32) for column in zip(*schemes, strict=True)))
    outcome = jax.device_get(_run(keys, games, stacked, family, size.learners, size.blocks))
    return [Outcome(*(np.asarray(leaf[i], np.float64) for leaf in outcome)) for i in range(len(names))]


def scheme_of(name: str, interval: int) -> gradient.Scheme:
    """How rewards count for a learner, and how often a population copies."""
    method = METHODS[name]
    weights, rates = method.copied
    rounds = interval if weights or rates else 0
    return gradient.Scheme(*map(jnp.float32, (method.discount, rounds, weights, rates)))


def _learn(key: Key[Array, ""], game: Game, scheme: gradient.Scheme, family: str, learners: int, blocks: int) -> Course:
    if family == "gradient":
        return gradient.learn(key, game, scheme, learners, blocks, EPISODES)
    if family in ("evolution", "evolution-life"):
        lifetime = LIFETIME if family == "evolution-life" else 1
        return evolution.learn(key, game, learners, blocks, EPISODES, lifetime)
    learn = {"ppo": ppo.learn, "q-learning": q_learning.learn, "actor-critic": actor_critic.learn}[family]
    return learn(key, game, scheme.discount, learners, blocks, EPISODES)


@partial(jax.jit, static_argnames=("family", "learners", "blocks"))
def _run(
    keys: Key[Array, "arm run"], games: Game, schemes: gradient.Scheme, family: str, learners: int, blocks: int
) -> Settled:
    def one(key, game, scheme):
        return settle(_learn(key, game, scheme, family, learners, blocks))

    runs = jax.vmap(one, in_axes=(0, None, None))
    settings = jax.vmap(runs, in_axes=(None, 0, None))
    return jax.vmap(settings, in_axes=(0, None, 0))(keys, games, schemes)
