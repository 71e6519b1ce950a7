"""What organisms have in common: they read the level in their first ticks, and act by what they wrote down last."""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, prefer
from mesascope.organisms.model import MODEL, action_values, answer_exactly, read_model


class AbstractOrganism(AbstractSubject):
    """A subject that was built. It reads the level in tick 0, unless it says otherwise, and begins with zeros."""

    ticks: int = eqx.field(static=True, kw_only=True, default=4)
    reads_until: int = eqx.field(static=True, kw_only=True, default=1)

    def act(self, state: State) -> Logits:
        """The actions that the last site marks in each cell, all equally; every action where it marks none."""
        return prefer(state[self.sites[-1].name] > 0.5)


class AbstractModelOrganism(AbstractOrganism):
    """An organism with registers of walls and of what objects are worth by its `weights`."""

    weights: Float[Array, " feature"]

    def read(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """The registers, filled from the level while it is in view."""
        in_view = tick < self.reads_until
        return read_model(state, observation, self.weights, in_view, in_view)


class AbstractPlanner(AbstractModelOrganism):
    """An organism that holds a discounted value for each cell beside its registers, and acts by the best."""

    discount: float = eqx.field(static=True)
    sites: ClassVar[tuple[Site, ...]] = (
        *MODEL,
        Site("value", 1, "discounted worth of the best way on, as far as it has been searched"),
    )

    def action_values(self, state: State) -> Logits:
        """Worth of each action by the values as they are."""
        return action_values(state["walls"], state["reward"], state["value"][..., 0], self.discount)

    def act(self, state: State) -> Logits:
        """The optimal set of the values."""
        return answer_exactly(self.action_values(state))
