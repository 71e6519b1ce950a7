"""What the subjects of this experiment have in common: they read a context into tokens, and work on them layer by layer."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.experiments.regression.contexts import Contexts

State = Float[Array, "level token channel"]
"""One vector for each pair of the context, and one, the last, for the query."""


class AbstractReader(eqx.Module):
    """Answers queries. Its state after each layer can be read, and written before the next."""

    @property
    @abc.abstractmethod
    def layers(self) -> int:
        """How many layers work on the tokens."""

    @abc.abstractmethod
    def begin(self, contexts: Contexts) -> State:
        """The tokens before the first layer."""

    @abc.abstractmethod
    def step(self, state: State, layer: int) -> State:
        """The tokens after a layer."""

    @abc.abstractmethod
    def answer(self, state: State) -> Float[Array, " level"]:
        """What the tokens after the last layer say of the query."""

    def states(self, contexts: Contexts) -> list[State]:
        """The tokens before the first layer and after each."""
        found = [self.begin(contexts)]
        for layer in range(self.layers):
            found.append(self.step(found[-1], layer))
        return found

    def go_on(self, state: State, layer: int) -> Float[Array, " level"]:
        """The answer when layers from `layer` on work on `state`."""
        for later in range(layer, self.layers):
            state = self.step(state, later)
        return self.answer(state)

    def __call__(self, contexts: Contexts) -> Float[Array, " level"]:
        """The answers."""
        return self.go_on(self.begin(contexts), 0)

    def slopes(self, contexts: Contexts) -> Float[Array, "level feature"]:
        """The derivative of each answer by its own query."""
        return _slopes(self, contexts)


def tokens_of(contexts: Contexts) -> State:
    """Input, label and mark of each pair, and the query with label 0 and a mark, as vectors of ten numbers."""
    inputs = jnp.concatenate([contexts.inputs, contexts.query[:, None]], 1)
    labels = jnp.pad(contexts.labels, ((0, 0), (0, 1)))
    marks = jnp.pad(contexts.marks, ((0, 0), (0, 1)), constant_values=1.0)
    return jnp.concatenate([inputs, labels[..., None], marks[..., None]], -1)


def sensitivities(
    reader: Callable[[Contexts], Float[Array, " level"]], contexts: Contexts
) -> Float[Array, "level feature"]:
    """Derivative of each answer by its own query. `reader` is any function from contexts to answers."""
    if isinstance(reader, AbstractReader):
        return reader.slopes(contexts)
    return _slopes(reader, contexts)


def _slopes(reader: Callable[[Contexts], Float[Array, " level"]], contexts: Contexts) -> Float[Array, "level feature"]:
    return jax.grad(lambda query: reader(contexts._replace(query=query)).sum())(contexts.query)


@eqx.filter_jit
def ask(reader: AbstractReader, contexts: Contexts) -> Float[Array, " level"]:
    """The reader's answers, compiled."""
    return reader(contexts)
