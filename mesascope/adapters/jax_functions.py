"""JAX functions as subjects: any callable on observations, or three that compute in ticks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, SupportsIndex

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from mesascope.adapters.steps import Answering
from mesascope.core.actions import checked_actions
from mesascope.core.errors import SubjectError
from mesascope.core.subject import FULL, MAP, AbstractPolicy, AbstractSubject, Site, State


class JaxSubject(AbstractPolicy):
    """A black box: one function from observation to logits."""

    answer: Callable[..., Any]
    params: PyTree
    view: str = eqx.field(static=True, default=MAP)
    answering: Answering | None = eqx.field(static=True, default=None)

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Names of its actions, where they were given."""
        return None if self.answering is None else self.answering.names

    def for_actions(self, actions: tuple[str, ...]) -> "JaxSubject":
        """Its answers in the order of a world's actions; `SubjectError` where they are not the same."""
        return self if self.answering is None else replace(self, answering=self.answering.put(actions))

    def logits(self, observation: Array) -> Float[Array, "level *place action"]:
        """What the function says."""
        return _in_order(self.answering, _with(self.params, self.answer)(observation))


class JaxSteps(AbstractSubject):
    """A subject with sites made of three functions."""

    begin: Callable[..., Any]
    step: Callable[..., Any]
    answer: Callable[..., Any]
    params: PyTree
    named: tuple[Site, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)
    recurrent: bool = eqx.field(static=True, default=False)
    view: str = eqx.field(static=True, default=MAP)
    answering: Answering | None = eqx.field(static=True, default=None)
    hidden_bits: float | None = eqx.field(static=True, default=None)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that were named."""
        return self.named

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Names of its actions, where they were given."""
        return None if self.answering is None else self.answering.names

    def for_actions(self, actions: tuple[str, ...]) -> "JaxSteps":
        """Its answers in the order of a world's actions; `SubjectError` where they are not the same."""
        return self if self.answering is None else replace(self, answering=self.answering.put(actions))

    def start(self, observation: Array) -> State:
        """The state before the first tick, from the number and size of the levels alone."""
        return _with(self.params, self.begin)(*observation.shape[:3])

    def think(self, state: State, observation: Any, tick: Int[Array, ""]) -> State:
        """One tick."""
        return _with(self.params, self.step)(state, observation, tick)

    def act(self, state: State) -> Float[Array, "*place action"]:
        """The answer, from the state alone."""
        return _in_order(self.answering, _with(self.params, self.answer)(state))


def jax_subject(
    logits: Callable[..., Any],
    params: PyTree = None,
    *,
    view: str = MAP,
    actions: Sequence[str] | SupportsIndex | None = None,
) -> JaxSubject:
    """A black box from `logits(observation)`, or `logits(params, observation)` where there are params.

    The observation has shape (level, height, width, channel) and the answer (level, height, width, action); with another view
    than the map (level, state, ...) and (level, state, action). Weights that are given as `params`, or are leaves of a module,
    belong to the identity of an audit; those in a closure do not.

    Args:
        logits: The function, written with `jax.numpy`.
        params: Arrays given to it first.
        view: Name of the world's view that it is shown.
        actions: Names of the actions in the order of its logits, which an audit puts in the order of its world; the world's own,
            unless given.

    Returns:
        A subject without sites.

    Raises:
        UsageError: The actions are no names, each once.

    Example:
        >>> import jax.numpy as jnp
        >>> jax_subject(lambda observation: jnp.zeros((*observation.shape[:3], 4))).sites
        ()
    """
    return JaxSubject(logits, params, view, _answering(actions))


def jax_steps(
    *,
    start: Callable[..., Any],
    think: Callable[..., Any],
    act: Callable[..., Any],
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    params: PyTree = None,
    recurrent: bool = False,
    view: str | None = None,
    actions: Sequence[str] | SupportsIndex | None = None,
    hidden_bits: float | None = None,
) -> JaxSteps:
    """A subject with sites from `start(levels, height, width)`, `think(state, observation, tick)` and `act(state)`.

    States are dicts of maps (level, height, width, channels), one for each of `sites`, and hold all that goes from tick
    to tick. Where there are `params` each function is given them first. `SubjectError` for ticks that cannot be;
    `mesascope.conformance.check_subject.check_subject` looks at the rest.

    With `recurrent` the state survives a step of the environment, `think` is given what is seen in each actor's state (of the
    view `full` a `mesascope.core.subject.View`), and `act` answers with a row of logits for each actor.

    Args:
        start: The state before the first tick, from the numbers of levels, rows and columns.
        think: The state after a tick, counted from 0.
        act: Logits (level, height, width, action), from the state alone.
        sites: The maps of a state.
        ticks: Ticks of thinking.
        reads_until: The first tick that does not use the observation.
        params: Arrays given to each function first.
        recurrent: Whether the state survives a step of the environment.
        view: Name of the world's view that it is shown; the map, or `full` of a recurrent one, unless given.
        actions: Names of the actions in the order of its logits; the world's own unless given.
        hidden_bits: Bits that the functions keep where JAX does not see them, behind a callback or a foreign function. Unless
            given, none where they call no such code, and infinitely many where they do.

    Returns:
        A subject with sites.

    Raises:
        SubjectError: For ticks that cannot be.
        UsageError: The actions are no names, each once.

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
    shown = view or (FULL if recurrent else MAP)
    answering = _answering(actions)
    return JaxSteps(
        start, think, act, params, tuple(sites), ticks, reads_until, recurrent, shown, answering, hidden_bits
    )


def _answering(actions: Sequence[str] | SupportsIndex | None) -> Answering | None:
    return None if actions is None else Answering(checked_actions(actions))


def _in_order(answering: Answering | None, logits: Any) -> Float[Array, "*place action"]:
    given = jnp.asarray(logits)
    return given if answering is None or answering.order is None else given[..., jnp.asarray(answering.order)]


def _with(params: PyTree, function: Callable[..., Any]) -> Callable[..., Any]:
    return function if params is None else lambda *given: function(params, *given)
