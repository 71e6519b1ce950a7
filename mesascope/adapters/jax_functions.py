"""JAX functions as subjects: any callable on observations, or three that compute in ticks."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from mesascope.core.errors import SubjectError
from mesascope.core.subject import AbstractOpenSubject, AbstractSubject, Observation, Site, State


class JaxSubject(AbstractSubject):
    """A closed subject: one function from observation to logits."""

    answer: Callable[..., Any]
    params: PyTree

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """What the function says."""
        return jnp.asarray(_with(self.params, self.answer)(observation))


class JaxOpenSubject(AbstractOpenSubject):
    """An open subject made of three functions."""

    start: Callable[..., Any]
    tick: Callable[..., Any]
    answer: Callable[..., Any]
    params: PyTree
    named: tuple[Site, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that were named."""
        return self.named

    def begin(self, observation: Observation) -> State:
        """The state before the first tick, from the number and size of the levels alone."""
        return _with(self.params, self.start)(*observation.shape[:3])

    def step(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One tick."""
        return _with(self.params, self.tick)(state, observation, tick)

    def readout(self, state: State) -> Float[Array, "level height width action"]:
        """The answer, from the state alone."""
        return _with(self.params, self.answer)(state)


def jax_subject(logits: Callable[..., Any], params: PyTree = None) -> JaxSubject:
    """A closed subject from `logits(observation)`, or `logits(params, observation)` where there are params.

    The observation has shape (level, height, width, channel) and the answer (level, height, width, 4). Weights that are
    given as `params`, or are leaves of a module, belong to the identity of an audit; those in a closure do not.
    """
    return JaxSubject(logits, params)


def jax_steps(
    *,
    begin: Callable[..., Any],
    step: Callable[..., Any],
    readout: Callable[..., Any],
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    params: PyTree = None,
) -> JaxOpenSubject:
    """An open subject from `begin(levels, height, width)`, `step(state, observation, tick)` and `readout(state)`.

    States are dicts of maps (level, height, width, channels), one for each of `sites`, and hold all that goes from tick
    to tick. Where there are `params` each function is given them first. `SubjectError` for ticks that cannot be;
    `mesascope.conformance.check_subject.check_subject` looks at the rest.
    """
    if ticks < 1 or not 0 <= reads_until <= ticks:
        raise SubjectError(f"expected ticks from 1 and reads_until from 0 to ticks; found {ticks} and {reads_until}")
    return JaxOpenSubject(begin, step, readout, params, tuple(sites), ticks, reads_until)


def _with(params: PyTree, function: Callable[..., Any]) -> Callable[..., Any]:
    return function if params is None else lambda *given: function(params, *given)
