"""Every learner of `two-episodes`, and all of them run on many settings and seeds at once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from mesascope.core.rng import named_key
from mesascope.laboratories.two_episodes import evolution, gradient, ppo, q_learning
from mesascope.laboratories.two_episodes.evolution import LIFETIME
from mesascope.laboratories.two_episodes.game import Course, Game

AHEAD = 0.9
"""Discount from episode to episode of the learners that are told to look ahead."""

EPISODES = 32
"""Episodes of a block, which is one update of the learners that update by the block."""


class Method(NamedTuple):
    """A learner: its family, how it learns, what scores it, and the numbers that set it apart within its family."""

    family: str
    what: str
    scored_by: str
    numbers: tuple[float, ...] = ()


EPISODE, LATER, LIFE = "the episode", "later episodes too", "a lifetime"

METHODS = {
    "gradient": Method("gradient", "REINFORCE", EPISODE, (0, 0, 0, 0)),
    "gradient-ahead": Method("gradient", "REINFORCE on discounted later rewards", LATER, (AHEAD, 0, 0, 0)),
    "ppo": Method("ppo", "PPO", EPISODE, (0,)),
    "ppo-ahead": Method("ppo", "PPO where ends of episodes are not marked", LATER, (AHEAD,)),
    "q-learning": Method("q", "tabular Q-learning", EPISODE, (0,)),
    "q-ahead": Method("q", "tabular Q-learning where ends of episodes are not marked", LATER, (AHEAD,)),
    "evolution": Method("evolution", "evolution strategy, one episode a generation", EPISODE, (1,)),
    "evolution-life": Method("evolution", f"evolution strategy, {LIFETIME} episodes a generation", LIFE, (LIFETIME,)),
    "population": Method(
        "gradient", "REINFORCE in population-based training: weights and learning rates copied", EPISODE, (0, 1, 1, 1)
    ),
    "population-weights": Method("gradient", "the same, weights copied only", EPISODE, (0, 1, 1, 0)),
    "population-rates": Method("gradient", "the same, learning rates copied only", EPISODE, (0, 1, 0, 1)),
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


def settle(course: Course) -> Outcome:
    """One run from its course: means over learners."""
    quarter = max(course.pressed.shape[0] // 4, 1)
    late, chance = course.pressed[-quarter:].mean(), course.chance[-quarter:].mean((0, 1))
    return Outcome(late, chance, course.pressed.mean(1))


def run(seed: int, names: Sequence[str], games: Game, size: Size) -> dict[str, Outcome]:
    """Every named learner on every setting of `games`; the k-th runs of all settings share their random numbers."""
    found = {}
    for numbers, family in _families(names, size):
        members = [name for name in names if name in numbers]
        keys = jnp.stack([jax.random.split(named_key(seed, "two-episodes", n), size.runs) for n in members])
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(numbers[n] for n in members))
        each = jax.vmap(family, in_axes=(0, None, None))
        each = jax.vmap(each, in_axes=(None, 0, None))
        outcome = jax.device_get(jax.jit(jax.vmap(each, in_axes=(0, None, 0)))(keys, games, stacked))
        for index, name in enumerate(members):
            found[name] = Outcome(*(np.asarray(leaf[index], np.float64) for leaf in outcome))
    return {name: found[name] for name in names}


def _families(names: Sequence[str], size: Size) -> list[tuple[dict[str, Any], Callable[..., Outcome]]]:
    """For each program: what its members take, and the program of one run."""
    shape = (size.learners, size.blocks, EPISODES)

    def of(family: str) -> dict[str, tuple[float, ...]]:
        return {name: METHODS[name].numbers for name in names if METHODS[name].family == family}

    def scheme(discount: float, rounds: float, weights: float, rates: float) -> gradient.Scheme:
        return gradient.Scheme(*map(jnp.float32, (discount, rounds * size.interval, weights, rates)))

    programs: list[tuple[dict[str, Any], Callable[..., Outcome]]] = [
        ({n: scheme(*v) for n, v in of("gradient").items()}, lambda k, g, s: settle(gradient.learn(k, g, s, *shape))),
        ({n: jnp.float32(*v) for n, v in of("ppo").items()}, lambda k, g, d: settle(ppo.learn(k, g, d, *shape))),
        ({n: jnp.float32(*v) for n, v in of("q").items()}, lambda k, g, d: settle(q_learning.learn(k, g, d, *shape))),
    ]
    for name, (lifetime,) in of("evolution").items():
        learn = partial(_evolve, shape=shape, lifetime=int(lifetime))
        programs.append(({name: jnp.float32(0)}, learn))
    return [(numbers, program) for numbers, program in programs if numbers]


def _evolve(key: Key[Array, ""], game: Game, _: Any, shape: tuple[int, int, int], lifetime: int) -> Outcome:
    return settle(evolution.learn(key, game, *shape, lifetime))
