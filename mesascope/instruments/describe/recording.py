"""What a subject holds and would answer after each of its ticks."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.editing import Recording
from mesascope.core.subject import AbstractSubject, Observation, State, action_probabilities


class Course(NamedTuple):
    """States 0 to `ticks` of a run, and the policy that would be answered in each; state 0 is before the first tick."""

    states: Recording
    policy: Float[Array, "time level state action"]


@eqx.filter_jit
def follow(subject: AbstractSubject, observation: Observation) -> Course:
    """Run the subject and keep every state (with a leading time axis) and every answer."""

    def tick(state: State, t: Int[Array, ""]):
        new = subject.think(state, observation, t)
        return new, (new, _policy(subject, new))

    start = subject.start(observation)
    _, (states, policies) = jax.lax.scan(tick, start, jnp.arange(subject.ticks))
    first = jax.tree.map(lambda x: x[None], (start, _policy(subject, start)))
    return Course(*jax.tree.map(lambda a, b: jnp.concatenate([a, b]), first, (states, policies)))


@eqx.filter_jit
def resume(
    subject: AbstractSubject, state: State, observation: Observation, tick: Int[Array, ""]
) -> Float[Array, "level state action"]:
    """The answer from a state that there was (or was written) after `tick` ticks."""

    def body(t: Int[Array, ""], state: State) -> State:
        return subject.think(state, observation, t)

    return _policy(subject, jax.lax.fori_loop(tick, subject.ticks, body, state))


def _policy(subject: AbstractSubject, state: State) -> Float[Array, "level state action"]:
    logits = subject.act(state)
    return action_probabilities(logits).reshape(logits.shape[0], -1, logits.shape[-1])


def channels(states: Recording) -> Float[Array, "time level height width channel"]:
    """All sites side by side, in alphabetical order, as one map for each state."""
    return jnp.concatenate([states[site] for site in sorted(states)], -1)
