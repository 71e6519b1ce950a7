"""What every base optimizer provides: a state that is a pytree of arrays, and one pure update of it."""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree, UInt32

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class Metrics(NamedTuple):
    """Of one update: its loss, the gradient's norm, and the mean return by the base objective that it began with."""

    loss: Float[Array, ""]
    mean_return: Float[Array, ""]
    gradient_norm: Float[Array, ""]


class TrainState(eqx.Module):
    """All that training carries from one update to the next; every leaf is an array.

    Random keys are not carried: they are derived from `seed_key` and `updates` by name, so that an update is the same
    however training was cut into pieces.
    """

    subject: AbstractSubject
    extra: PyTree
    """What the optimizer learns and does not hand over, such as a critic; () for most."""
    optimizer: PyTree
    seed_key: UInt32[Array, " word"]
    updates: Int[Array, ""]
    buffer: PyTree = ()
    """Levels that are kept to be trained on again, for optimizers that do; () for most."""

    def key(self, *names: str | int) -> PRNGKeyArray:
        """The key of a stream of this training, the same at every update."""
        return named_key(jax.random.wrap_key_data(self.seed_key), *names)

    def update_key(self, *names: str | int) -> PRNGKeyArray:
        """The key of a stream of this update."""
        return jax.random.fold_in(self.key(*names), self.updates)


class AbstractBaseOptimizer(eqx.Module):
    """Searches the parameters of a learned algorithm by the base objective of a world.

    With the seed key its own numbers determine every bit of the result. Those that shape the computation are static; of
    the others a Python number becomes part of the compiled program, and an array an argument of it (`descent.Scalar`).
    """

    updates: eqx.AbstractVar[int]
    """Updates of a whole training; the learning rate's schedule runs over them."""
    batch: eqx.AbstractVar[int]
    """Levels of one update."""
    batches: eqx.AbstractVar[int]
    """Batches of levels to go round; 0 for fresh levels at every update."""

    @abc.abstractmethod
    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update."""

    @abc.abstractmethod
    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """One update; pure, and compiled by the caller."""

    def subject(self, state: TrainState) -> AbstractSubject:
        """The learned algorithm."""
        return state.subject


def training_levels(
    key: PRNGKeyArray, world: AbstractWorld, batch: int, batches: int, update: int | Int[Array, ""]
) -> AbstractLevels:
    """The levels of an update, numbered from 0. With `batches` they come round again after so many updates.

    `key` is the seed key of the training.
    """
    number = update % batches if batches else update
    return world.draw(jax.random.fold_in(named_key(key, "levels"), number), batch)


def answers_at_once(subject: AbstractSubject, optimizer: str) -> AbstractSubject:
    """`subject`, if it answers all states; `UsageError` that says by what it can be trained otherwise."""
    if subject.answers_all_states:
        return subject
    raise UsageError(
        f"{optimizer} trains agents that answer a whole level at once, and a {type(subject).__name__} is recurrent: "
        "use the base optimizer 'walked-imitation'"
    )


def begin_state(
    key: PRNGKeyArray, subject: AbstractSubject, extra: PyTree, transform: optax.GradientTransformation
) -> TrainState:
    """A state at update 0; the transform moves the inexact arrays of subject and extra."""
    learned = eqx.filter((subject, extra), eqx.is_inexact_array)
    return TrainState(subject, extra, transform.init(learned), jax.random.key_data(key), jnp.array(0, jnp.int32))


def apply_gradient(
    state: TrainState, gradient: PyTree, transform: optax.GradientTransformation, *, last: bool = True
) -> TrainState:
    """One step of the transform along a gradient of `(subject, extra)`; `last` counts the update as done."""
    learned = (state.subject, state.extra)
    steps, optimizer = transform.update(gradient, state.optimizer, eqx.filter(learned, eqx.is_inexact_array))
    subject, extra = eqx.apply_updates(learned, steps)
    return TrainState(subject, extra, optimizer, state.seed_key, state.updates + int(last), state.buffer)
