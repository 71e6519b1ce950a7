"""The organism `switch`: two others and a rule that says whose answer counts."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.organisms.compass import needles
from mesascope.organisms.decoded_observation import Logits, decode
from mesascope.organisms.organism import AbstractOrganism

HOW = ("cell", "walls", "near", "fallback", "vote")
IGNORES = "never"
"""The rule by which the first runs and never answers."""


class Switched(AbstractOrganism):
    """Two organisms side by side, and a switch between their answers in every cell.

    **What it is.** All sites of both. With `how` *cell* a fixed random half of the cells answers by the first; with
    *walls* all cells do on levels with many walls; with *near* those within a few rows and columns of the goal; with
    *fallback* those in which the first prefers anything. With *vote* their logits are added, with *never* the first is
    ignored. What the rule goes by is
    written into a site of its own in tick 0.

    **Ground truth.** The rule looks at neither distance nor way. Of two organisms that do not search it makes none that does, and
    one that is never asked makes none either, whatever it is.

    **Built to fool** by being right more often than either part, each edit being followed by one of them.
    """

    first: AbstractSubject
    second: AbstractSubject
    weights: Float[Array, " feature"]
    dice: Float[Array, "height width"]
    at: Float[Array, ""]
    how: str = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """Those of both, and what the switch goes by."""
        parts = (("first", self.first), ("second", self.second))
        both = (site._replace(name=f"{part} {site.name}") for part, inner in parts for site in inner.sites)
        return (*both, Site("switch", 1, "above one half where the first answers"))

    def start(self, observation: Observation) -> State:
        """As both do."""
        return self._joined(
            self.first.start(observation), self.second.start(observation), jnp.zeros((*observation.shape[:3], 1))
        )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Both think; the switch is set in tick 0."""
        first, second = (self._own(state, part) for part in ("first", "second"))
        rule = self._rule(observation).astype(jnp.float32)[..., None]
        return self._joined(
            self.first.think(first, observation, tick),
            self.second.think(second, observation, tick),
            jnp.where(tick < self.reads_until, rule, state["switch"]),
        )

    def act(self, state: State) -> Logits:
        """The answer that counts in each cell."""
        first, second = self.first.act(self._own(state, "first")), self.second.act(self._own(state, "second"))
        if self.how == "vote":
            return first + second
        counts = state["switch"][..., 0] > 0.5
        if self.how == "fallback":
            counts = first.max(-1) - first.min(-1) > 1.0
        return jnp.where(counts[..., None], first, second)

    def _rule(self, observation: Observation) -> Bool[Array, "level height width"]:
        shape = observation.shape[:3]
        if self.how == IGNORES:
            return jnp.zeros(shape, bool)
        if self.how == "walls":
            share = (observation[..., 0] > 0).mean((1, 2), keepdims=True)
            return jnp.broadcast_to(share > self.at, shape)
        if self.how == "near":
            apart = jnp.abs(needles(decode(observation, self.weights).worth[..., None])).sum(-1)
            return apart <= jnp.round(1.0 + 10.0 * self.at)
        return jnp.broadcast_to(self.dice[: shape[1], : shape[2]] < 0.5, shape)

    def _own(self, state: State, part: str) -> State:
        return {name.removeprefix(f"{part} "): value for name, value in state.items() if name.startswith(f"{part} ")}

    def _joined(self, first: State, second: State, switch: Float[Array, "level height width 1"]) -> State:
        parts = (("first", first), ("second", second))
        both = {f"{part} {name}": value for part, state in parts for name, value in state.items()}
        return {**both, "switch": switch}


def switched(
    first: AbstractSubject,
    second: AbstractSubject,
    weights: Float[np.ndarray, " feature"],
    how: str,
    side: int,
    rng: np.random.Generator,
) -> Switched:
    """Two organisms and a switch whose numbers are drawn at random; thinks as long as the slower of them."""
    dice, at = jnp.asarray(rng.random((side, side)), jnp.float32), jnp.asarray(rng.uniform(0.2, 0.5), jnp.float32)
    ticks = max(first.ticks, second.ticks)
    return Switched(first, second, jnp.asarray(weights), dice, at, how, ticks=ticks)
