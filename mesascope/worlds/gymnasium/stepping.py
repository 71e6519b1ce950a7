"""How states of an environment are told apart, stepped from and shown, while all of them are enumerated."""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np

from mesascope.core.errors import UsageError
from mesascope.worlds.gymnasium.copies import Copier
from mesascope.worlds.gymnasium.environment import action_range, load_gymnasium, name_of
from mesascope.worlds.gymnasium.minigrid import is_minigrid, minigrid_key, shared_rooms, shared_walls
from mesascope.worlds.gymnasium.observations import shown_space, to_array
from mesascope.worlds.gymnasium.structure import UnreadableError, structure


class Step(NamedTuple):
    """What a step came to."""

    after: Any
    observation: Any
    reward: float
    terminated: bool
    info: dict[str, Any]


class NeededError(Exception):
    """An environment looked at its own observation, which was left out to save time."""


class _NotShown:
    """Stands for an observation that nobody makes; whoever looks at it is told so."""

    def _needed(self, *_: Any) -> Any:
        raise NeededError

    __getitem__ = __getattr__ = __eq__ = __bool__ = __iter__ = __len__ = __array__ = _needed
    __hash__ = None  # type: ignore[assignment]

    def __deepcopy__(self, memo: Any) -> "_NotShown":
        return self


def _not_shown() -> Any:
    return _NotShown()


class Stepper:
    """Steps copies of one environment, time limits left out.

    The observation of a MiniGrid environment takes most of the time of a step; it is made once for each state, and not at
    each step, where nothing but wrappers of observations looks at it.

    Args:
        environment: after a reset.
        key: from an environment to something hashable that tells states apart; found from its attributes unless given.
        lazy: whether observations are left out where they can be.
        arrays: what no step changes, and copies share.
    """

    def __init__(
        self,
        environment: Any,
        key: Callable[[Any], Any] | None = None,
        lazy: bool = True,
        arrays: tuple[np.ndarray, ...] = (),
    ):
        self.grid = is_minigrid(environment)
        walls = shared_walls(environment) if self.grid else {}
        self._walls = {number: f"{wall.color} wall" for number, wall in walls.items()}
        self._arrays = {id(array): structure(array) for array in arrays}
        own = (*walls.values(), *shared_rooms(environment)) if self.grid else ()
        self.copier = Copier(environment, (*own, *arrays))
        self.start, self.actions = action_range(environment)
        self.space = shown_space(environment.observation_space)
        self.lazy = lazy and self.grid and _only_observed(environment)
        self._key = key

    def key(self, environment: Any) -> Hashable:
        """Equal for equal states. `UsageError` where the attributes do not say, or the user's key is not hashable."""
        if self._key is not None:
            found = self._key(environment)
            try:
                hash(found)
            except TypeError:
                raise UsageError(
                    f"key= gave a {type(found).__name__}, which is not hashable; give e.g. a tuple of numbers"
                ) from None
            return found
        if self.grid:
            return minigrid_key(environment, self._walls, self._arrays)
        try:
            return structure(environment, lambda part: self._arrays.get(id(part)))
        except UnreadableError as error:
            raise UsageError(
                f"the states of {name_of(environment)} cannot be told apart by its attributes: {error}; pass key=, a function of "
                "the environment that gives the same tuple in equal states"
            ) from error

    def step(self, environment: Any, action: int) -> Step:
        """What an action (counted from 0) comes to; `environment` stays as it is."""
        after = self.copier.copy(environment)
        _forget_time(after)
        if self.lazy:
            inner = after.unwrapped
            inner.gen_obs = _not_shown
            try:
                found = inner.step(self.start + action)
            finally:
                del inner.gen_obs
        else:
            found = after.step(self.start + action)
        observation, reward, terminated, _, info = found
        _forget_time(after)
        return Step(after, observation, float(reward), bool(terminated), info)

    def show(self, environment: Any, observation: Any) -> np.ndarray:
        """What is shown in the state that a step led to."""
        if self.lazy:
            layers, inner = [], environment
            while inner is not environment.unwrapped:
                layers.append(inner)
                inner = inner.env
            observation = inner.gen_obs()
            for layer in reversed(layers):
                if isinstance(layer, load_gymnasium().ObservationWrapper):
                    observation = layer.observation(observation)
        return to_array(self.space, observation)


def _forget_time(environment: Any) -> None:
    """The environment as at the first step of an episode, as far as it counts them in a known place."""
    layer = environment
    while True:
        if "_elapsed_steps" in vars(layer):
            layer._elapsed_steps = 0
        if layer is environment.unwrapped:
            break
        layer = layer.env
    if isinstance(vars(layer).get("step_count"), int):
        layer.step_count = 0


def _only_observed(environment: Any) -> bool:
    """Whether all wrappers do no more than change observations, which MiniGrid makes in its own way."""
    gymnasium = load_gymnasium()
    plain, layer = gymnasium.wrappers, environment
    harmless = (plain.TimeLimit, plain.OrderEnforcing, plain.PassiveEnvChecker)
    while layer is not environment.unwrapped:
        observes = (
            isinstance(layer, gymnasium.ObservationWrapper) and type(layer).step is gymnasium.ObservationWrapper.step
        )
        if not observes and type(layer) not in harmless:
            return False
        layer = layer.env
    return type(layer).gen_obs.__module__ == "minigrid.minigrid_env"
