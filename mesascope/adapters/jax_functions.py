"""JAX functions as subjects: any callable on observations, or three that compute in ticks."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from mesascope.core.errors import SubjectError
from mesascope.core.subject import AbstractPolicy, AbstractSubject, Observation, Site, State


class JaxSubject(AbstractPolicy):
    """A black box: one function from observation to logits."""

    answer: Callable[..., Any]
    params: PyTree

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """What the function says."""
        return jnp.asarray(_with(self.params, self.answer)(observation))


class JaxSteps(AbstractSubject):
    """A subject with sites made of three functions."""

    begin: Callable[..., Any]
    step: Callable[..., Any]
    answer: Callable[..., Any]
    params: PyTree
    named: tuple[Site, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that were named."""
        return self.named

    def start(self, observation: Observation) -> State:
        """The state before the first tick, from the number and size of the levels alone."""
        return _with(self.params, self.begin)(*observation.shape[:3])

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One tick."""
        return _with(self.params, self.step)(state, observation, tick)

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """The answer, from the state alone."""
        return _with(self.params, self.answer)(state)


def jax_subject(logits: Callable[..., Any], params: PyTree = None) -> JaxSubject:
    """A black box from `logits(observation)`, or `logits(params, observation)` where there are params.

    The observation has shape (level, height, width, channel) and the answer (level, height, width, 4). Weights that are
    given as `params`, or are leaves of a module, belong to the identity of an audit; those in a closure do not.

    Args:
        logits: The function, written with `jax.numpy`.
        params: Arrays given to it first.

    Returns:
        A subject without sites.

    Example:
        >>> import jax.numpy as jnp
        >>> jax_subject(lambda observation: jnp.zeros((*observation.shape[:3], 4))).sites
        ()
    """
    return JaxSubject(logits, params)


def jax_steps(
    *,
    start: Callable[..., Any],
    think: Callable[..., Any],
    act: Callable[..., Any],
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    params: PyTree = None,
) -> JaxSteps:
    """A subject with sites from `start(levels, height, width)`, `think(state, observation, tick)` and `act(state)`.

    States are dicts of maps (level, height, width, channels), one for each of `sites`, and hold all that goes from tick
    to tick. Where there are `params` each function is given them first. `SubjectError` for ticks that cannot be;
    `mesascope.conformance.check_subject.check_subject` looks at the rest.

    Args:
        start: The state before the first tick, from the numbers of levels, rows and columns.
        think: The state after a tick, counted from 0.
        act: Logits (level, height, width, action), from the state alone.
        sites: The maps of a state.
        ticks: Ticks of thinking.
        reads_until: The first tick that does not use the observation.
        params: Arrays given to each function first.

    Returns:
        A subject with sites.

    Raises:
        SubjectError: For ticks that cannot be.

    Example:
        >>> import jax.numpy as jnp
        >>> from mesascope.core.subject import Site
        >>> subject = jax_steps(
        ...     start=lambda levels, height, width: {"seen": jnp.zeros((levels, height, width, 7))},
        ...     think=lambda state, observation, tick: {"seen": observation},
        ...     act=lambda state: state["seen"][..., :4],
        ...     sites=(Site("seen", 7, "what is seen"),), ticks=1, reads_until=1)
        >>> subject.ticks
        1
    """
    if ticks < 1 or not 0 <= reads_until <= ticks:
        raise SubjectError(f"expected ticks from 1 and reads_until from 0 to ticks; found {ticks} and {reads_until}")
    return JaxSteps(start, think, act, params, tuple(sites), ticks, reads_until)


def _with(params: PyTree, function: Callable[..., Any]) -> Callable[..., Any]:
    return function if params is None else lambda *given: function(params, *given)
