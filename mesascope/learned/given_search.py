"""A net that is given search: value iteration on the level, hard-coded, beside the thinking it has to learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import glorot, neighborhood
from mesascope.learned.thinking import gated_update
from mesascope.worlds.grids.grid import CHANNELS, SHAPES

DISCOUNT = 0.97
_OBJECTS = slice(1, 1 + len(SHAPES))


class GivenSearch(AbstractSubject):
    """A thinking net that also reads the action values found by `sweeps` sweeps of value iteration.

    Walls, moves and ends of episodes are built into the sweeps; what a thing is worth is not: `worth`, a weight for each
    channel of the observation, is learned with the rest (as in value iteration networks, Tamar et al. 2016, 1602.02867,
    whose moves are learned as well). So the search is the programmer's and the objective it serves is learned. With few
    sweeps only what is near has a value. The search is done in the first tick; afterwards its values are part of the state.

    It knows the rules of worlds in which every object that is seen ends the episode. Places that are not seen (the corner of
    `cheese-corner`, the end of `coin`) are neither worth anything to it nor do they end its episodes, and worlds of stages,
    in which objects are picked up, are refused when a training is arranged.
    """

    worth: Float[Array, " input"]
    recur: Float[Array, "five_channels three_channels"]
    read: Float[Array, "five_inputs three_channels"]
    bias: Float[Array, " three_channels"]
    candidate_bias: Float[Array, " channels"]
    out: Float[Array, "channels_and_values action"]
    out_bias: Float[Array, " action"]
    channels: int = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)
    sweeps: int = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKeyArray,
        inputs: int,
        channels: int = 24,
        ticks: int = 16,
        reads_until: int = 2,
        sweeps: int = 32,
    ):
        self.worth = jnp.zeros(inputs)
        self.recur = glorot(named_key(key, "recur"), 5 * channels, 3 * channels)
        self.read = glorot(named_key(key, "read"), 5 * inputs, 3 * channels)
        self.bias = jnp.concatenate([jnp.full(channels, -1.0), jnp.zeros(2 * channels)])
        self.candidate_bias = jnp.zeros(channels)
        self.out = glorot(named_key(key, "out"), channels + 4, 4)
        self.out_bias = jnp.zeros(4)
        self.channels, self.ticks, self.reads_until, self.sweeps = channels, ticks, reads_until, sweeps

    @property
    def sites(self) -> tuple[Site, ...]:
        """What the net thinks in, and what the search found."""
        return (
            Site("state", self.channels, "everything the net knows of the level"),
            Site("values", 4, "values of the actions by the built-in search"),
        )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One gated update of the state; in the first tick also the search."""
        h = state["state"]
        seen = jax.lax.cond(
            tick < self.reads_until,
            lambda: neighborhood(observation) @ self.read,
            lambda: jnp.zeros((*h.shape[:3], 3 * self.channels)),
        )
        values = jax.lax.cond(
            tick == 0, lambda: searched(observation, self.worth, self.sweeps), lambda: state["values"]
        )
        x = jnp.split(seen + self.bias, 3, -1)
        u = jnp.split(neighborhood(h) @ self.recur, 3, -1)
        return {"state": gated_update(h, x, u, self.candidate_bias), "values": values}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """A linear readout of each cell's own state and action values."""
        return jnp.concatenate([state["state"], state["values"]], -1) @ self.out + self.out_bias


def searched(
    observation: Observation, worth: Float[Array, " input"], sweeps: int
) -> Float[Array, "level height width action"]:
    """Action values after so many sweeps, where entering a cell earns the worth of what is seen in it.

    Q(s, a) = r(s') + 0.97 max Q(s', .), nothing after an object; a wall, or the border, leaves one in place and earns
    nothing.
    """
    wall = observation[..., CHANNELS.index("wall")] > 0
    ends = observation[..., _OBJECTS].sum(-1) > 0
    earned = observation @ worth.at[CHANNELS.index("wall")].set(0.0)
    inside = jnp.ones_like(earned)
    around = neighborhood(jnp.stack([earned, ends, wall, inside], -1).astype(earned.dtype))
    # The neighbors come in the order of the actions: up, down, left, right.
    reward, ended, blocked, there = (around[..., 4 + i :: 4] for i in range(4))
    stays = (blocked > 0) | (there == 0)

    def sweep(q: Float[Array, "level height width action"], _: None):
        value = q.max(-1)
        beyond = neighborhood(value[..., None])[..., 1:]
        onward = jnp.where(ended > 0, 0.0, DISCOUNT * beyond)
        return jnp.where(stays, DISCOUNT * value[..., None], reward + onward), None

    return jax.lax.scan(sweep, jnp.zeros_like(reward), None, length=sweeps)[0]
