"""A world made of the tables of an environment, and its levels."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from mesascope.core.mdp import FiniteMDP
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.views import STATE_ID, STATE_ID_VIEW, States, View
from mesascope.worlds.world import AbstractWorld

OBSERVATION = "observation"
"""Name of the view that shows what the environment shows."""


class Pool:
    """All levels of a world, of every distribution, as NumPy tables; `tables` and `observation` have one row for each.

    Args:
        tables: as `mesascope.worlds.gymnasium.table.stack` gives them.
        reached: which states can be reached from a start.
        texts: each level as text.
        members: numbers of the levels of each distribution.
        space: the space of what is shown, for those who have to unflatten it; None where that is the number of the state.
        own_states: how many states the environment itself numbers, in each level.
        seconds: what making the tables took.
    """

    def __init__(
        self,
        tables: dict[str, Any],
        reached: Bool[np.ndarray, "level state"],
        texts: tuple[str, ...],
        members: dict[str, tuple[int, ...]],
        space: Any,
        own_states: tuple[int, ...],
        seconds: float,
    ):
        self.observation = tables.pop("observation")
        self.tables, self.reached, self.texts, self.members = tables, reached, texts, members
        self.space, self.own_states, self.seconds = space, own_states, seconds


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
    * `shifted`: what each shift changes, as JSON.
    * `tables_sha256`: SHA-256 of the tables and of what is shown.
    """

    environment: str = eqx.field(static=True, default="")
    arguments: str = eqx.field(static=True, default="{}")
    seeds: str = eqx.field(static=True, default="0")
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
        return f"not applicable: {self.name} comes from Gymnasium, which does not say how a goal is moved or a way barred"


def _observation(levels: GymnasiumLevels, states: States) -> Shaped[Array, "level state ..."]:
    assert levels.observation is not None
    return jax.vmap(lambda shown, at: shown[at])(levels.observation, states)
