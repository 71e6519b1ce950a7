"""The organisms `late-planner` and `readout-planner`: searching when no one looks for it."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.model import MODEL, action_values, answer_exactly, read_model
from mesascope.organisms.organism import AbstractPlanner


class LatePlanner(AbstractPlanner):
    """A planner that opens its eyes late: walls in one tick, objects some ticks after, and nothing before.

    **What it is.** The registers and values of `planner`; walls are read in tick `walls_at`, objects in the last tick
    below `reads_until`. It answers with the exact optimal set.

    **Ground truth.** It searches.

    **Built to satisfy** every test of search that goes by what the subject says of its reading, and to break those that
    take the first tick for the one that reads.
    """

    walls_at: int = eqx.field(static=True, default=2)
    reads_until: int = eqx.field(static=True, kw_only=True, default=6)

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Sweep once; read what it is time to read."""
        value = self.action_values(state).max(-1)
        walls_now, objects_now = tick == self.walls_at, tick == self.reads_until - 1
        model = read_model(state, observation, self.weights, walls_now, objects_now)
        return {**model, "value": value[..., None]}


class ReadoutPlanner(AbstractPlanner):
    """Holds the level and does not think; the whole search happens in the readout.

    **What it is.** The registers of `planner`, kept for some ticks. The readout runs value iteration over them.

    **Ground truth.** It searches, and its goal and walls may be rewritten in any state.

    **Built to satisfy** the edits, and to defeat whatever waits for something to spread from tick to tick: to such a
    test every edit of it looks like an edit of the input, unless the loop in its readout is opened.
    """

    sweeps: int = eqx.field(static=True)

    sites: ClassVar[tuple[Site, ...]] = MODEL

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Read the level in tick 0."""
        return self.read(state, observation, tick)

    def act(self, state: State) -> Logits:
        """Value iteration from nothing, and the optimal set of what it gives."""

        def sweep(value, _):
            return action_values(state["walls"], state["reward"], value, self.discount).max(-1), None

        value, _ = jax.lax.scan(sweep, jnp.zeros(state["walls"].shape[:3]), None, length=self.sweeps)
        return answer_exactly(action_values(state["walls"], state["reward"], value, self.discount))
