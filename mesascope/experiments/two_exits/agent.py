"""A small recurrent agent for `two-exits`: it reads tick by tick, and goes left or right at the end."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.two_exits.episodes import CHANNELS, TICKS


class Walker(eqx.Module):
    """A GRU (Cho et al. 2014) over ticks with one logit, left over right."""

    cell: eqx.nn.GRUCell
    out: eqx.nn.Linear

    def __init__(self, key: PRNGKeyArray, units: int):
        self.cell = eqx.nn.GRUCell(len(CHANNELS), units, key=named_key(key, "cell"))
        self.out = eqx.nn.Linear(units, 1, key=named_key(key, "out"))

    def states(self, seen: Float[Array, "episode tick channel"]) -> Float[Array, "tick episode unit"]:
        """Its memory after each tick."""
        memory, states = jnp.zeros((seen.shape[0], self.cell.hidden_size)), []
        for tick in range(TICKS):  # three steps unrolled compile faster than a scan
            memory = jax.vmap(self.cell)(seen[:, tick], memory)
            states.append(memory)
        return jnp.stack(states)

    def left(self, seen: Float[Array, "episode tick channel"]) -> Float[Array, " episode"]:
        """Logit of going left."""
        return jax.vmap(self.out)(self.states(seen)[-1])[:, 0]
