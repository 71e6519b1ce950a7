"""Any subject with sites as a recurrent one: its ticks are spread over the steps of an episode."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import ALWAYS, AbstractSubject, Observation, Site, State, View

HERE = "here"
"""The site that says where the agent stands."""


class EpisodicSubject(AbstractSubject):
    """A recurrent subject made of one that answers all states: `ticks` of its ticks in each step, its state kept throughout.

    While the level is shown every tick is a reading one (tick 0 of the inner subject); afterwards none is (its tick
    `reads_until`). It must not count its ticks in any other way: one that does is another subject over an episode.
    """

    inner: AbstractSubject
    ticks: int = eqx.field(static=True)
    sees_until: int = eqx.field(static=True, default=ALWAYS)

    @property
    def recurrent(self) -> bool:
        """Its state goes on through the episode."""
        return True

    @property
    def reads_until(self) -> int:
        """Every tick reads while the level is shown."""
        return self.ticks

    @property
    def sites(self) -> tuple[Site, ...]:
        """Those of the inner subject, and where it stands."""
        return (*self.inner.sites, Site(HERE, 1, "1 where the agent stands"))

    def start(self, observation: Observation) -> State:
        """As the inner subject begins; nowhere."""
        return {**self.inner.start(observation), HERE: jnp.zeros((*observation.shape[:3], 1))}

    def think(self, state: State, view: View, tick: Int[Array, ""]) -> State:
        """One tick of the inner subject, which reads where the level is shown."""
        own = {site.name: state[site.name] for site in self.inner.sites}
        reading = self.inner.think(own, view.level, jnp.array(0))
        blind = self.inner.think(own, view.level, jnp.array(self.inner.reads_until))
        shown = view.shown[:, None, None, None]
        return {**{name: jnp.where(shown, reading[name], blind[name]) for name in own}, HERE: view.here}

    def act(self, state: State) -> Float[Array, "actor action"]:
        """The inner subject's answer for the cell where the agent stands."""
        own = {site.name: state[site.name] for site in self.inner.sites}
        answers = self.inner.act(own)
        # Chosen and not multiplied: an answer elsewhere may be infinite.
        return jnp.where(state[HERE] > 0.5, answers, 0.0).sum((1, 2))
