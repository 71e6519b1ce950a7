"""The runs of a subject that `check_subject` compares."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Shaped

from mesascope.core.rollouts import think_ticks, view_of
from mesascope.core.subject import AbstractSubject, Observation, State


@eqx.filter_jit
def answers(subject: AbstractSubject, observation: Shaped[Array, "level ..."]) -> Array:
    """The logits of a subject that answers all states."""
    return subject.logits(observation)


def first_states(subject: AbstractSubject, observation: Observation) -> tuple[State, State]:
    """The state before the first tick and after it."""
    start, cell = subject.start(observation), jnp.zeros(observation.shape[0], jnp.int32)
    shown = view_of(subject, observation, cell, jnp.array(0)) if subject.recurrent else observation
    return start, subject.think(start, shown, jnp.array(0))


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
def run_episode(
    subject: AbstractSubject, observation: Observation, cells: Int[Array, "step actor"]
) -> tuple[State, Array]:
    """State and logits of a recurrent subject after it stood in these cells."""

    def step(state: State, now):
        cell, age = now
        return think_ticks(subject, state, view_of(subject, observation, cell, age)), None

    state = jax.lax.scan(step, subject.start(observation), (cells, jnp.arange(len(cells))))[0]
    return state, subject.act(state)
