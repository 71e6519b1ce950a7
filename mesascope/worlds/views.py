"""Views: named ways of showing a level to a subject."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import FULL as FULL
from mesascope.core.subject import MAP as MAP

STATE_ID, EGOCENTRIC_5, EGOCENTRIC_7, RGB = "state-id", "egocentric-5", "egocentric-7", "rgb"
"""Names of views beside `map` and `full`; every world has `state-id`."""

States = Int[Array, "level state"]
"""State numbers of each level of a batch."""


class View(NamedTuple):
    """One way of showing a level, as a pure function of levels and states.

    Attributes:
        what: one sentence for people.
        of_states: from levels and state numbers, `(level, state)`, to what is seen in each, `(level, state, ...)`.
        of_levels: None where what is seen depends on the state. Otherwise from levels to what is seen in all their states at
            once, `(view, height, width, channel)`: the cells of the views of a level, one view after the other, are its
            states in order.
        channels: names along the last axis; empty where it has none.
        high: the largest number that may be seen; the smallest is 0.
    """

    what: str
    of_states: Callable[[Any, States], Array]
    of_levels: Callable[[Any], Float[Array, "view height width channel"]] | None = None
    channels: tuple[str, ...] = ()
    high: float = 1.0

    @property
    def shows_all_states(self) -> bool:
        """Whether one look answers for all states of a level."""
        return self.of_levels is not None


def state_id(levels: Any, states: States) -> Int[Array, "level state"]:
    """The view `state-id`: the number of the state itself."""
    return jnp.asarray(states, jnp.int32)


STATE_ID_VIEW = View("the number of the state, as a table of states has it", state_id)
