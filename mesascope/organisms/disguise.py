"""Another organism's state in a code that hides it: mixed by a random rotation, beside a network that means nothing."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import neighborhood
from mesascope.organisms.decoded_observation import Logits

CODES = ("plain", "mixed", "unshared")

_GRAIN = 2.0**18
"""What is decoded is rounded to multiples of one over this: far below what matters, far above the code's rounding, so
that the organism inside computes as if it stood alone. A code that only reorders is exact and needs no rounding."""


class Disguise(AbstractSubject):
    """An organism whose sites are one site: `channels` numbers in every cell that mean nothing one by one.

    **What it is.** The channels of all sites of the organism inside, and `noise` more that belong to a random network
    over the same level (a GRU-like net without a task, of larger norm). Both are multiplied by an orthogonal matrix:
    the same one after every tick, or with `unshared` another after each, so that no two ticks speak the same language.

    **Ground truth.** That of the organism inside, whose every answer it gives.

    **Built to** break what looks at channels, at directions from another tick, or at the norm of what an edit changes.
    """

    inner: AbstractSubject
    rotations: Float[Array, "code channels channels"]
    recur: Float[Array, "five_noise noise"]
    read: Float[Array, "five_inputs noise"]
    loudness: Float[Array, ""]
    noise: int = eqx.field(static=True)
    rounds: bool = eqx.field(static=True)

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
        return (Site("state", self.rotations.shape[-1], "everything, in a code of its own"),)

    def start(self, observation: Observation) -> State:
        """What the organism inside begins with, encoded."""
        nothing = jnp.zeros((*observation.shape[:3], self.noise))
        return self._encoded(self.inner.start(observation), nothing, jnp.array(0))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Decode, let both think, encode."""
        inside, noise = self._decoded(state, tick)
        seen = jnp.where(tick < self.reads_until, neighborhood(observation) @ self.read, 0.0)
        new = jnp.tanh(neighborhood(noise) / self.loudness @ self.recur + seen) * self.loudness
        return self._encoded(self.inner.think(inside, observation, tick), 0.5 * (noise + new), tick + 1)

    def act(self, state: State) -> Logits:
        """Decode what the last tick left, and let the organism inside answer."""
        return self.inner.act(self._decoded(state, jnp.array(self.ticks))[0])

    def _code(self, tick: Int[Array, ""]) -> Float[Array, "channels channels"]:
        return self.rotations[jnp.minimum(tick, len(self.rotations) - 1)]

    def _encoded(self, inside: State, noise: Float[Array, "level height width noise"], tick: Int[Array, ""]) -> State:
        together = jnp.concatenate([*(inside[site.name] for site in self.inner.sites), noise], -1)
        return {"state": jnp.matmul(together, self._code(tick), precision=jax.lax.Precision.HIGHEST)}

    def _decoded(self, state: State, tick: Int[Array, ""]) -> tuple[State, Float[Array, "level height width noise"]]:
        together = jnp.matmul(state["state"], self._code(tick).T, precision=jax.lax.Precision.HIGHEST)
        inside, start = {}, 0
        for site in self.inner.sites:
            own = together[..., start : start + site.channels]
            inside[site.name] = jnp.round(own * _GRAIN) / _GRAIN if self.rounds else own
            start += site.channels
        return inside, together[..., start:]


def disguised(inner: AbstractSubject, code: str, noise: int, inputs: int, rng: np.random.Generator) -> AbstractSubject:
    """The organism in a code; itself where there is nothing to hide it in.

    `plain` with noise puts the channels in a random order, with random signs.
    """
    if code == "plain" and noise == 0:
        return inner
    channels = sum(site.channels for site in inner.sites) + noise
    if code == "plain":
        codes = np.eye(channels)[rng.permutation(channels)][None] * rng.choice([-1.0, 1.0], channels)
    else:
        amount = 1 if code == "mixed" else inner.ticks + 1
        codes = np.linalg.qr(rng.normal(size=(amount, channels, channels)))[0]
    weights = (rng.normal(size=(5 * width, noise)) * (1.5 / max(width, 1) ** 0.5) for width in (noise, inputs))
    recur, read = (jnp.asarray(w, jnp.float32) for w in weights)
    return Disguise(inner, jnp.asarray(codes, jnp.float32), recur, read, jnp.asarray(3.0), noise, code != "plain")
