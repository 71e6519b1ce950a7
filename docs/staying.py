"""Event deletion for worlds that cannot leave an event out themselves: what fires it leaves the state as it was."""

from collections.abc import Collection, Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.instruments.kinds.deletion import Without, events_of


def stay_instead(
    mdp: FiniteMDP, features: Sequence[str], events: Collection[str], spared: Float[Array, " feature"] | None = None
) -> FiniteMDP:
    """Tables in which what fires one of `events` does not happen: the state stays as it was, and nothing fires.

    This is the deletion for worlds in which events are what an agent does. Where they come by themselves, staying would stop
    the clock, and the world has to say what happens instead. Outcomes that `spared`, weights over features, reward are
    left as they are: an event that is rewarded itself is no cause of the reward.
    """
    chosen = jnp.asarray([feature in events for feature in features])
    hit: Bool[Array, "level state action outcome"] = (mdp.features != 0)[..., chosen].any(-1)
    if spared is not None:
        hit &= ~(mdp.features @ spared > 0)
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None, None]
    return FiniteMDP(
        jnp.where(hit, here, mdp.successor),
        mdp.probability,
        jnp.where(hit[..., None], 0.0, mdp.features),
        mdp.terminal,
        mdp.initial,
        mdp.band,
        mdp.moves,
        mdp.stage,
    )


def by_staying(
    mdp: FiniteMDP, features: Sequence[str], base: Float[np.ndarray, " feature"], mesa: Float[np.ndarray, " feature"]
) -> Without:
    """Deletion by `stay_instead` for two objectives whose events may be attributes of one transition.

    Where an event comes together with what the other objective rewards, the two cannot be parted and nothing is deleted: to
    be the same is not to be a cause. What is left is what each event does where it comes alone.
    """
    ours = set(events_of(base, features))

    def without(events: Collection[str]) -> FiniteMDP:
        return stay_instead(mdp, features, events, jnp.asarray(mesa if ours & set(events) else base))

    return without
