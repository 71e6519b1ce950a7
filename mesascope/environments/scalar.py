"""One environment of Gymnasium, stepped by tables: no JAX between the beginning and the end of an episode."""

from typing import Any, NamedTuple

import gymnasium
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Shaped

from mesascope.core.errors import UsageError
from mesascope.environments.episodes import (
    MAX_STEPS,
    RENDER_MODES,
    Block,
    LevelQueue,
    check_render_mode,
    frame,
    make_episodes,
    on_device,
    pick,
    show,
)
from mesascope.worlds.world import TRAINING, AbstractWorld


class _Playing(NamedTuple):
    """The level of an episode, and what is seen in each of its states."""

    block: Block
    level: int
    seen: Shaped[np.ndarray, "state ..."]


class WorldEnv(gymnasium.Env[Any, Any]):
    """A world as an environment: each episode is in a level of its own.

    `info` has `features` (what fired in this step, by name), `level_seed` and `level_index` (the level is
    `world.draw(level_seed, BLOCK, distribution)[level_index]`), and `state`, the number of the state in the tables of the world.
    The reward is that of the world's base objective.

    Args:
        world: a world, or the name of one.
        distribution: `training` or a shift.
        view: what is observed; see `make_episodes`.
        max_steps: steps after which an episode is truncated.
        render_mode: None, `ansi` or `rgb_array`.
        config: configuration of the world, such as `size=7` or `movement="turn"`.

    Raises:
        UsageError: there is no such world, distribution, view, render mode or configuration.

    Example:
        >>> env = WorldEnv("red-doors", size=5, movement="turn")
        >>> observation, info = env.reset(seed=0)
        >>> observation.shape, int(env.action_space.n), info["features"]["door"]
        ((3, 3, 11), 3, 0.0)
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 4}  # noqa: RUF012 (declared so by the base class)

    def __init__(
        self,
        world: str | AbstractWorld,
        distribution: str = TRAINING,
        view: str | None = None,
        max_steps: int = MAX_STEPS,
        render_mode: str | None = None,
        **config: int | float | str,
    ):
        self.episodes = make_episodes(world, distribution=distribution, view=view, max_steps=max_steps, **config)
        self.world = self.episodes.world
        self.action_space = self.episodes.action_space
        self.observation_space = self.episodes.observation_space
        self.render_mode = check_render_mode(self.world, render_mode)
        self._queue = LevelQueue(self.episodes)
        self._together = self.episodes.looked_at
        every = jnp.arange(self.episodes.states, dtype=jnp.int32)
        self._every = jnp.broadcast_to(every, (self._together, self.episodes.states))
        self._seen: Shaped[np.ndarray, "level state ..."] | None = None
        self._playing: _Playing | None = None
        self._over = True
        self._state = self._age = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in the next level. A seed starts the levels anew: equal seeds give equal episodes.

        Args:
            seed: seeds all that is random here, the action space apart.
            options: none are known.

        Returns:
            The first observation, and `info`.
        """
        super().reset(seed=seed)
        if seed is not None:
            self._queue.restart()
        block, level = self._queue.take(self.np_random)
        within = level % self._together
        if within == 0 or self._seen is None:  # levels of a block are taken one after another, from the first
            some = block.levels[np.arange(level - within, level - within + self._together)]
            self._seen = np.asarray(show(self.episodes.view, on_device(some), self._every))
        seen = self._seen[within]
        self._playing = _Playing(block, level, seen)
        self._state = int(pick(block.start[level], self.np_random.random()))
        self._age, self._over = 0, False
        return self._observation(seen), self._info(block, level, np.zeros(len(self.world.features), np.float32))

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step.

        Args:
            action: number of an action of the world.

        Returns:
            Observation, reward, whether the episode ended, whether it was cut, and `info`.

        Raises:
            gymnasium.error.ResetNeeded: no episode was begun, or the last one is over.
            UsageError: there is no such action.
        """
        if self._playing is None or self._over:
            raise gymnasium.error.ResetNeeded("the episode is over or was not begun: call reset() first")
        if not self.action_space.contains(action):
            raise UsageError(
                f"action {action}: expected a whole number from 0 to {len(self.world.actions) - 1}, one of "
                f"{', '.join(self.world.actions)}"
            )
        (block, level, seen), here = self._playing, self._state
        row = (level, here, int(action))
        outcome = 0
        if block.successor.shape[-1] > 1:
            outcome = int(pick(block.chance[row], self.np_random.random()))
        self._state = int(block.successor[row][outcome])
        self._age += 1
        terminated = bool(block.terminal[level, self._state])
        truncated = not terminated and self._age >= self.episodes.max_steps
        self._over = terminated or truncated
        info = self._info(block, level, block.features[row][outcome])
        return self._observation(seen), float(block.reward[row][outcome]), terminated, truncated, info

    def render(self) -> Any:
        """The level with the agent: text, pixels, or None, as the render mode says."""
        if self._playing is None:
            raise gymnasium.error.ResetNeeded("nothing to render before the first episode: call reset() first")
        return frame(self.episodes, self.render_mode, self._playing.block.levels, self._playing.level, self._state)

    def _observation(self, seen: Shaped[np.ndarray, "state ..."]) -> Any:
        now = seen[self._state]
        return now.copy() if now.ndim else np.int64(now)

    def _info(self, block: Block, level: int, fired: Float[np.ndarray, " feature"]) -> dict[str, Any]:
        features = dict(zip(self.world.features, fired.tolist(), strict=True))
        return {"features": features, "level_seed": block.seed, "level_index": level, "state": self._state}
