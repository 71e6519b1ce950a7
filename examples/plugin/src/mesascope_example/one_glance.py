"""The architecture `one-glance`: two layers on the eight cells around each cell."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.options import option
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.registry import architecture

ACTIONS = 4


class OneGlance(AbstractSubject):
    """Sees the eight cells around each cell, thinks once and answers. Its option is a field of the class."""

    read: Float[Array, "seen channel"]
    answer: Float[Array, "channel action"]
    channels: int = option(16, 1, 256, "numbers in the hidden layer")
    ticks: int = eqx.field(static=True, default=1)
    reads_until: int = eqx.field(static=True, default=1)

    def __init__(self, key: PRNGKeyArray, inputs: int, channels: int = 16):
        first, second = jax.random.split(key)
        self.read = jax.random.normal(first, (9 * inputs, channels)) / (9 * inputs) ** 0.5
        self.answer = jax.random.normal(second, (channels, ACTIONS)) / channels**0.5
        self.channels = channels

    @property
    def sites(self) -> tuple[Site, ...]:
        """Its one hidden layer."""
        return (Site("hidden", self.channels, "the hidden layer of each cell"),)

    def start(self, observation: Observation) -> State:
        """Nothing yet."""
        return {"hidden": jnp.zeros((*observation.shape[:3], self.channels))}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """One layer on what lies around each cell."""
        padded = jnp.pad(observation, ((0, 0), (1, 1), (1, 1), (0, 0)))
        height, width = observation.shape[1:3]
        around = [padded[:, r : r + height, c : c + width] for r in range(3) for c in range(3)]
        return {"hidden": jax.nn.relu(jnp.concatenate(around, -1) @ self.read)}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """Preferences of each cell, from its own hidden layer."""
        return state["hidden"] @ self.answer


ONE_GLANCE = architecture(OneGlance, "two layers on the eight cells around each cell")
