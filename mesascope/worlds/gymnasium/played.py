"""A world that is played in and not tabulated: an environment as it is, time limit and all."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from mesascope.core.errors import UsageError, said
from mesascope.worlds.gymnasium.copies import Copier
from mesascope.worlds.gymnasium.environment import action_range, name_of
from mesascope.worlds.gymnasium.observations import shown_space, to_array
from mesascope.worlds.gymnasium.transition import Feature, Transition
from mesascope.worlds.gymnasium.world import OBSERVATION
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.played import AbstractEpisode, AbstractPlayedWorld
from mesascope.worlds.views import States, View

MOST_SEEDS = 2**31
"""Seeds of resets that levels are drawn from where none are named."""


class PlayedLevels(AbstractLevels):
    """Levels of an environment: the seeds of their resets, and what is shown first."""

    number: Int[Array, " level"]
    observation: Shaped[Array, "level state ..."]

    def text(self, index: int) -> str:
        """The seed: an environment that is only played does not write its levels."""
        return f"reset with seed {int(self.number[index])}"


class PlayedWorld(AbstractPlayedWorld[PlayedLevels]):
    """An environment of Gymnasium that is played in episodes. `from_gymnasium(..., tables=False)` makes a subclass for each.

    **Configuration.**

    * `environment`: id of the environment, or the name of its class.
    * `arguments`: arguments that it is made with, as JSON.
    * `seeds`: seeds of its levels, separated by commas; any where none are named.
    * `objectives`: features, intended goal, base objective and discount, as JSON.
    * `shifted`: what each shift changes, as JSON.
    * `limit`: steps after which an episode is cut, if the environment did not before.
    """

    environment: str = eqx.field(static=True, default="")
    arguments: str = eqx.field(static=True, default="{}")
    seeds: str = eqx.field(static=True, default="")
    objectives: str = eqx.field(static=True, default="{}")
    shifted: str = eqx.field(static=True, default="{}")
    limit: int = eqx.field(static=True, default=1000)

    factories: eqx.AbstractClassVar[Mapping[str, Callable[[int], Any]]]
    measured: eqx.AbstractClassVar[Mapping[str, Feature]]
    looks_back: eqx.AbstractClassVar[bool]
    """Whether a feature may look at the environment before a step, of which a copy is then kept."""

    @property
    def _numbers(self) -> tuple[int, ...]:
        return tuple(map(int, self.seeds.split(","))) if self.seeds else ()

    def sample(self, key: PRNGKeyArray, count: int, distribution: str) -> PlayedLevels:
        """Levels by the seeds of their resets: those that were named, in a random order, or any."""
        numbers = self._numbers
        if numbers:
            number = jnp.resize(jax.random.permutation(key, jnp.asarray(numbers)), (count,))
        else:
            number = jax.random.randint(key, (count,), 0, MOST_SEEDS - 1)
        make = self.factories[distribution]
        first = [GymnasiumEpisode(make(int(seed)), int(seed), {}).observation for seed in np.asarray(number)]
        return PlayedLevels(number, jnp.asarray(np.stack(first))[:, None])

    def begin(self, levels: PlayedLevels, index: int, distribution: str) -> "GymnasiumEpisode":
        """Begin an episode on one level, in an environment of its own."""
        seed = int(levels.number[index])
        environment = self.factories[distribution](seed)
        return GymnasiumEpisode(environment, seed, self.measured, looks_back=self.looks_back)

    def distinct_levels(self, distribution: str) -> int | None:
        """How many seeds were named; None where levels are drawn from all."""
        self.check_distribution(distribution)
        return len(self._numbers) or None

    def active(self, levels: PlayedLevels) -> Bool[Array, "level state"]:
        """The states that levels show: the starts."""
        return jnp.ones(levels.observation.shape[:2], bool)

    @property
    def views(self) -> Mapping[str, View]:
        """What the environment shows."""
        return {OBSERVATION: View("what the environment shows in the state", _observation)}

    def observe(self, levels: PlayedLevels, view: str | None = None, states: States | None = None) -> Array:
        """What is shown at the start of each level, its only state that is known: `(level, 1, ...)`."""
        first = jnp.zeros((levels.observation.shape[0], 1), jnp.int32)
        return super().observe(levels, view, first if states is None else states)

    @property
    def no_search_tests(self) -> str | None:
        """An environment does not say how its levels can be changed."""
        return f"not applicable: {self.name} does not say how a goal is moved or a way barred"


def _observation(levels: PlayedLevels, states: States) -> Shaped[Array, "level state ..."]:
    return jax.vmap(lambda shown, at: shown[at])(levels.observation, states)


class _NotKept:
    """The environment before a step, of one that is not copied; whoever looks at it is told so."""

    def __init__(self, name: str, why: str):
        self._name, self._why = name, why

    def __getattr__(self, attribute: str) -> Any:
        raise UsageError(
            f"a feature looks at the environment before the step, and {self._name} cannot be copied ({self._why}): use after, "
            "reward, terminated or info of the transition"
        )


class GymnasiumEpisode(AbstractEpisode):
    """One episode under way in an environment.

    Args:
        environment: it is reset.
        seed: of the reset.
        features: what is computed of each transition.
        looks_back: whether a feature may look at the environment before a step.
    """

    def __init__(self, environment: Any, seed: int, features: Mapping[str, Feature], *, looks_back: bool = False):
        self._environment, self._name, self._features = environment, name_of(environment), features
        self._start, _ = action_range(environment)
        self._space = shown_space(environment.observation_space)
        try:
            shown, _ = environment.reset(seed=seed)
        except Exception as error:
            raise UsageError(f"{self._name} failed at its reset with seed {seed}: {said(error)}") from error
        self._copier = Copier(environment) if looks_back else None
        self.observation = to_array(self._space, shown)
        self.over = self.ended = False

    def step(self, action: int) -> Float[np.ndarray, " feature"]:
        """One step; the features that it fired."""
        before = self._before()
        try:
            shown, gained, ended, cut, info = self._environment.step(self._start + action)
        except Exception as error:
            raise UsageError(f"{self._name} failed at action {self._start + action}: {said(error)}") from error
        self.observation = to_array(self._space, shown)
        self.ended, self.over = bool(ended), bool(ended or cut)
        seen = Transition(before, action, self._environment, float(gained), self.ended, info)
        return np.array([feature(seen) for feature in self._features.values()], np.float64)

    def _before(self) -> Any:
        if self._copier is None:
            return None
        try:
            return self._copier.copy(self._environment)
        except UsageError as error:
            return _NotKept(self._name, said(error))
