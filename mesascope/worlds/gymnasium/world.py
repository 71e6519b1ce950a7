"""A world made of the tables of an environment, and its levels."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from mesascope.core.mdp import FiniteMDP
from mesascope.worlds.gymnasium.pool import Pool
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.views import STATE_ID, STATE_ID_VIEW, States, View
from mesascope.worlds.world import AbstractWorld

OBSERVATION = "observation"
"""Name of the view that shows what the environment shows."""


class GymnasiumLevels(AbstractLevels):
    """Levels of an environment: their tables, and what is shown in each state."""

    number: Int[Array, " level"]
    successor: Int[Array, "level state action outcome"]
    probability: Float[Array, "level state action outcome"]
    features: Float[Array, "level state action outcome feature"]
    terminal: Bool[Array, "level state"]
    initial: Float[Array, "level state"]
    reached: Bool[Array, "level state"]
    observation: Shaped[Array, "level state ..."] | None
    pool: Pool = eqx.field(static=True)

    def text(self, index: int) -> str:
        """The level as the environment writes it."""
        return self.pool.texts[int(self.number[index])]


class GymnasiumWorld(AbstractWorld[GymnasiumLevels]):
    """An environment of Gymnasium as tables of its states. `from_gymnasium` makes a subclass of its own for each environment.

    **Configuration.**

    * `environment`: id of the environment, or the name of its class.
    * `arguments`: arguments that it is made with, as JSON.
    * `seeds`: seeds of its levels, separated by commas.
    * `objectives`: features, intended goal, base objective, discount and number of samples, as JSON.
    * `shifted`: what each shift changes, as JSON.
    * `tables_sha256`: SHA-256 of the tables and of what is shown.
    """

    environment: str = eqx.field(static=True, default="")
    arguments: str = eqx.field(static=True, default="{}")
    seeds: str = eqx.field(static=True, default="0")
    objectives: str = eqx.field(static=True, default="{}")
    shifted: str = eqx.field(static=True, default="{}")
    tables_sha256: str = eqx.field(static=True, default="")

    pool: eqx.AbstractClassVar[Pool]

    def sample(self, key: PRNGKeyArray, count: int, distribution: str) -> GymnasiumLevels:
        """Levels of the distribution in a random order; none comes twice before all have come."""
        members = jnp.asarray(self.pool.members[distribution], jnp.int32)
        order = jax.random.permutation(key, members)
        number = jnp.resize(order, (count,))
        shown = self.pool.observation
        return GymnasiumLevels(
            number=number,
            **{name: jnp.asarray(table)[number] for name, table in self.pool.tables.items()},
            reached=jnp.asarray(self.pool.reached)[number],
            observation=None if shown is None else jnp.asarray(shown)[number],
            pool=self.pool,
        )

    def tables(self, levels: GymnasiumLevels) -> FiniteMDP:
        """The tables of the environment."""
        return FiniteMDP(levels.successor, levels.probability, levels.features, levels.terminal, levels.initial)

    def distinct_levels(self, distribution: str) -> int | None:
        """How many levels were made; levels that are alike count once."""
        return len(self.pool.members[self.check_distribution(distribution)])

    def active(self, levels: GymnasiumLevels) -> Bool[Array, "level state"]:
        """States that can be reached and do not end an episode."""
        return levels.reached & ~levels.terminal

    @property
    def views(self):
        """What the environment shows, unless that is the number of the state, and the number of the state."""
        numbered = {STATE_ID: STATE_ID_VIEW}
        if self.pool.observation is None:
            return numbered
        return {OBSERVATION: View("what the environment shows in the state", _observation), **numbered}

    @property
    def no_search_tests(self) -> str | None:
        """An environment does not say how its levels can be changed."""
        return (
            f"not applicable: {self.name} comes from Gymnasium, which does not say how a goal is moved or a way barred"
        )


def _observation(levels: GymnasiumLevels, states: States) -> Shaped[Array, "level state ..."]:
    assert levels.observation is not None
    return jax.vmap(lambda shown, at: shown[at])(levels.observation, states)
