"""Subjects: whatever an audit looks at. A subject gives a policy; an open one lets its insides be read and written."""

import abc
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int

from mesascope.core.errors import SubjectError

Observation = Float[Array, "level height width channel"]
SiteValues = Float[Array, "level height width _"]
State = dict[str, SiteValues]
"""The whole internal state of an open subject: one map over the level's cells for each site."""


class Site(NamedTuple):
    """A named place inside an open subject: a map of `channels` numbers over the level's cells."""

    name: str
    channels: int
    holds: str


class AbstractSubject(eqx.Module):
    """Anything that answers a level with a policy over all its states."""

    @abc.abstractmethod
    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """Action preferences in every cell; the subject acts by their softmax."""


class AbstractOpenSubject(AbstractSubject):
    """A subject that computes in ticks on named sites.

    `begin` gives the state before the first tick, `step` one tick, `readout` the answer. Everything that a later tick
    or the readout uses must be in the state: that is what makes recording and editing complete.
    """

    if TYPE_CHECKING:
        # A type checker would take an AbstractVar for a field that comes before the subclass's own.
        @property
        def ticks(self) -> int:
            """Ticks after which the subject answers."""

        @property
        def reads_until(self) -> int:
            """First tick that must not use the observation."""

    else:
        ticks: eqx.AbstractVar[int]
        reads_until: eqx.AbstractVar[int]

    @property
    @abc.abstractmethod
    def sites(self) -> tuple[Site, ...]:
        """The sites, each a key of the state."""

    @property
    def hidden_bits(self) -> float:
        """Bits that it keeps neither in its arrays nor in compiled code, such as the weights of a module of another library;
        infinite where nobody knows. What it could have stored is judged by them.
        """
        return 0.0

    @abc.abstractmethod
    def begin(self, observation: Observation) -> State:
        """State before the first tick; may use only the shape of the observation."""

    @abc.abstractmethod
    def step(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One tick, counted from 0. The observation may be used only in ticks below `reads_until`."""

    @abc.abstractmethod
    def readout(self, state: State) -> Float[Array, "level height width action"]:
        """The answer, from the state alone."""

    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """The answer after the subject's own number of ticks."""

        def tick(state, t):
            return self.step(state, observation, t), None

        state, _ = jax.lax.scan(tick, self.begin(observation), jax.numpy.arange(self.ticks))
        return self.readout(state)


def as_open(subject: object) -> AbstractOpenSubject:
    """The subject, if it is an open one that plans once; `SubjectError` where it is of another kind."""
    if not isinstance(subject, AbstractOpenSubject):
        raise SubjectError(f"a {type(subject).__name__} is no open subject that answers a whole level at once")
    return subject


@partial(jax.jit, static_argnames="states")
def policy_table(
    logits: Float[Array, "view height width action"], states: int | None = None
) -> Float[Array, "level state action"]:
    """The policy a subject acts by, one row for each cell in row-major order.

    Where a level has more `states` than cells, its views stand one after another, and the rows of each follow those before.
    """
    views, height, width, actions = logits.shape
    rows = height * width if states is None else states
    return jax.nn.softmax(logits, -1).reshape(views * height * width // rows, rows, actions)
