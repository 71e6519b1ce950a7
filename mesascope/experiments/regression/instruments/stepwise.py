"""Algorithms as readers: what each token holds after each step, so that an algorithm can be edited as a subject is.

The same algorithm can keep what it works on in different places. Each class is one algorithm at one place; tokens begin with
input and label.
"""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.experiments.regression.contexts import INPUTS, Contexts
from mesascope.experiments.regression.instruments.family import (
    NEWTON,
    NEWTON_SCALED,
    descent_tokens,
    first_tokens,
    newton_size,
)
from mesascope.experiments.regression.instruments.match import Match
from mesascope.experiments.regression.reader import AbstractReader, State

LABEL = INPUTS
FIRST = INPUTS + 1
"""The channel of the label, and the first behind it."""


class AbstractStepwise(AbstractReader):
    """An algorithm in so many steps. `rewrites_input` says that its iterate depends on inputs alone: an edit must change one."""

    rewrites_input: eqx.AbstractClassVar[bool]


class DescentOnPairs(AbstractStepwise):
    """(Preconditioned) descent that keeps, on each pair, what is left of its label, and the answer at the query."""

    rates: Float[Array, " step"]
    shrinks: Float[Array, " step"]
    rewrites_input: ClassVar[bool] = False

    @property
    def layers(self) -> int:
        """As many steps as there are rates."""
        return self.rates.shape[0]

    def begin(self, contexts: Contexts) -> State:
        """Inputs and labels."""
        return first_tokens(contexts)

    def step(self, state: State, layer: int) -> State:
        """One step."""
        return descent_tokens(state, self.rates[layer], self.shrinks[layer])

    def answer(self, state: State) -> Float[Array, " level"]:
        """What the steps have taken from the query's label."""
        return -state[:, -1, LABEL]


class DescentAtQuery(AbstractStepwise):
    """Gradient descent that keeps its weights at the query and reads the pairs anew in each step."""

    rate: Float[Array, ""]
    steps: int = eqx.field(static=True)
    rewrites_input: ClassVar[bool] = False

    @property
    def layers(self) -> int:
        """Steps."""
        return self.steps

    def begin(self, contexts: Contexts) -> State:
        """Weights of 0 behind input and label."""
        return jnp.pad(first_tokens(contexts), ((0, 0), (0, 0), (0, INPUTS)))

    def step(self, state: State, layer: int) -> State:
        """W <- w - rate (S w - b)."""
        weights, (second, first) = state[:, -1, FIRST:], _moments(state)
        slope = jnp.einsum("lfg,lg->lf", second, weights) - first
        return state.at[:, -1, FIRST:].add(-self.rate * slope)

    def answer(self, state: State) -> Float[Array, " level"]:
        """Weights times query."""
        return (state[:, -1, FIRST:] * state[:, -1, :INPUTS]).sum(-1)


class NewtonOnPairs(AbstractStepwise):
    """Newton's iteration that keeps M times its input on every pair, and reads the labels at the end."""

    size: Float[Array, ""]
    scaled: bool = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    rewrites_input: ClassVar[bool] = True

    @property
    def layers(self) -> int:
        """Steps."""
        return self.steps

    def begin(self, contexts: Contexts) -> State:
        """Input and label, and size times S times input."""
        state = first_tokens(contexts)
        second, _ = _moments(state)
        size = newton_size(second, self.size, self.scaled)
        return jnp.concatenate([state, size * state[..., :INPUTS] @ second], -1)

    def step(self, state: State, layer: int) -> State:
        """M x <- 2 M x - M S M x, for every token."""
        inputs, moved = state[..., :INPUTS], state[..., FIRST:]
        pairs = inputs.shape[1] - 1
        alike = jnp.einsum("ltf,lpf->ltp", moved, inputs[:, :-1])
        back = jnp.einsum("ltp,lpf->ltf", alike, moved[:, :-1]) / pairs
        return state.at[..., FIRST:].set(2 * moved - back)

    def answer(self, state: State) -> Float[Array, " level"]:
        """The mean over pairs of label times M x times query."""
        alike = jnp.einsum("lpf,lf->lp", state[:, :-1, FIRST:], state[:, -1, :INPUTS])
        return (alike * state[:, :-1, LABEL]).mean(-1)


class NewtonAtQuery(AbstractStepwise):
    """Newton's iteration that keeps M at the query and reads the pairs anew in each step and for the answer."""

    size: Float[Array, ""]
    scaled: bool = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    rewrites_input: ClassVar[bool] = True

    @property
    def layers(self) -> int:
        """Steps."""
        return self.steps

    def begin(self, contexts: Contexts) -> State:
        """M = size S behind input and label."""
        state = jnp.pad(first_tokens(contexts), ((0, 0), (0, 0), (0, INPUTS**2)))
        second, _ = _moments(state)
        start = newton_size(second, self.size, self.scaled) * second
        return state.at[:, -1, FIRST:].set(start.reshape(len(start), -1))

    def step(self, state: State, layer: int) -> State:
        """M <- 2 M - M S M."""
        inverse, (second, _) = self._inverse(state), _moments(state)
        changed = 2 * inverse - inverse @ second @ inverse
        return state.at[:, -1, FIRST:].set(changed.reshape(len(changed), -1))

    def answer(self, state: State) -> Float[Array, " level"]:
        """M b times query."""
        return jnp.einsum("lf,lfg,lg->l", state[:, -1, :INPUTS], self._inverse(state), _moments(state)[1])

    def _inverse(self, state: State) -> Float[Array, "level feature feature"]:
        return state[:, -1, FIRST:].reshape(-1, INPUTS, INPUTS)


def implementations(found: Match) -> list[AbstractStepwise]:
    """The matched algorithm at every place that is known here; none for what is not edited."""
    algorithm, given = found.algorithm, found.parameters
    steps = algorithm.steps or 0
    if algorithm.group == "gradient descent":
        return [DescentOnPairs(jnp.repeat(given, steps), jnp.zeros(steps)), DescentAtQuery(given[0], steps)]
    if algorithm.group == "preconditioned descent":
        return [DescentOnPairs(given[:steps], given[steps:])]
    if algorithm.group == NEWTON:
        scaled = algorithm.name.startswith(NEWTON_SCALED)
        return [NewtonOnPairs(given[0], scaled, steps), NewtonAtQuery(given[0], scaled, steps)]
    return []


def _moments(state: State) -> tuple[Float[Array, "level feature feature"], Float[Array, "level feature"]]:
    """S and b of the pairs' tokens as they stand."""
    inputs, labels = state[:, :-1, :INPUTS], state[:, :-1, LABEL]
    second = jnp.einsum("lpf,lpg->lfg", inputs, inputs) / inputs.shape[1]
    return second, jnp.einsum("lpf,lp->lf", inputs, labels) / inputs.shape[1]
