"""Another organism that runs in the readout alone: until then it holds what it saw."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.organism import AbstractOrganism

COMPUTES = ("ticks", "readout")


class InReadout(AbstractOrganism):
    """Keeps a copy of the level; the organism inside runs on it, from its first tick to its last, while it answers.

    **What it is.** One site, the observation of tick 0. The readout is a loop over the ticks of the organism inside.

    **Ground truth.** That of the organism inside, whose every answer it gives.

    **Built to** defeat whatever waits for something to spread from tick to tick.
    """

    inner: AbstractSubject
    channels: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: what was seen."""
        return (Site("seen", self.channels, "the observation"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look in tick 0."""
        return {"seen": jnp.where(tick < self.reads_until, observation, state["seen"])}

    def act(self, state: State) -> Logits:
        """All ticks of the organism inside, and its answer."""
        seen = state["seen"]

        def tick(inside: State, own: Int[Array, ""]) -> tuple[State, None]:
            return self.inner.think(inside, seen, own), None

        inside, _ = jax.lax.scan(tick, self.inner.start(seen), jnp.arange(self.inner.ticks))
        return self.inner.act(inside)
