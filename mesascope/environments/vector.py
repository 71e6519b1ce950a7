"""Many environments of Gymnasium stepped together: one look-up in tables for all, one program for what is seen."""

from typing import Any

import gymnasium
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from jaxtyping import Bool, Float, Int, Shaped

from mesascope.core.errors import UsageError, unknown
from mesascope.environments.episodes import (
    MAX_STEPS,
    RENDER_MODES,
    LevelQueue,
    check_render_mode,
    draw_block,
    frame,
    make_episodes,
    on_device,
    pick,
    show,
)
from mesascope.environments.lanes import Lanes
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import TRAINING, AbstractWorld


class VectorWorldEnv(gymnasium.vector.VectorEnv[Any, Any, np.ndarray]):
    """A world as a vector environment: `num_envs` episodes at once, each in a level of its own.

    Rewards, ends and `info` are those of `WorldEnv`, as arrays over environments. All three ways of Gymnasium to begin a new
    episode are there; `metadata["autoreset_mode"]` says which one it is.

    Args:
        num_envs: how many episodes run at once.
        world: a world, or the name of one.
        distribution: `training` or a shift.
        view: what is observed; see `make_episodes`.
        max_steps: steps after which an episode is truncated.
        render_mode: None, `ansi` or `rgb_array`.
        autoreset_mode: `NextStep` (the step after an episode's last one begins the next, whatever the action), `SameStep` (the
            last step itself begins it; `info` has `final_obs` and `final_info`), or `Disabled` (`reset` with
            `options={"reset_mask": ...}` begins it).
        max_episode_steps: another name for `max_steps`, by which Gymnasium passes a limit on; the smaller one counts.
        config: configuration of the world.

    Raises:
        UsageError: there is no such world, distribution, view, mode or configuration.

    Example:
        >>> envs = VectorWorldEnv(3, "red-doors", size=5)
        >>> observations, infos = envs.reset(seed=0)
        >>> observations.shape, infos["state"].shape
        ((3, 3, 3, 8), (3,))
    """

    metadata = {  # noqa: RUF012 (a fact of the base class; an instance has its own)
        "render_modes": list(RENDER_MODES),
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int,
        world: str | AbstractWorld,
        distribution: str = TRAINING,
        view: str | None = None,
        max_steps: int = MAX_STEPS,
        render_mode: str | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        **config: int | float | str,
    ):
        if num_envs < 1:
            raise UsageError(f"num_envs {num_envs}: expected a whole number from 1 on")
        modes = {mode.value: mode for mode in AutoresetMode}
        if not isinstance(autoreset_mode, AutoresetMode) and autoreset_mode not in modes:
            raise unknown("autoreset mode", str(autoreset_mode), modes)
        self._mode = AutoresetMode(autoreset_mode)
        limit = max_steps if max_episode_steps is None else min(max_steps, max_episode_steps)
        self.episodes = make_episodes(world, distribution=distribution, view=view, max_steps=limit, **config)
        self.world = self.episodes.world
        self.num_envs = num_envs
        self.metadata = {**type(self).metadata, "autoreset_mode": self._mode}
        self.single_action_space = self.episodes.action_space
        self.single_observation_space = self.episodes.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.render_mode = check_render_mode(self.world, render_mode)
        self._queue = LevelQueue(self.episodes)
        self._lanes: Lanes | None = None
        self._shown: AbstractLevels | None = None
        """The levels of the lanes as arrays of JAX, until one changes."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin episodes, each in a level of its own.

        Args:
            seed: seeds all that is random here, the action space apart; levels start anew.
            options: `reset_mask`, booleans over environments: only these begin an episode.

        Returns:
            Observations and `info`.

        Raises:
            UsageError: the mask is none.
        """
        super().reset(seed=seed)
        if seed is not None:
            self._queue.restart()
        mask = (options or {}).get("reset_mask")
        if mask is None:
            mask = np.ones(self.num_envs, bool)
        elif np.shape(mask) != (self.num_envs,) or np.asarray(mask).dtype != bool or not np.any(mask):
            raise UsageError(f"reset_mask: expected {self.num_envs} booleans of which at least one is true")
        if self._lanes is None:
            if not mask.all():
                raise gymnasium.error.ResetNeeded("no episodes were begun: call reset() without a mask first")
            self._lanes = Lanes(draw_block(self.episodes, 0), self.num_envs)  # for the shapes of the tables alone
        self._begin(mask)
        return self._observations(), self._infos(mask, np.zeros((self.num_envs, len(self.world.features)), np.float32))

    def step(
        self, actions: Any
    ) -> tuple[Any, Float[np.ndarray, " env"], Bool[np.ndarray, " env"], Bool[np.ndarray, " env"], dict[str, Any]]:
        """One step of every environment.

        Args:
            actions: number of an action for each environment.

        Returns:
            Observations, rewards, which episodes ended, which were cut, and `info`.

        Raises:
            gymnasium.error.ResetNeeded: no episodes were begun, or one is over and autoreset is disabled.
            UsageError: there are no such actions.
        """
        lanes = self._lanes
        if lanes is None or (self._mode is AutoresetMode.DISABLED and lanes.over.any()):
            raise gymnasium.error.ResetNeeded("an episode is over or was not begun: call reset() first")
        chosen = self._checked(actions)
        fresh = lanes.over.copy()
        going = np.flatnonzero(~fresh)
        rewards, features = np.zeros(self.num_envs), np.zeros((self.num_envs, len(self.world.features)), np.float32)
        rewards[going], features[going] = lanes.step(going, chosen[going], self.np_random)
        terminated = lanes.ended & ~fresh
        truncated = ~fresh & ~lanes.ended & (lanes.age >= self.episodes.max_steps)
        lanes.over = terminated | truncated
        if fresh.any():
            self._begin(fresh)
        everyone, last = np.ones(self.num_envs, bool), terminated | truncated
        final: dict[str, Any] = {}
        if self._mode is AutoresetMode.SAME_STEP and last.any():
            final = self._final(last, features)
            self._begin(last)
            features = np.where(last[:, None], np.float32(0), features)
        return self._observations(), rewards, terminated, truncated, {**self._infos(everyone, features), **final}

    def render(self) -> tuple[Any, ...] | None:
        """One frame for each environment, or None, as the render mode says."""
        if self._lanes is None:
            raise gymnasium.error.ResetNeeded("nothing to render before the first episode: call reset() first")
        if self.render_mode is None:
            return None
        levels, state = self._lanes.levels, self._lanes.state
        return tuple(frame(self.episodes, self.render_mode, levels, i, int(state[i])) for i in range(self.num_envs))

    def _checked(self, actions: Any) -> Int[np.ndarray, " env"]:
        chosen, count = np.asarray(actions), len(self.world.actions)
        if (
            chosen.shape != (self.num_envs,)
            or chosen.dtype.kind not in "iu"
            or ((chosen < 0) | (chosen >= count)).any()
        ):
            raise UsageError(
                f"actions {chosen.tolist()}: expected {self.num_envs} whole numbers from 0 to {count - 1}, each one of "
                f"{', '.join(self.world.actions)}"
            )
        return chosen

    def _begin(self, mask: Bool[np.ndarray, " env"]) -> None:
        assert self._lanes is not None
        self._shown = None
        for lane in np.flatnonzero(mask):
            block, level = self._queue.take(self.np_random)
            self._lanes.begin(int(lane), block, level, int(pick(block.start[level], self.np_random.random())))

    def _observations(self) -> Shaped[np.ndarray, "env ..."]:
        assert self._lanes is not None
        if self._shown is None:
            self._shown = on_device(self._lanes.levels)
        seen = np.array(show(self.episodes.view, self._shown, jnp.asarray(self._lanes.state[:, None], jnp.int32))[:, 0])
        return seen if seen.ndim > 1 else seen.astype(np.int64)

    def _infos(self, mask: Bool[np.ndarray, " env"], features: Float[np.ndarray, "env feature"]) -> dict[str, Any]:
        """`info` of the environments in a mask, in Gymnasium's form: beside each key, whose it is."""
        assert self._lanes is not None
        fired: dict[str, Any] = {}
        for number, name in enumerate(self.world.features):
            fired |= {name: np.where(mask, features[:, number], 0.0), f"_{name}": mask.copy()}
        infos: dict[str, Any] = {"features": fired, "_features": mask.copy()}
        for name, values in (
            ("level_seed", self._lanes.seed),
            ("level_index", self._lanes.index),
            ("state", self._lanes.state),
        ):
            infos |= {name: np.where(mask, values, 0), f"_{name}": mask.copy()}
        return infos

    def _final(self, last: Bool[np.ndarray, " env"], features: Float[np.ndarray, "env feature"]) -> dict[str, Any]:
        """What was seen last in the episodes that are over, and their `info`."""
        seen = self._observations()
        observed = np.full(self.num_envs, None, dtype=object)
        for lane in np.flatnonzero(last):
            observed[lane] = seen[lane]
        return {
            "final_obs": observed,
            "_final_obs": last.copy(),
            "final_info": self._infos(last, features),
            "_final_info": last.copy(),
        }
