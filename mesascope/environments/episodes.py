"""What episodes are made of: levels drawn in blocks, with their tables as NumPy arrays."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import UsageError, unknown
from mesascope.core.mdp import FiniteMDP, check_starts
from mesascope.core.rng import named_key
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.registry import make_world
from mesascope.worlds.views import RGB, States, View
from mesascope.worlds.world import TRAINING, AbstractWorld

BLOCK = 64
"""Levels drawn at once."""
MAX_STEPS = 100
"""Steps after which an episode is cut, unless said otherwise."""
RENDER_MODES = ("ansi", "rgb_array")
SEEN_AT_ONCE = 2**22
"""Bytes of what is seen in levels that are looked at together."""


class Episodes(NamedTuple):
    """Which episodes an environment is made of.

    Attributes:
        world: the world.
        distribution: name of the distribution that levels are drawn from.
        view: what is observed.
        states: states of each level.
        max_steps: steps after which an episode is cut.
    """

    world: AbstractWorld
    distribution: str
    view: View
    states: int
    max_steps: int

    @property
    def looked_at(self) -> int:
        """Levels that are looked at together: a power of 2, at most `BLOCK`."""
        space = self.observation_space
        each = self.states * (math.prod(space.shape or ()) * (space.dtype or np.dtype(np.int64)).itemsize)
        return 2 ** int(math.log2(min(max(SEEN_AT_ONCE // each, 1), BLOCK)))

    @property
    def action_space(self) -> gymnasium.spaces.Discrete:
        """The actions of the world, in its order."""
        return gymnasium.spaces.Discrete(len(self.world.actions))

    @property
    def observation_space(self) -> gymnasium.spaces.Space[Any]:
        """`Box` for a view that shows arrays, `Discrete` for one that gives a number."""
        seen = jax.eval_shape(lambda key: _one_state(self, self.world.sample(key, 1, self.distribution)), named_key(0))
        if not seen.shape:
            return gymnasium.spaces.Discrete(self.states)
        kind: Any = np.uint8 if seen.dtype == jnp.uint8 else np.float32
        return gymnasium.spaces.Box(0, self.view.high, seen.shape, kind)


def _one_state(episodes: Episodes, levels: AbstractLevels) -> Array:
    return episodes.view.of_states(levels, jnp.zeros((1, 1), jnp.int32))[0, 0]


def make_episodes(
    world: str | AbstractWorld,
    *,
    distribution: str = TRAINING,
    view: str | None = None,
    max_steps: int = MAX_STEPS,
    **config: int | float | str,
) -> Episodes:
    """The episodes of an environment, from what its maker was told.

    Args:
        world: a world, or the name of one.
        distribution: `training` or a shift of the world.
        view: name of a view of the world; `full` unless given, and the first view where there is none of that name or where
            the world puts one first that depends on the agent's state.
        max_steps: steps after which an episode is cut.
        config: configuration of the world, where it is named: `size`, `movement`, ...

    Raises:
        UsageError: there is no such world, distribution, view or configuration.
    """
    if isinstance(world, str):
        made = make_world(world, **config)
    elif config:
        raise UsageError(f"{', '.join(config)}: configuration is for a world that is given by name; this one is made")
    else:
        made = world
    made.check_distribution(distribution)
    views = made.views
    first = next(iter(views))
    name = view or ("full" if views[first].shows_all_states and "full" in views else first)
    if name not in views:
        raise unknown(f"view of {made.name}", name, views)
    if isinstance(max_steps, bool) or not isinstance(max_steps, int) or max_steps < 1:
        raise UsageError(f"max_steps {max_steps}: expected a whole number from 1 on")
    shapes = jax.eval_shape(lambda key: made.tables(made.sample(key, 1, distribution)), named_key(0))
    return Episodes(made, distribution, views[name], shapes.states, max_steps)


class Block(NamedTuple):
    """Levels that were drawn together, with their tables. Reward is that of the world's base objective.

    Attributes:
        seed: `world.draw(seed, BLOCK, distribution)` draws them again.
        levels: the levels, their arrays NumPy's as all others here.
        successor: the state that each action leads to.
        chance: cumulative probabilities over outcomes.
        features: what fires on each transition.
        reward: what each transition earns.
        terminal: states that end an episode.
        start: cumulative probabilities over states.
    """

    seed: int
    levels: AbstractLevels
    successor: Int[np.ndarray, "level state action outcome"]
    chance: Float[np.ndarray, "level state action outcome"]
    features: Float[np.ndarray, "level state action outcome feature"]
    reward: Float[np.ndarray, "level state action outcome"]
    terminal: Bool[np.ndarray, "level state"]
    start: Float[np.ndarray, "level state"]


@eqx.filter_jit
def _tables(world: AbstractWorld, levels: AbstractLevels) -> FiniteMDP:
    return world.tables(levels)


@eqx.filter_jit
def _draw(world: AbstractWorld, key: Array, distribution: str) -> AbstractLevels:
    return world.sample(key, BLOCK, distribution)


def draw_block(episodes: Episodes, seed: int) -> Block:
    """The levels of a seed; equal seeds give equal levels."""
    world = episodes.world
    levels = _draw(world, named_key(seed), episodes.distribution)
    mdp = _tables(world, levels)
    check_starts(mdp)
    features = np.asarray(mdp.features)
    weights = np.asarray(world.base_objective.vector(world.features))
    return Block(
        seed,
        jax.tree.map(np.asarray, levels),
        np.asarray(mdp.successor),
        _cumulative(mdp.probability),
        features,
        (features @ weights).astype(np.float64),
        np.asarray(mdp.terminal),
        _cumulative(mdp.initial),
    )


def _cumulative(probability: Array) -> Float[np.ndarray, "*rows outcome"]:
    """Running sums that end at exactly 1, so that a number below 1 always picks an outcome."""
    total = np.cumsum(np.asarray(probability), -1, dtype=np.float64)
    return total / total[..., -1:]


def pick(
    cumulative: Float[np.ndarray, "*rows outcome"], chance: float | Float[np.ndarray, "*rows"]
) -> Int[np.ndarray, "*rows"]:
    """The outcome that each number from 0 to below 1 falls on; one of probability 0 never."""
    return np.asarray((np.asarray(chance)[..., None] >= cumulative).sum(-1))


class LevelQueue:
    """Levels one after another, drawn in blocks by random numbers that the environment was seeded with."""

    def __init__(self, episodes: Episodes):
        self._episodes = episodes
        self._block: Block | None = None
        self._next = 0

    def restart(self) -> None:
        """Forget the levels that are left: the next ones are drawn anew."""
        self._block = None

    def take(self, rng: np.random.Generator) -> tuple[Block, int]:
        """The next level: its block, and its number there."""
        if self._block is None or self._next == BLOCK:
            self._block, self._next = draw_block(self._episodes, int(rng.integers(2**32))), 0
        self._next += 1
        return self._block, self._next - 1


def shows_pictures(world: AbstractWorld) -> bool:
    """Whether a world has a view of pixels."""
    return RGB in world.views


def on_device(levels: AbstractLevels) -> AbstractLevels:
    """Levels whose arrays are NumPy's, with arrays of JAX."""
    return jax.tree.map(jnp.asarray, levels)


@eqx.filter_jit
def show(view: View, levels: AbstractLevels, states: States) -> Array:
    """What is seen in some states of some levels, as one program."""
    return view.of_states(levels, states)


def check_render_mode(world: AbstractWorld, mode: str | None) -> str | None:
    """`mode` if it is none or one that the world can be rendered in.

    Raises:
        UsageError: it is another.
    """
    modes = RENDER_MODES if shows_pictures(world) else RENDER_MODES[:1]
    if mode is not None and mode not in modes:
        raise unknown(f"render mode of {world.name}", mode, modes)
    return mode


def frame(episodes: Episodes, mode: str | None, levels: AbstractLevels, level: int, state: int) -> Any:
    """A level with the agent in a state of it, as text, as pixels, or as nothing."""
    if mode == "ansi":
        return episodes.world.text_in_state(levels, level, state)
    if mode == "rgb_array":
        one = on_device(levels[np.array([level])])
        return np.array(show(episodes.world.views[RGB], one, jnp.asarray([[state]]))[0, 0])
    return None
