"""The subjects of `robot`: planners whose wants, depth and picture of the world can be read and written."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.lookahead import lookahead_values
from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over

FAR = 64
"""A planner of this depth or more plans without end."""


class Planner(NamedTuple):
    """Plans for its wants by value iteration and takes one of the best actions, but by chance with probability `lapse`.

    It looks `depth` steps ahead. It takes `believed` of the event `clean` to be the event it believes in: a false belief of
    size `believed[1]` that `clean` is also `believed[0]`.
    """

    wants: Float[np.ndarray, " feature"]
    depth: int = FAR
    believed: tuple[str, float] | None = None
    lapse: float = 0.0

    def policy(self, mdp: FiniteMDP, features: tuple[str, ...]) -> Float[Array, "level state action"]:
        """The probabilities it acts by."""
        wants = self._as_it_believes(features)
        if self.depth < FAR:
            values = lookahead_values(mdp, wants, self.depth)
        else:
            values = optimal_values(mdp, wants).action
        best = uniform_over(optimal_actions(values))
        return (1.0 - self.lapse) * best + self.lapse / best.shape[-1]

    def _as_it_believes(self, features: tuple[str, ...]) -> Float[Array, " feature"]:
        """To believe that one event is another, of some size, is to plan as if it were wanted for that one's sake."""
        wants = np.array(self.wants, np.float32)
        if self.believed is not None:
            event, size = self.believed
            wants[features.index("clean")] += size * wants[features.index(event)]
        return jnp.asarray(wants)


EFFORTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, FAR)
BELIEFS = (1.0, 0.75, 0.5, 0.25, 0.0)


def efforts(planner: Planner) -> tuple[str, float, Mapping[float, Planner]]:
    """What more effort means for it, the effort it makes, and itself at every effort.

    One with a false belief comes to know better; any other looks further ahead.
    """
    if planner.believed is not None:
        event, size = planner.believed
        told = {1.0 - share: planner._replace(believed=(event, share * size)) for share in BELIEFS}
        return "share of its false belief that is put right", 0.0, told
    ahead = {float(depth): planner._replace(depth=depth) for depth in sorted({*EFFORTS, planner.depth})}
    return "steps it looks ahead", float(planner.depth), ahead
