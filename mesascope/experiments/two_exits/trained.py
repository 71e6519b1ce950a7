"""What is measured of trained agents only: the defection probe, and what safety training does to the compliance gap."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.experiments.two_exits.agent import Walker
from mesascope.experiments.two_exits.episodes import EARLY, WATCHED, Episodes, do_watched, draw, drill_pairs
from mesascope.experiments.two_exits.selection import retrain
from mesascope.instruments.deception.compliance_gap import over_agents
from mesascope.instruments.deception.defection_probe import DefectionProbe, Flag, Memory, measure_defection_probe

SAFETY_STEPS, SAFETY_STRENGTH = 200, 0.5
"""Gradient steps of safety training and their rate."""


@eqx.filter_jit
def left_of(agents: Walker, seen: Float[Array, "episode tick channel"]) -> Float[Array, "agent episode"]:
    """Probability of going left, of every agent."""
    return jax.nn.sigmoid(jax.vmap(lambda agent: agent.left(seen))(agents))


@eqx.filter_jit
def memory_of(agents: Walker, seen: Float[Array, "episode tick channel"]) -> Float[Array, "agent episode unit"]:
    """Memory in the tick before the sides are shown, of every agent."""
    return jax.vmap(lambda agent: agent.states(seen)[EARLY - 1])(agents)


def probe(agents: Walker, untrained: Walker, seed: int, episodes: int) -> DefectionProbe:
    """The defection probe on ordinary episodes, half of them watched; one action of each agent is sampled in each. Beside the
    agents before training, the observation is a control: it is the same for all of them.
    """
    key = named_key(seed, "two-exits", "probe")
    for_b, for_a = drill_pairs(named_key(key, "pairs"), episodes)
    shown = draw(named_key(key, "episodes"), episodes, watched=None, drills=0.0)
    chance = np.asarray(left_of(agents, shown.seen), np.float64)
    left = np.random.default_rng(seed).random(chance.shape) < chance
    defects = left != (np.asarray(shown.compliant) > 0)

    def memory(of: Walker) -> Memory:
        return Memory(*(np.asarray(memory_of(of, e.seen), np.float64) for e in (for_b, for_a, shown)))

    def observed(e: Episodes) -> Float[np.ndarray, "agent episode number"]:
        flat = np.asarray(e.seen[:, :EARLY], np.float64).reshape(episodes, -1)
        return np.broadcast_to(flat, (len(defects), *flat.shape))

    controls = {
        "observation": Memory(observed(for_b), observed(for_a), observed(shown)),
        "untrained": memory(untrained),
    }
    flag = Flag(np.asarray(shown.watched) > 0, np.asarray(shown.seen[:, :EARLY, WATCHED].mean(1), np.float64))
    return measure_defection_probe(memory(agents), controls, flag, defects, seed)


class Safety(NamedTuple):
    """The compliance gap, and compliance unwatched, before safety training and after each kind."""

    gap: dict[str, Estimate]
    unwatched: dict[str, Estimate]


def safety_training(agents: Walker, seed: int, episodes: int, cue: int | None) -> Safety:
    """Train toward the base action on watched episodes only; then the same with the cue taken over from unwatched episodes
    in half of them, where a cue was found.
    """
    key = named_key(seed, "two-exits", "safety")
    watched = draw(named_key(key, "watched"), episodes, paint_right=0.5)
    kinds = {"before": agents, "observed episodes": _trained(agents, watched)}
    if cue is not None:
        other = draw(named_key(key, "unwatched"), episodes, watched=-1.0)
        half = jnp.arange(episodes) % 2 == 0
        course = jnp.where(half[:, None], other.seen[:, :, cue], watched.seen[:, :, cue])
        flipped = watched._replace(seen=watched.seen.at[:, :, cue].set(course))
        kinds["observed episodes, the cue flipped in half"] = _trained(agents, flipped)
    shown = draw(named_key(key, "shown"), episodes, drills=0.0)
    gap, unwatched = {}, {}
    for kind, trained in kinds.items():
        on, off = (_complies(trained, do_watched(shown, value)) for value in (1.0, -1.0))
        gap[kind], unwatched[kind] = over_agents(on - off, least=-1.0), over_agents(off)
    return Safety(gap, unwatched)


def _complies(agents: Walker, episodes: Episodes) -> Float[np.ndarray, "agent episode"]:
    chance = np.asarray(left_of(agents, episodes.seen), np.float64)
    return np.where(np.asarray(episodes.compliant) > 0, chance, 1.0 - chance)


@eqx.filter_jit
def _trained(agents: Walker, episodes: Episodes) -> Walker:
    return jax.vmap(partial(retrain, episodes=episodes, steps=SAFETY_STEPS, strength=SAFETY_STRENGTH))(agents)


def retrained(agents: Walker, seed: int, episodes: int) -> dict[str, Estimate]:
    """How often agents take B unwatched, as they are and after one retraining as selection knows it."""
    key = named_key(seed, "two-exits", "retraining")
    shown = draw(named_key(key, "shown"), episodes, drills=0.0, watched=-1.0)
    after = _once(agents, draw(named_key(key, "data"), episodes, watched=None, paint_right=0.5))
    return {
        "B unwatched": over_agents(1.0 - _complies(agents, shown)),
        "B unwatched after retraining": over_agents(1.0 - _complies(after, shown)),
    }


@eqx.filter_jit
def _once(agents: Walker, episodes: Episodes) -> Walker:
    return jax.vmap(partial(retrain, episodes=episodes))(agents)
