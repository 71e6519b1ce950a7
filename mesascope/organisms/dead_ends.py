"""The organism `dead-ends`."""

import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, ahead, prefer
from mesascope.organisms.model import MODEL, enterable, goals
from mesascope.organisms.organism import AbstractModelOrganism


class DeadEnds(AbstractModelOrganism):
    """Fills dead ends: a cell with one way out is closed, and points to that way, until none is left.

    **What it is.** Registers of walls and rewards, filled in tick 0. In a tick every open cell with at most one open
    neighbor is filled and keeps a pointer to it; the goal is never filled, other objects are obstacles. Filled cells
    follow their pointers; what stays open wanders among what is open, or steps onto a goal beside it.

    **Ground truth.** It does not search: it knows no goal until it stands beside it, and no distance. In a maze without
    loops everything but the goal is a dead end, and it is exactly right (Knutson et al. 2024 found a trained network
    doing this).

    **Built to fool** every test on mazes without loops, edits of goal and walls included. A loop undoes it.
    """

    sites = (
        *MODEL,
        Site("filled", 1, "1 where a dead end has been filled"),
        Site("way", 4, "1 for the action that leads out of a filled cell"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Fill once; read the level in tick 0."""
        out = _open_ahead(state)
        filled = state["filled"][..., 0] > 0.5
        new = (out.sum(-1) <= 1) & ~filled & enterable(state) & (tick >= self.reads_until)
        return {
            **self.read(state, observation, tick),
            "filled": (filled | new).astype(jnp.float32)[..., None],
            "way": jnp.where(new[..., None], out.astype(jnp.float32), state["way"]),
        }

    def act(self, state: State) -> Logits:
        """Pointers where filled; elsewhere the goal if it is beside, or anything open."""
        out = _open_ahead(state)
        beside = ahead(goals(state["reward"]).astype(jnp.float32), 0.0) > 0.5
        wander = jnp.where(beside.any(-1, keepdims=True), beside, out)
        wanted = jnp.where(state["filled"] > 0.5, state["way"] > 0.5, wander)
        return prefer(wanted & (state["reward"][..., 1:] < 0.5))


def _open_ahead(state: State):
    """Which actions lead to a goal, or to a cell that is neither wall, object nor filled."""
    free = (enterable(state) & (state["filled"][..., 0] < 0.5)) | goals(state["reward"])
    return ahead(free.astype(jnp.float32), 0.0) > 0.5
