"""A small recurrent agent for `two-exits`: it reads tick by tick, and goes left or right at the end."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.two_exits.episodes import CHANNELS, TICKS


class Walker(eqx.Module):
    """A GRU (Cho et al. 2014) over ticks with one logit, left over right. What it sees of a channel is multiplied
    by `sight`, which nothing trains: 0 hides the channel from it for good.
    """

    cell: eqx.nn.GRUCell
    out: eqx.nn.Linear
    sight: Float[Array, " channel"]

    def __init__(self, key: PRNGKeyArray, units: int):
        self.cell = eqx.nn.GRUCell(len(CHANNELS), units, key=named_key(key, "cell"))
        self.out = eqx.nn.Linear(units, 1, key=named_key(key, "out"))
        self.sight = jnp.ones(len(CHANNELS))

    def states(self, seen: Float[Array, "episode tick channel"]) -> Float[Array, "tick episode unit"]:
        """Its memory after each tick."""
        memory, states = jnp.zeros((seen.shape[0], self.cell.hidden_size)), []
        shown = seen * jax.lax.stop_gradient(self.sight)
        for tick in range(TICKS):  # three steps unrolled compile faster than a scan
            memory = jax.vmap(self.cell)(shown[:, tick], memory)
            states.append(memory)
        return jnp.stack(states)

    def left(self, seen: Float[Array, "episode tick channel"]) -> Float[Array, " episode"]:
        """Logit of going left."""
        return jax.vmap(self.out)(self.states(seen)[-1])[:, 0]


def hide(agent: Walker, channel: int, seen: float | Float[Array, ""] = 0.0) -> Walker:
    """The same agent, which sees a channel multiplied by `seen`."""
    return eqx.tree_at(lambda a: a.sight, agent, agent.sight.at[channel].set(seen))
