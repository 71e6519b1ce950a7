"""Outcomes of a level: what an agent can reach that ends its episode, as plain arrays."""

from typing import NamedTuple

from jaxtyping import Array, Bool, Float


class Outcomes(NamedTuple):
    """What can end an episode, in slots: as many for each level of a batch, some of them empty.

    Attributes:
        at: the states in which each outcome lies; none for an empty slot.
        features: what fires on reaching it; zeros for an empty slot.
    """

    at: Bool[Array, "level slot state"]
    features: Float[Array, "level slot feature"]

    @property
    def present(self) -> Bool[Array, "level slot"]:
        """Which slots are in use."""
        return self.at.any(-1)
