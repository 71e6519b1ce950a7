"""Subjects whose computation is plain Python on NumPy arrays; the PyTorch and black-box adapters are built on them."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from mesascope.adapters.checks import checked_logits, checked_state, site_shape
from mesascope.adapters.host import host_call
from mesascope.core.errors import SubjectError
from mesascope.core.subject import MAP, AbstractPolicy, AbstractSubject, Observation, Site, State
from mesascope.worlds.grids.grid import ACTIONS

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


class HostSubject(AbstractPolicy):
    """A black box: `answer` maps an observation to logits, both NumPy arrays with channels last.

    Shown the map it answers for every cell; shown another view of the world, `(level, state, ...)`, for every state.
    """

    answer: Callable[[np.ndarray], np.ndarray] = eqx.field(static=True)
    weights: UInt32[Array, "8"]
    view: str = eqx.field(static=True, default=MAP)
    actions: int = eqx.field(static=True, default=len(ACTIONS))

    def logits(self, observation: Array) -> Float[Array, "level *place action"]:
        """The agent's answer; `SubjectError` where it is of another shape or not finite."""
        places = observation.shape[: 3 if self.view == MAP else 2]
        return host_call(
            lambda seen: [checked_logits(self.answer(seen), places, actions=self.actions)],
            [(*places, self.actions)],
            observation,
        )[0]


class HostSteps(AbstractSubject):
    """A subject with sites made of `Steps`. Its weights are arrays of the subject: other weights can be put in their place."""

    steps: Steps = eqx.field(static=True)
    named: tuple[Site, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)
    weights: dict[str, Array]
    hidden: float = eqx.field(static=True, default=math.inf)
    recurrent: bool = eqx.field(static=True, default=False)
    actions: int = eqx.field(static=True, default=len(ACTIONS))

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that were named."""
        return self.named

    @property
    def hidden_bits(self) -> float:
        """Bits that it keeps elsewhere than in its weights; infinite where nobody knows."""
        return self.hidden

    def start(self, observation: Observation) -> State:
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

        def act(weights: Weights, *values: np.ndarray) -> list[np.ndarray]:
            answer = self.steps.act(weights, self._named(values))
            return [checked_logits(answer, places, "the answer of `act`", self.actions)]

        return self._call(act, [(*places, self.actions)], *(state[site.name] for site in self.named))[0]

    def logits(self, observation: Any) -> Float[Array, "*place action"]:
        """The agent's own answer where it has a way of its own to it, else that of its steps."""
        if self.steps.logits is None:
            return super().logits(observation)
        shape, answer = _levels(observation), self.steps.logits
        return self._call(
            lambda weights, seen: [checked_logits(answer(weights, seen), shape, actions=self.actions)],
            [(*shape, self.actions)],
            observation,
        )[0]

    def _call(self, function: Callable, shapes: list[tuple[int, ...]], *values: Array) -> tuple[Array, ...]:
        names = list(self.weights)

        def with_weights(_, *arrays: np.ndarray):
            return function(dict(zip(names, arrays, strict=False)), *arrays[len(names) :])

        return host_call(with_weights, shapes, jnp.zeros(()), *self.weights.values(), *values)

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
    actions: int = len(ACTIONS),
) -> HostSteps:
    """A subject with sites from functions of NumPy arrays, channels last.

    `sites` name all that the functions hand from tick to tick. `weights` are the arrays that the functions are given; no
    others may matter. `hidden_bits` is how much the functions hold besides: what could be stored in a subject bears on
    whether it is said to search, and nobody knows what Python code holds, so that it is infinite unless somebody vouches
    for another number. `SubjectError` for numbers of ticks or names of sites that cannot be.

    With `recurrent` the state survives a step of the environment: `think` is given a `mesascope.core.subject.View` of NumPy
    arrays at each step, and `act` answers with a row of logits for each actor.

    Args:
        steps: The functions.
        sites: What they hand from tick to tick.
        ticks: Ticks of thinking.
        reads_until: The first tick that does not use the observation.
        weights: The arrays that the functions are given.
        hidden_bits: Bits that the functions hold besides.
        recurrent: Whether the state survives a step of the environment.
        actions: How many actions there are.

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
    return HostSteps(steps, tuple(sites), ticks, reads_until, arrays, hidden_bits, recurrent, actions)


def _levels(maps: Array) -> tuple[int, int, int]:
    levels, height, width = maps.shape[:3]
    return levels, height, width
