"""The organism `uniform`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.organism import AbstractOrganism


class Uniform(AbstractOrganism):
    """Takes every action equally often, whatever it sees.

    **What it is.** It does look: the level lies in its state, to be read and written, and is never used.

    **Ground truth.** It does not search, and has no goal.

    **Built to fool** probes, which find the whole level inside it. The zero of every score.
    """

    channels: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site: what was seen."""
        return (Site("seen", self.channels, "the observation"),)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Look in tick 0."""
        return {"seen": jnp.where(tick < self.reads_until, observation, state["seen"])}

    def act(self, state: State) -> Logits:
        """Nothing preferred."""
        return jnp.zeros((*state["seen"].shape[:3], 4))
