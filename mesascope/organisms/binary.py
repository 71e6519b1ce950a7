"""Another organism's state in binary: every number is a row of signs."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.decoded_observation import Logits

PLACES = 16
"""Binary places of each number."""

_REACH = 4.0
"""Numbers from minus this to below this are written, in steps of 2^-13."""


class Binary(AbstractSubject):
    """An organism whose every number is written in binary, a channel of 1 and -1 for each place.

    **What it is.** The channels of all sites of the organism inside, rounded and written as signs.

    **Ground truth.** That of the organism inside. Answers are its own where it tells no numbers apart that are closer
    than 2^-13.

    **Built to** break whatever takes states for vectors: halfway between two of them lies neither, nor anything near.
    """

    inner: AbstractSubject

    @property
    def ticks(self) -> int:
        """As inside."""
        return self.inner.ticks

    @property
    def reads_until(self) -> int:
        """As inside."""
        return self.inner.reads_until

    @property
    def sites(self) -> tuple[Site, ...]:
        """One site."""
        return (Site("bits", PLACES * sum(site.channels for site in self.inner.sites), "everything, in binary"),)

    def start(self, observation: Observation) -> State:
        """What the organism inside begins with, written."""
        return self.written(self.inner.start(observation))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Read, think, write."""
        return self.written(self.inner.think(self.read(state), observation, tick))

    def act(self, state: State) -> Logits:
        """The answer of the organism inside."""
        return self.inner.act(self.read(state))

    def written(self, inside: State) -> State:
        """The state that holds what is inside."""
        together = jnp.concatenate([inside[site.name] for site in self.inner.sites], -1)
        return {"bits": to_bits(together)}

    def read(self, state: State) -> State:
        """What is inside of a state."""
        together = from_bits(state["bits"])
        inside, start = {}, 0
        for site in self.inner.sites:
            inside[site.name] = together[..., start : start + site.channels]
            start += site.channels
        return inside


def to_bits(numbers: Float[Array, "*shape channel"]) -> Float[Array, "*shape coded"]:
    """`PLACES` signs for each number, the highest place first; what is out of reach is cut."""
    steps = 2**PLACES
    whole = jnp.clip(jnp.round((numbers + _REACH) * (steps / (2 * _REACH))), 0, steps - 1).astype(jnp.int32)
    bits = (whole[..., None] >> jnp.arange(PLACES - 1, -1, -1)) & 1
    return (bits * 2 - 1).reshape(*numbers.shape[:-1], -1).astype(jnp.float32)


def from_bits(bits: Float[Array, "*shape coded"]) -> Float[Array, "*shape channel"]:
    """The numbers whose signs these are."""
    places = (bits > 0).reshape(*bits.shape[:-1], -1, PLACES).astype(jnp.int32)
    whole = (places << jnp.arange(PLACES - 1, -1, -1)).sum(-1)
    return whole * (2 * _REACH / 2**PLACES) - _REACH
