"""A price on thinking: how long to think is learned together with what to think, and every tick costs."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.errors import UsageError
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.learned.thinking import ThinkingNet

SHARPNESS = 10.0
"""Logits are the learned numbers times this, so that a few hundred steps of Adam can settle on one tick."""


class HaltingDistribution(eqx.Module):
    """How likely it is to answer after each number of ticks that it may answer after, `first` the fewest.

    It belongs to training; what is handed over thinks for the most likely number.
    """

    learned: Float[Array, " choice"]
    first: int = eqx.field(static=True)

    def chances(self) -> Float[Array, " choice"]:
        """One for each number of ticks from `first` on."""
        return jax.nn.softmax(SHARPNESS * self.learned)

    def ticks(self) -> Float[Array, " choice"]:
        """These numbers of ticks."""
        return self.first + jnp.arange(len(self.learned), dtype=jnp.float32)

    def most_likely(self) -> int:
        """The number of ticks that what is handed over thinks for; the fewest of equals."""
        return self.first + int(jnp.argmax(self.learned))


def fresh_pace(subject: AbstractSubject) -> HaltingDistribution:
    """All numbers of ticks equally likely. One that only glances must think for a tick beyond its last look."""
    net = thinking_net(subject)
    first = net.reads_until + 1 if net.reads_until < net.ticks else 1
    return HaltingDistribution(jnp.zeros(net.ticks - first + 1), first)


def thinking_net(subject: AbstractSubject) -> ThinkingNet:
    """`subject`, if it can think for any number of ticks; `UsageError` otherwise."""
    if not isinstance(subject, ThinkingNet):
        raise UsageError(
            f"option 'tick_price' of exact-policy-gradient: a {type(subject).__name__} cannot answer earlier: use the "
            "architecture 'glance' or 'recall'"
        )
    return subject


def answers(
    subject: AbstractSubject, observation: Observation, first: int
) -> Float[Array, "choice level height width action"]:
    """What the subject would answer after each number of ticks from `first` to its own."""

    @jax.checkpoint
    def tick(state, t):
        state = subject.think(state, observation, t)
        return state, subject.act(state)

    _, found = jax.lax.scan(tick, subject.start(observation), jnp.arange(subject.ticks))
    return found[first - 1 :]
