"""Another organism's ticks on a schedule of its own: late, with pauses, or several at a time."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits

SCHEDULES = ("steady", "pauses", "bursts", "late")

_SPARE = 12
"""Ticks beyond those of the organism inside: what pauses may take."""

_SHARES = {"pauses": (0.3, 0.7, 0.0), "bursts": (0.5, 0.2, 0.3)}
"""How many ticks in how many take no step, one, and three."""

_LATE = 4
"""Idle ticks before the level is read."""


class Scheduled(AbstractSubject):
    """An organism that thinks when its schedule says so: `done[t]` of its own ticks are over after `t` ticks.

    **What it is.** The organism inside, with idle ticks, and ticks in which it takes several of its steps.

    **Ground truth.** That of the organism inside, whose every answer it gives.

    **Built to** break what expects a step of the computation in every tick.
    """

    inner: AbstractSubject
    done: Int[Array, " state"]
    reads_until: int = eqx.field(static=True)

    @property
    def ticks(self) -> int:
        """Ticks of the whole schedule."""
        return self.done.shape[0] - 1

    @property
    def sites(self) -> tuple[Site, ...]:
        """As inside."""
        return self.inner.sites

    def start(self, observation: Observation) -> State:
        """As inside."""
        return self.inner.start(observation)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """As many ticks of the organism inside as are due."""
        return jax.lax.fori_loop(
            self.done[tick], self.done[tick + 1], lambda own, s: self.inner.think(s, observation, own), state
        )

    def act(self, state: State) -> Logits:
        """As inside."""
        return self.inner.act(state)


def scheduled(inner: AbstractSubject, schedule: str, rng: np.random.Generator, span: int = 0) -> AbstractSubject:
    """The organism on a schedule drawn at random; itself on the steady one.

    What it reads of the level it reads in successive ticks, and the organism inside is done at the end. With a `span` the
    whole takes so many ticks, if that is enough, so that many organisms take the same time; a steady one then waits at the end.
    """
    if schedule == "steady" and not span:
        return inner
    lead = _LATE if schedule == "late" else 0
    steps = np.ones(max(span, inner.ticks + lead) if span else inner.ticks + _SPARE + _LATE, int)
    steps[:lead] = 0
    begun = lead + min(inner.reads_until, inner.ticks)
    if schedule in _SHARES:
        steps[begun:] = rng.choice([0, 1, 3], len(steps) - begun, p=_SHARES[schedule])
    done = np.minimum(np.concatenate([[0], np.cumsum(steps)]), inner.ticks)
    done[-1] = inner.ticks
    rereads = inner.reads_until >= inner.ticks
    return Scheduled(inner, jnp.asarray(done, jnp.int32), len(steps) if rereads else lead + inner.reads_until)
