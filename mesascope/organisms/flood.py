"""The organism `flood`."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import ahead
from mesascope.organisms.model import MODEL, enterable, goals
from mesascope.organisms.organism import AbstractModelOrganism


class Flood(AbstractModelOrganism):
    """Breadth-first search from the most valued object, in pointers and not in distances (Moore 1959).

    **What it is.** The registers of `planner`; a mark of where the wave has been; and in every cell pointers to the
    neighbors that the wave came from, all of them, latched as it passes. There is no number for how far the goal is.
    With `period` the wave starts anew every so many ticks, and the pointers of the last whole wave are the answer.

    **Ground truth.** It searches. Without a period, a cell that the wave has passed never thinks again: an edit counts
    only where it is made ahead of the wave.

    **Built to satisfy** every test of search that writes early, and to break probes for value and distance.
    """

    period: int = eqx.field(static=True)

    sites = (
        *MODEL,
        Site("wave", 1, "1 where the wave has been"),
        Site("pointers", 4, "1 for each action that leads to where the wave came from"),
        Site("plan", 4, "the pointers when the last wave ended"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Move the wave by one cell, or end it and start the next; read the level in tick 0."""
        goal = goals(state["reward"])
        sources = goal | ((state["wave"][..., 0] > 0.5) & enterable(state))
        arriving = ahead(sources.astype(jnp.float32), 0.0) > 0.5
        been = state["wave"][..., 0] > 0.5
        thinks = state["reward"][..., 1] < 0.5  # the way ends at an object, whatever it is
        new = arriving & (thinks & ~been)[..., None]
        pointers = jnp.where(been[..., None], state["pointers"], new.astype(jnp.float32))
        wave = (been | new.any(-1)).astype(jnp.float32)[..., None]
        ends = (tick + 1) % self.period == 0
        plan = jnp.where(ends | (tick < self.period), pointers, state["plan"])
        return {
            **self.read(state, observation, tick),
            "wave": jnp.where(ends, 0.0, wave),
            "pointers": jnp.where(ends, 0.0, pointers),
            "plan": plan,
        }
