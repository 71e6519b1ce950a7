"""The runs of a subject that `check_subject` compares."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.rollouts import seen_at, think_ticks, view_of
from mesascope.core.subject import FULL, AbstractSubject, Observation, State


@eqx.filter_jit
def answers(subject: AbstractSubject, observation: Array) -> Array:
    """The logits of a subject that is not recurrent."""
    return subject.logits(observation)


def first_states(subject: AbstractSubject, observation: Array) -> tuple[State, State]:
    """The state before the first tick and after it."""
    first = first_shown(subject, observation) if subject.recurrent else observation
    start, cell = subject.start(first), jnp.zeros(observation.shape[0], jnp.int32)
    shown = _shown(subject, observation, cell, jnp.array(0)) if subject.recurrent else observation
    return start, subject.think(start, shown, jnp.array(0))


def _shown(subject: AbstractSubject, observation: Array, state: Int[Array, " actor"], age: Int[Array, ""]) -> Any:
    """What a recurrent subject's actors are shown: the maps with the actors, or what is seen in their states."""
    if subject.view == FULL and observation.ndim == 4:
        return view_of(subject, observation, state, age)
    seen = observation[jnp.arange(len(state)), state]
    return seen_at(subject, seen, age) if subject.view == FULL else seen


def first_shown(subject: AbstractSubject, observation: Array) -> Array:
    """What a recurrent subject starts from: maps, or what is seen in a state."""
    if subject.view == FULL and observation.ndim == 4:
        return observation
    return observation[:, 0, ..., :-1] if subject.view == FULL else observation[:, 0]


@eqx.filter_jit
def run_blinded(subject: AbstractSubject, observation: Observation, other: Observation) -> tuple[State, State, Array]:
    """The last state of a subject that is shown the levels, of one that is shown others from `reads_until` on, and the
    logits.
    """

    def tick(states: tuple[State, State], t: Array) -> tuple[tuple[State, State], None]:
        honest, blinded = states
        shown = jnp.where(t < subject.reads_until, observation, other)
        return (subject.think(honest, observation, t), subject.think(blinded, shown, t)), None

    start = subject.start(observation)
    (end, blinded), _ = jax.lax.scan(tick, (start, start), jnp.arange(subject.ticks))
    return end, blinded, subject.act(end)


@eqx.filter_jit
def run_episode(subject: AbstractSubject, observation: Array, cells: Int[Array, "step actor"]) -> tuple[State, Array]:
    """State and logits of a recurrent subject after it stood in these cells."""

    def step(state: State, now):
        cell, age = now
        return think_ticks(subject, state, _shown(subject, observation, cell, age)), None

    state = jax.lax.scan(step, subject.start(first_shown(subject, observation)), (cells, jnp.arange(len(cells))))[0]
    return state, subject.act(state)
