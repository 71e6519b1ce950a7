"""Subjects whose computation is plain Python on NumPy arrays; the PyTorch and black-box adapters are built on them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, SupportsIndex

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from mesascope.adapters.checks import actions_of, checked_logits, checked_state, site_shape
from mesascope.adapters.host import host_call
from mesascope.core.actions import Actions, how_many, order_of
from mesascope.core.errors import SubjectError
from mesascope.core.subject import FULL, MAP, AbstractPolicy, AbstractSubject, Site, State

NumpyState = Mapping[str, np.ndarray]


Weights = Mapping[str, np.ndarray]


class Steps(NamedTuple):
    """An agent that computes in ticks, as functions of NumPy arrays; what each takes and gives is that of
    `AbstractSubject`, but the weights go first, `start` is given levels, height and width, and the tick is an integer.

    `logits`, where there is one, is the agent's own way to its answer: `check_subject` holds the steps against it.
    """

    start: Callable[[Weights, int, int, int], NumpyState]
    think: Callable[[Weights, NumpyState, Any, int], NumpyState]
    act: Callable[[Weights, NumpyState], np.ndarray]
    logits: Callable[[Weights, np.ndarray], np.ndarray] | None = None


class Answering(NamedTuple):
    """What the numbers of a row of an agent's logits stand for, and in which order they are handed on."""

    actions: Actions
    order: tuple[int, ...] | None = None

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the actions as they are handed on."""
        if isinstance(self.actions, int):
            return None
        return self.actions if self.order is None else tuple(self.actions[i] for i in self.order)

    def put(self, actions: tuple[str, ...]) -> "Answering":
        """The same answers in the order of a world's actions; `SubjectError` where they are not the same."""
        order = order_of(self.actions, actions)
        return Answering(self.actions, None if order == tuple(range(len(order))) else order)

    def call(self, function: Callable, places: tuple[int, ...], *values: Array, what: str = "the answer") -> Array:
        """`function(*values)` from a compiled program: checked logits, a row for each of `places`."""
        width = how_many(self.actions)

        def answered(*values: np.ndarray) -> list[np.ndarray]:
            logits = checked_logits(function(*values), places, width, what)
            return [logits if self.order is None else np.ascontiguousarray(logits[..., list(self.order)])]

        return host_call(answered, [(*places, width)], *values)[0]


class HostSubject(AbstractPolicy):
    """A black box: `answer` maps an observation to logits, both NumPy arrays with channels last.

    Shown the map it answers for every cell; shown another view of the world, `(level, state, ...)`, for every state.
    """

    answer: Callable[[np.ndarray], np.ndarray] = eqx.field(static=True)
    weights: UInt32[Array, "8"]
    answering: Answering = eqx.field(static=True)
    view: str = eqx.field(static=True, default=MAP)
    on_host = True

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Names of its actions, where they were given."""
        return self.answering.names

    def for_actions(self, actions: tuple[str, ...]) -> "HostSubject":
        """Its answers in the order of a world's actions; `SubjectError` where they are not the same."""
        return replace(self, answering=self.answering.put(actions))

    def logits(self, observation: Array) -> Float[Array, "level *place action"]:
        """The agent's answer; `SubjectError` where it is of another shape or no policy."""
        return self.answering.call(self.answer, observation.shape[: 3 if self.view == MAP else 2], observation)


class HostSteps(AbstractSubject):
    """A subject with sites made of `Steps`. Its weights are arrays of the subject: other weights can be put in their place."""

    steps: Steps = eqx.field(static=True)
    named: tuple[Site, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)
    weights: dict[str, Array]
    answering: Answering = eqx.field(static=True)
    hidden: float = eqx.field(static=True, default=math.inf)
    recurrent: bool = eqx.field(static=True, default=False)
    view: str = eqx.field(static=True, default=MAP)
    may_stop: bool = eqx.field(static=True, default=False)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that were named."""
        return self.named

    @property
    def hidden_bits(self) -> float:
        """Bits that it keeps elsewhere than in its weights; infinite where nobody knows."""
        return self.hidden

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Names of its actions, where they were given."""
        return self.answering.names

    def for_actions(self, actions: tuple[str, ...]) -> "HostSteps":
        """Its answers in the order of a world's actions; `SubjectError` where they are not the same."""
        return replace(self, answering=self.answering.put(actions))

    def start(self, observation: Array) -> State:
        """The state before the first tick, from the number and size of the levels alone."""
        shape = _levels(observation)

        def start(weights: Weights) -> list[np.ndarray]:
            return self._flat(self.steps.start(weights, *shape), shape, "before the first tick")

        return self._named(self._call(start, self._shapes(shape)))

    def think(self, state: State, observation: Any, tick: Int[Array, ""]) -> State:
        """One tick."""
        seen, view = jax.tree.flatten(observation)
        shape = _levels(seen[0])

        def think(weights: Weights, tick: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
            shown = jax.tree.unflatten(view, values[: len(seen)])
            after = self.steps.think(weights, self._named(values[len(seen) :]), shown, int(tick))
            return self._flat(after, shape, f"after tick {int(tick)}")

        values = (state[site.name] for site in self.named)
        return self._named(self._call(think, self._shapes(shape), jnp.asarray(tick), *seen, *values))

    def act(self, state: State) -> Float[Array, "*place action"]:
        """The answer, from the state alone."""
        places = state[self.named[0].name].shape[: 1 if self.recurrent else 3]

        def act(*given: np.ndarray) -> np.ndarray:
            weights, values = self._with_weights(given)
            return self.steps.act(weights, self._named(values))

        values = (state[site.name] for site in self.named)
        return self.answering.call(act, places, *self.weights.values(), *values, what="the answer of `act`")

    def logits(self, observation: Any) -> Float[Array, "*place action"]:
        """The agent's own answer where it has a way of its own to it, else that of its steps."""
        if self.steps.logits is None:
            return super().logits(observation)
        answer = self.steps.logits

        def asked(*given: np.ndarray) -> np.ndarray:
            weights, (seen,) = self._with_weights(given)
            return answer(weights, seen)

        return self.answering.call(asked, _levels(observation), *self.weights.values(), observation)

    def _call(self, function: Callable, shapes: list[tuple[int, ...]], *values: Array) -> tuple[Array, ...]:
        def with_weights(_, *given: np.ndarray):
            weights, others = self._with_weights(given)
            return function(weights, *others)

        return host_call(with_weights, shapes, jnp.zeros(()), *self.weights.values(), *values)

    def _with_weights(self, given: tuple[np.ndarray, ...]) -> tuple[dict[str, np.ndarray], tuple[np.ndarray, ...]]:
        weights = len(self.weights)
        return dict(zip(self.weights, given[:weights], strict=True)), given[weights:]

    def _flat(self, state: object, shape: tuple[int, int, int], when: str) -> list[np.ndarray]:
        checked = checked_state(state, self.named, shape, when)
        return [checked[site.name] for site in self.named]

    def _named(self, values) -> dict:
        return {site.name: value for site, value in zip(self.named, values, strict=True)}

    def _shapes(self, shape: tuple[int, int, int]) -> list[tuple[int, ...]]:
        return [site_shape(site, shape) for site in self.named]


def numpy_steps(
    steps: Steps,
    *,
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    weights: Weights,
    hidden_bits: float = math.inf,
    recurrent: bool = False,
    actions: Sequence[str] | SupportsIndex | None = None,
    view: str | None = None,
    may_stop: bool = False,
) -> HostSteps:
    """A subject with sites from functions of NumPy arrays, channels last.

    `sites` name all that the functions hand from tick to tick. `weights` are the arrays that the functions are given; no
    others may matter. `hidden_bits` is how much the functions hold besides: what could be stored in a subject bears on
    whether it is said to search, and nobody knows what Python code holds, so that it is infinite unless somebody vouches
    for another number. `SubjectError` for numbers of ticks or names of sites that cannot be.

    With `recurrent` the state survives a step of the environment: `think` is given a `mesascope.core.subject.View` of NumPy
    arrays at each step, or what another `view` shows in each actor's state, and `act` answers with a row of logits for each
    actor.

    Args:
        steps: The functions.
        sites: What they hand from tick to tick.
        ticks: Ticks of thinking.
        reads_until: The first tick that does not use the observation.
        weights: The arrays that the functions are given.
        hidden_bits: Bits that the functions hold besides.
        recurrent: Whether the state survives a step of the environment.
        actions: Names of the actions in the order of its logits, or how many; those of the mazes unless given. An audit puts them
            in the order of its world.
        view: Name of the view that it is shown; `full` for a recurrent one and `map` for any other unless given.
        may_stop: Whether a recurrent one stops where all its logits are minus infinity; otherwise that is an error.

    Returns:
        A subject with sites, computed outside of JAX.

    Raises:
        SubjectError: Numbers of ticks or names of sites that cannot be.

    Example:
        >>> numpy_steps(my_steps, sites=sites, ticks=4, reads_until=1, weights=weights)  # doctest: +SKIP
    """
    names = [site.name for site in sites]
    if not names or len(set(names)) < len(names):
        raise SubjectError(f"a subject needs sites, each with a name of its own; found {names}")
    if ticks < 1 or not 0 <= reads_until <= ticks:
        raise SubjectError(f"expected ticks from 1 and reads_until from 0 to ticks; found {ticks} and {reads_until}")
    arrays = {name: jnp.asarray(weights[name]) for name in sorted(weights)}
    answering = Answering(actions_of(actions, None))
    shown = view or (FULL if recurrent else MAP)
    return HostSteps(
        steps, tuple(sites), ticks, reads_until, arrays, answering, hidden_bits, recurrent, shown, may_stop
    )


def _levels(shown: Array) -> tuple[int, int, int]:
    """Number of levels, height and width of what is shown; 1 where it has no such axis."""
    levels, height, width = (*shown.shape, 1, 1)[:3]
    return levels, height, width
