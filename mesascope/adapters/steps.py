"""Subjects whose computation is plain Python on NumPy arrays; the PyTorch and black-box adapters are built on them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from mesascope.adapters.checks import checked_logits, checked_state, digest
from mesascope.adapters.host import host_call
from mesascope.core.errors import SubjectError
from mesascope.core.subject import AbstractOpenSubject, AbstractSubject, Observation, Site, State

NumpyState = Mapping[str, np.ndarray]


class Steps(NamedTuple):
    """An agent that computes in ticks, as functions of NumPy arrays; what each takes and gives is that of
    `AbstractOpenSubject`, but `begin` is given levels, height and width, and the tick is an integer.

    `logits`, where there is one, is the agent's own way to its answer: `check_subject` holds the steps against it.
    """

    begin: Callable[[int, int, int], NumpyState]
    step: Callable[[NumpyState, np.ndarray, int], NumpyState]
    readout: Callable[[NumpyState], np.ndarray]
    logits: Callable[[np.ndarray], np.ndarray] | None = None


class HostSubject(AbstractSubject):
    """A closed subject: `answer` maps an observation to logits, both NumPy arrays with channels last."""

    answer: Callable[[np.ndarray], np.ndarray] = eqx.field(static=True)
    weights: UInt32[Array, "8"]

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """The agent's answer; `SubjectError` where it is of another shape or not finite."""
        shape = _levels(observation)
        return host_call(lambda seen: [checked_logits(self.answer(seen), shape)], [(*shape, 4)], observation)[0]


class HostOpenSubject(AbstractOpenSubject):
    """An open subject made of `Steps`. `weights` is a digest of what its answers depend on."""

    steps: Steps = eqx.field(static=True)
    named: tuple[Site, ...] = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)
    weights: UInt32[Array, "8"]

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that were named."""
        return self.named

    def begin(self, observation: Observation) -> State:
        """The state before the first tick, from the number and size of the levels alone."""
        shape = _levels(observation)

        def begin(_) -> list[np.ndarray]:
            return self._flat(self.steps.begin(*shape), shape, "before the first tick")

        return self._named(host_call(begin, self._shapes(shape), jnp.zeros(())))

    def step(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One tick."""
        shape = _levels(observation)
        names = [site.name for site in self.named]

        def step(seen: np.ndarray, tick: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
            after = self.steps.step(dict(zip(names, values, strict=True)), seen, int(tick))
            return self._flat(after, shape, f"after tick {int(tick)}")

        values = (state[name] for name in names)
        return self._named(host_call(step, self._shapes(shape), observation, jnp.asarray(tick), *values))

    def readout(self, state: State) -> Float[Array, "level height width action"]:
        """The answer, from the state alone."""
        names = [site.name for site in self.named]
        shape = _levels(state[names[0]])

        def readout(*values: np.ndarray) -> list[np.ndarray]:
            return [checked_logits(self.steps.readout(dict(zip(names, values, strict=True))), shape, "the readout")]

        return host_call(readout, [(*shape, 4)], *(state[name] for name in names))[0]

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """The agent's own answer where it has a way of its own to it, else that of its steps."""
        if self.steps.logits is None:
            return super().logits(observation)
        shape, answer = _levels(observation), self.steps.logits
        return host_call(lambda seen: [checked_logits(answer(seen), shape)], [(*shape, 4)], observation)[0]

    def _flat(self, state: object, shape: tuple[int, int, int], when: str) -> list[np.ndarray]:
        checked = checked_state(state, self.named, shape, when)
        return [checked[site.name] for site in self.named]

    def _named(self, values: tuple[Array, ...]) -> State:
        return {site.name: value for site, value in zip(self.named, values, strict=True)}

    def _shapes(self, shape: tuple[int, int, int]) -> list[tuple[int, ...]]:
        return [(*shape, site.channels) for site in self.named]


def numpy_steps(
    steps: Steps,
    *,
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    weights: Mapping[str, np.ndarray] | None = None,
) -> HostOpenSubject:
    """An open subject from functions of NumPy arrays, channels last.

    `sites` name all that the functions hand from tick to tick. `weights` are the arrays that the answers depend on: an
    audit of others is another audit. `SubjectError` for numbers of ticks or names of sites that cannot be.
    """
    names = [site.name for site in sites]
    if not names or len(set(names)) < len(names):
        raise SubjectError(f"a subject needs sites, each with a name of its own; found {names}")
    if ticks < 1 or not 0 <= reads_until <= ticks:
        raise SubjectError(f"expected ticks from 1 and reads_until from 0 to ticks; found {ticks} and {reads_until}")
    return HostOpenSubject(steps, tuple(sites), ticks, reads_until, digest((weights or {}).items()))


def _levels(maps: Array) -> tuple[int, int, int]:
    levels, height, width = maps.shape[:3]
    return levels, height, width
