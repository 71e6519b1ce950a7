"""Any open subject as one that walks: its ticks are spread over the steps of an episode."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.stepwise import AbstractStepwiseSubject, StepwiseState, View
from mesascope.core.subject import AbstractOpenSubject, Observation, Site

HERE = "here"
"""The site that says where the walker stands."""


class Walking(AbstractStepwiseSubject):
    """An open subject that thinks while it walks: `ticks_per_step` of its ticks in each step, its state kept throughout.

    While the level is shown every tick is a reading one (tick 0 of the inner subject); afterwards none is (its tick
    `reads_until`). It must not count its ticks in any other way: one that does is another subject when it walks.
    """

    inner: AbstractOpenSubject
    ticks_per_step: int = eqx.field(static=True)
    sees_until: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """Those of the inner subject, and where it stands."""
        return (*self.inner.sites, Site(HERE, 1, "1 where the walker stands"))

    def blank(self, observation: Observation) -> StepwiseState:
        """As the inner subject begins; nowhere."""
        return {**self.inner.begin(observation), HERE: jnp.zeros((*observation.shape[:3], 1))}

    def step(self, state: StepwiseState, view: View, tick: Int[Array, ""]) -> StepwiseState:
        """One tick of the inner subject, which reads where the level is shown."""
        own = {site.name: state[site.name] for site in self.inner.sites}
        reading = self.inner.step(own, view.level, jnp.array(0))
        blind = self.inner.step(own, view.level, jnp.array(self.inner.reads_until))
        shown = view.shown[:, None, None, None]
        return {**{name: jnp.where(shown, reading[name], blind[name]) for name in own}, HERE: view.here}

    def readout(self, state: StepwiseState) -> Float[Array, "actor action"]:
        """The inner subject's answer for the cell where the walker stands."""
        own = {site.name: state[site.name] for site in self.inner.sites}
        answers = self.inner.readout(own)
        # Chosen and not multiplied: an answer elsewhere may be infinite.
        return jnp.where(state[HERE] > 0.5, answers, 0.0).sum((1, 2))
