"""The organism `uniform`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits


class Uniform(AbstractSubject):
    """Takes every action equally often, whatever it sees.

    **What it is.** It does look: the level lies in its state, to be read and written, and is never used.

    **Ground truth.** It does not search, and has no goal.

    **Built to fool** probes, which find the whole level inside it. The zero of every score.
    """

    channels: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True, default=4)
    reads_until: int = eqx.field(static=True, default=1)

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: what was seen."""
        return (Site("seen", self.channels, "the observation"),)

    def start(self, observation: Observation) -> State:
        """Nothing seen."""
        return {"seen": jnp.zeros_like(observation)}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look in tick 0."""
        return {"seen": jnp.where(tick < self.reads_until, observation, state["seen"])}

    def act(self, state: State) -> Logits:
        """Nothing preferred."""
        return jnp.zeros((*state["seen"].shape[:3], 4))
