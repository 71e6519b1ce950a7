"""Many walkers in many levels, one step at a time, as fast as tables can be looked up.

A step is one look-up: where an action leads, whether that ends the episode, what it earns. An episode that ends, or is
cut at the step limit, is followed at once by one in the next level. The map with the walker in it is written out at each
step, a word for each cell, for agents that need it; an agent that plans once needs none of it. Any other view, and one agent
at a time: `functional.py`.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, UInt8, UInt16, UInt32

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, check_starts, rewards
from mesascope.core.rng import named_key
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

STARTS = 64
"""Starts drawn for each level beforehand, from the level's own distribution; every episode there picks among them."""
_WORDS = (jnp.uint8, jnp.uint16)
"""What a cell is written as. The highest bit says that the walker is there; the lower ones are the channels of the map."""

Words = UInt8[Array, "*batch cell"] | UInt16[Array, "*batch cell"]


class Stepper(eqx.Module):
    """Tables of a batch of levels laid end to end: state s of level l is number l * states + s."""

    after: Int[Array, " row"]
    """State reached from each state by each action, doubled, plus one where that ends the episode."""
    gain: Float[Array, " row"]
    starts: Int[Array, " start"]
    seen: UInt8[Array, "view cell"] | UInt16[Array, "view cell"] | None
    """The maps of each level, one after another; None where the world has none that fits."""
    states: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)
    limit: int = eqx.field(static=True)
    """Steps after which an episode is cut."""

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.starts) // STARTS


class Walkers(NamedTuple):
    """Where each walker is, and how many steps its episode has taken."""

    at: Int[Array, " walker"]
    age: Int[Array, " walker"]


class Stepped(NamedTuple):
    """What one step brought: reward, whether the episode ended there, whether it was cut by the limit."""

    gain: Float[Array, " walker"]
    terminated: Bool[Array, " walker"]
    truncated: Bool[Array, " walker"]


class RandomWalk(NamedTuple):
    """Every step of a random walk; `seen` is None where nothing was to be looked at."""

    stepped: Stepped
    seen: Words | None


def make_stepper(world: AbstractWorld, levels: AbstractLevels, key: PRNGKeyArray, limit: int) -> Stepper:
    """Tables for walking in `levels`, rewards by the world's base objective; for worlds whose transitions are certain.

    Agents that turn and objects that are taken in turn are states like any others. What `look` shows is the first view of the
    world that is a map of all states, as a word for each cell with a bit for each channel that is not zero.

    Args:
        world: A world whose transitions are certain.
        levels: The levels to step in.
        key: Draws the starts.
        limit: Steps after which an episode is cut.

    Returns:
        The tables.

    Raises:
        UsageError: An action has several outcomes, or a level has no start.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> make_stepper(world, world.draw(0, 8), ms.named_key(0, "starts"), 50).actions
        4
    """
    mdp = world.tables(levels)
    if mdp.successor.shape[-1] != 1:
        raise UsageError(
            f"world '{world.name}' has {mdp.successor.shape[-1]} outcomes of an action: stepping by look-up needs 1; step it "
            "through mesascope.environments instead"
        )
    check_starts(mdp)
    maps = next((view.of_levels(levels) for view in world.views.values() if view.of_levels is not None), None)
    word = None if maps is None else next((w for w in _WORDS if maps.shape[-1] < jnp.iinfo(w).bits), None)
    weights = jnp.asarray(world.base_objective.vector(world.features))
    return _tables(mdp, None if word is None else maps, word, weights, key, limit)


@eqx.filter_jit
def _tables(mdp: FiniteMDP, maps, word, weights, key: PRNGKeyArray, limit: int) -> Stepper:
    levels, states, actions, _ = mdp.successor.shape
    first = jnp.arange(levels, dtype=jnp.int32)[:, None] * states
    reached = mdp.successor.reshape(levels, -1)
    ends = jnp.take_along_axis(mdp.terminal, reached, 1)
    starts = jax.random.categorical(named_key(key, "starts"), jnp.log(mdp.initial)[:, None], -1, shape=(levels, STARTS))
    seen = None
    if maps is not None:
        bits = jnp.left_shift(1, jnp.arange(maps.shape[-1]))
        seen = ((maps != 0) * bits).sum(-1).astype(word).reshape(len(maps), -1)
    return Stepper(
        ((reached + first) * 2 + ends).reshape(-1),
        rewards(mdp, weights).reshape(-1),
        (starts.astype(jnp.int32) + first).reshape(-1),
        seen,
        states,
        actions,
        limit,
    )


def begin(stepper: Stepper, key: PRNGKeyArray, walkers: int) -> Walkers:
    """Walkers at starts of all levels in turn."""
    level = jnp.arange(walkers, dtype=jnp.int32) % stepper.levels
    start = jax.random.randint(key, (walkers,), 0, STARTS, jnp.int32)
    return Walkers(stepper.starts[level * STARTS + start], jnp.zeros(walkers, jnp.int32))


def step(
    stepper: Stepper, walkers: Walkers, action: Int[Array, " walker"], start: Int[Array, " walker"]
) -> tuple[Walkers, Stepped]:
    """One step of every walker. `start`, from 0 to `STARTS` - 1, picks where a new episode begins if one does."""
    row = walkers.at * stepper.actions + action
    code = stepper.after[row]
    reached, terminated = code >> 1, (code & 1) == 1
    truncated = ~terminated & (walkers.age + 1 >= stepper.limit)
    ended = terminated | truncated
    level = reached // stepper.states + 1
    level = jnp.where(level < stepper.levels, level, 0)
    moved = Walkers(
        jnp.where(ended, stepper.starts[level * STARTS + start], reached), jnp.where(ended, 0, walkers.age + 1)
    )
    return moved, Stepped(stepper.gain[row], terminated, truncated)


def look(stepper: Stepper, walkers: Walkers) -> UInt8[Array, "walker cell"] | UInt16[Array, "walker cell"]:
    """What each walker sees, itself included: a word for each cell, see `as_channels`.

    Raises:
        UsageError: The world has no map whose channels fit into a word.
    """
    if stepper.seen is None:
        raise UsageError(
            "this world has no map of at most 15 channels to look at: make it an environment with another view"
        )
    view, cell = jnp.divmod(walkers.at, stepper.seen.shape[1])
    here = jnp.arange(stepper.seen.shape[1], dtype=jnp.int32) == cell[:, None]
    word = stepper.seen.dtype
    return stepper.seen[view] | jnp.where(here, word.type(1 << jnp.iinfo(word).bits - 1), word.type(0))


def as_channels(seen: Words, channels: int) -> Bool[Array, "*batch cell channel_and_walker"]:
    """Words as booleans: the channels of the world's map, then the walker itself."""
    return (seen[..., None] >> jnp.array([*range(channels), jnp.iinfo(seen.dtype).bits - 1], seen.dtype)) & 1 == 1


@eqx.filter_jit
def walk_at_random(
    stepper: Stepper, walkers: Walkers, key: PRNGKeyArray, steps: int, *, looking: bool
) -> tuple[Walkers, RandomWalk]:
    """`steps` steps, a multiple of four, by the uniform policy; needs four actions.

    One random word of 32 bits serves a walker for four steps: two bits for each action, six for each start.

    Args:
        stepper: The tables.
        walkers: Where the agents are.
        key: Draws actions and starts.
        steps: Steps of every agent, a multiple of 4.
        looking: Whether what is seen is kept.

    Returns:
        Where the agents are in the end, and every step.

    Raises:
        ValueError: Another number of actions, or steps that are no multiple of 4.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> stepper = make_stepper(world, world.draw(0, 8), ms.named_key(0, "starts"), 50)
        >>> _, walk = walk_at_random(stepper, begin(stepper, ms.named_key(1), 8), ms.named_key(2), 4, looking=False)
        >>> walk.stepped.terminated.shape
        (4, 8)
    """
    if stepper.actions != 4 or steps % 4:
        raise ValueError(f"{stepper.actions} actions and {steps} steps: expected 4 and a multiple of 4")

    def four(walkers: Walkers, number: Int[Array, ""]):
        words: UInt32[Array, " walker"] = jax.random.bits(jax.random.fold_in(key, number), walkers.at.shape, jnp.uint32)
        walked = []
        for turn in range(4):
            action = (words >> (2 * turn)) & 3
            start = (words >> (8 + 6 * turn)) & (STARTS - 1)
            walkers, stepped = step(stepper, walkers, action.astype(jnp.int32), start.astype(jnp.int32))
            walked.append(RandomWalk(stepped, look(stepper, walkers) if looking else None))
        return walkers, jax.tree.map(lambda *turns: jnp.stack(turns), *walked)

    walkers, walk = jax.lax.scan(four, walkers, jnp.arange(steps // 4))
    return walkers, jax.tree.map(lambda x: x.reshape(steps, *x.shape[2:]), walk)
