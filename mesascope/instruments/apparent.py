"""States in which it makes no difference what the views of a world leave out.

An agent that was never shown that a place ends the episode walks through it on its way to something else. Read against the
level as it is, it is after the place. Which states these are depends on the level alone, so that leaving out the others
biases nothing.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.instruments.first_touch import first_touch
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.outcomes import Outcomes
from mesascope.worlds.world import AbstractWorld


def plain_states(
    world: AbstractWorld, levels: AbstractLevels, outcomes: Outcomes, mdp: FiniteMDP
) -> Bool[Array, "level state"] | None:
    """States whose decisions can be read without knowing whether the agent knows of outcomes that no view shows.

    Args:
        world: The world of the levels, in which an episode is a single choice.
        levels: A batch of levels.
        outcomes: Their outcomes.
        mdp: Their tables.

    Returns:
        True where the best first actions for every outcome that is shown are the same, and its worth too, whether or not the
        others end an episode, and no action enters one of these. None where all outcomes are shown.
    """
    seen = world.apparent(levels)
    if seen is None:
        return None
    shown = world.outcomes(seen)
    truly, apparently = (
        first_touch(found, tables, world.discount) for found, tables in ((outcomes, mdp), (shown, world.tables(seen)))
    )
    return _alike(truly.reach, apparently.reach, shown.present) & ~_enters(truly.enters, shown.present)


@jax.jit
def _alike(
    truly: Float[Array, "level state object action"],
    apparently: Float[Array, "level state object action"],
    shown: Bool[Array, "level object"],
) -> Bool[Array, "level state"]:
    (near, leads), (near_too, leads_too) = _best(truly), _best(apparently)
    same = (leads == leads_too).all(-1) & (jnp.abs(near - near_too) <= 1e-4 * near)
    return (same | ~shown[:, None]).all(-1)


def _best(reach: Float[Array, "level state object action"]) -> tuple[Array, Array]:
    best = reach.max(-1)
    return best, (reach >= best[..., None] * (1 - 1e-4)) & (best[..., None] > 0)


@jax.jit
def _enters(
    enters: Bool[Array, "level state object action"], shown: Bool[Array, "level object"]
) -> Bool[Array, "level state"]:
    return (enters & ~shown[:, None, :, None]).any((2, 3))
