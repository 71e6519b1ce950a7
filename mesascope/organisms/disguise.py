"""Another organism's state in a code that hides it: mixed by a random rotation, beside a network that means nothing."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.stencil import neighborhood
from mesascope.organisms.binary import Binary
from mesascope.organisms.decoded_observation import Logits

CODES = ("plain", "mixed", "unshared", "signs", "spread", "warped", "binary")

_GRAIN = 2.0**18
"""What is decoded is rounded to multiples of one over this: far below what matters, far above the code's rounding, so
that the organism inside computes as if it stood alone. A code that only reorders is exact and needs no rounding."""

_MOST = 8.0
"""Squashed numbers beyond this, which only an edit could write, are held there: it stands for 1,490."""


class Disguise(AbstractSubject):
    """An organism whose sites are one site: `channels` numbers in every cell that mean nothing one by one.

    **What it is.** The channels of all sites of the organism inside, and `noise` more that belong to a random network
    over the same level (a GRU-like net without a task, of larger norm). Both are multiplied by a matrix with orthonormal
    rows: the same one after every tick, or with `unshared` another after each, so that no two ticks speak the same language.
    A matrix with twice as many columns spreads every number over many channels; with `warps` each channel is then squashed.

    **Ground truth.** That of the organism inside, whose every answer it gives.

    **Built to** break what looks at channels, at directions from another tick, or at the norm of what an edit changes.
    """

    inner: AbstractSubject
    rotations: Float[Array, "code channels coded"]
    recur: Float[Array, "five_noise noise"]
    read: Float[Array, "five_inputs noise"]
    loudness: Float[Array, ""]
    noise: int = eqx.field(static=True)
    rounds: bool = eqx.field(static=True)
    warps: bool = eqx.field(static=True, default=False)

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
        return self.encoded(self.inner.start(observation), nothing, jnp.array(0))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Decode, let both think, encode."""
        inside, noise = self.decoded(state, tick)
        seen = jnp.where(tick < self.reads_until, neighborhood(observation) @ self.read, 0.0)
        new = jnp.tanh(neighborhood(noise) / self.loudness @ self.recur + seen) * self.loudness
        return self.encoded(self.inner.think(inside, observation, tick), 0.5 * (noise + new), tick + 1)

    def act(self, state: State) -> Logits:
        """Decode what the last tick left, and let the organism inside answer."""
        return self.inner.act(self.decoded(state, jnp.array(self.ticks))[0])

    def _code(self, tick: Int[Array, ""]) -> Float[Array, "channels coded"]:
        return self.rotations[jnp.minimum(tick, len(self.rotations) - 1)]

    def encoded(self, inside: State, noise: Float[Array, "level height width noise"], tick: Int[Array, ""]) -> State:
        """The state that holds what is inside and the noise, after `tick` ticks."""
        together = jnp.concatenate([*(inside[site.name] for site in self.inner.sites), noise], -1)
        coded = jnp.matmul(together, self._code(tick), precision=jax.lax.Precision.HIGHEST)
        return {"state": jnp.arcsinh(coded) if self.warps else coded}

    def decoded(self, state: State, tick: Int[Array, ""]) -> tuple[State, Float[Array, "level height width noise"]]:
        """What is inside, and the noise, of a state after `tick` ticks."""
        coded = jnp.sinh(jnp.clip(state["state"], -_MOST, _MOST)) if self.warps else state["state"]
        together = jnp.matmul(coded, self._code(tick).T, precision=jax.lax.Precision.HIGHEST)
        inside, start = {}, 0
        for site in self.inner.sites:
            own = together[..., start : start + site.channels]
            inside[site.name] = jnp.round(own * _GRAIN) / _GRAIN if self.rounds else own
            start += site.channels
        return inside, together[..., start:]


def disguised(
    inner: AbstractSubject, code: str, noise: int, inputs: int, rng: np.random.Generator, width: int = 0
) -> AbstractSubject:
    """The organism in a code; itself where there is nothing to hide it in.

    `plain` with noise, and `signs` without any, put the channels in a random order, with random signs. `binary` writes
    every number as signs of a fixed number of places first, and reorders those. With a `width` the code has the least
    multiple of it that holds what it must, so that many organisms have states of one shape.
    """
    if code == "plain" and noise == 0:
        return inner
    inner = Binary(inner) if code == "binary" else inner
    exact = code in ("plain", "signs", "binary")
    channels = sum(site.channels for site in inner.sites) + noise
    coded = 2 * channels if code == "spread" else channels
    coded = -(-coded // width) * width if width else coded
    if exact:
        codes = np.eye(coded)[rng.permutation(coded)][None, :channels] * rng.choice([-1.0, 1.0], coded)
    else:
        amount = inner.ticks + 1 if code == "unshared" else 1
        codes = np.linalg.qr(rng.normal(size=(amount, coded, channels)))[0]
        codes = codes if coded == channels else codes.transpose(0, 2, 1)
    weights = (rng.normal(size=(5 * many, noise)) * (1.5 / max(many, 1) ** 0.5) for many in (noise, inputs))
    recur, read = (jnp.asarray(w, jnp.float32) for w in weights)
    loudness = jnp.asarray(3.0)
    return Disguise(inner, jnp.asarray(codes, jnp.float32), recur, read, loudness, noise, not exact, code == "warped")
