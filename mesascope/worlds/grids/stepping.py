"""Many walkers in many levels, one step at a time, as fast as tables can be looked up.

A step is one look-up: where an action leads, whether that ends the episode, what it earns. An episode that ends, or is
cut at the step limit, is followed at once by one in the next level. What a walker sees is written out at each step, a
byte for each cell, for agents that need it; an agent that plans once needs none of it.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, UInt8, UInt32

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, check_starts, rewards
from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import AbstractWorld

STARTS = 64
"""Starts drawn for each level beforehand, from the level's own distribution; every episode there picks among them."""
_AGENT = 7
"""Bit of a cell's byte that says that the walker is there; the lower bits are the channels of the observation."""


class Stepper(eqx.Module):
    """Tables of a batch of levels laid end to end: state s of level l is number l * states + s."""

    after: Int[Array, " row"]
    """State reached from each state by each action, doubled, plus one where that ends the episode."""
    gain: Float[Array, " row"]
    starts: Int[Array, " start"]
    seen: UInt8[Array, "level cell"]
    states: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)
    limit: int = eqx.field(static=True)
    """Steps after which an episode is cut."""


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
    seen: UInt8[Array, "step walker cell"] | None


def make_stepper(world: AbstractWorld, levels: GridLevels, key: PRNGKeyArray, limit: int) -> Stepper:
    """Tables for walking in `levels`, rewards by the world's base objective; for deterministic worlds.

    An observation is kept as one byte for each cell with a bit for each channel that is not zero; `UsageError` where a
    world has more channels than fit beside the walker's own bit, chance outcomes, or a level without any start.

    Args:
        world: A world with certain outcomes and one map for a level.
        levels: The levels to step in.
        key: Draws the starts.
        limit: Steps after which an episode is cut.

    Returns:
        The tables.

    Raises:
        UsageError: The world's levels cannot be stepped in by look-up, or one has no start.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> make_stepper(world, world.draw(0, 8), ms.named_key(0, "starts"), 50).actions
        4
    """
    mdp, observation = world.tables(levels), world.observe(levels)
    channels = observation.shape[-1]
    if len(observation) != len(levels):
        raise UsageError(
            f"world '{world.name}' shows {len(observation) // len(levels)} views of a level: stepping by look-up needs one for "
            "each level"
        )
    if mdp.successor.shape[-1] != 1 or channels > _AGENT:
        raise UsageError(
            f"world '{world.name}' has {mdp.successor.shape[-1]} outcomes and {channels} channels: stepping by look-up "
            f"needs 1 outcome and at most {_AGENT} channels; use rollout.collect"
        )
    check_starts(mdp)
    return _tables(mdp, observation, jnp.asarray(world.base_objective.vector(world.features)), key, limit)


@eqx.filter_jit
def _tables(mdp: FiniteMDP, observation, weights, key: PRNGKeyArray, limit: int) -> Stepper:
    levels, states, actions, _ = mdp.successor.shape
    first = jnp.arange(levels, dtype=jnp.int32)[:, None] * states
    reached = mdp.successor.reshape(levels, -1)
    ends = jnp.take_along_axis(mdp.terminal, reached, 1)
    starts = jax.random.categorical(named_key(key, "starts"), jnp.log(mdp.initial)[:, None], -1, shape=(levels, STARTS))
    bits = jnp.left_shift(1, jnp.arange(observation.shape[-1]))
    return Stepper(
        ((reached + first) * 2 + ends).reshape(-1),
        rewards(mdp, weights).reshape(-1),
        (starts.astype(jnp.int32) + first).reshape(-1),
        ((observation != 0) * bits).sum(-1).astype(jnp.uint8).reshape(levels, -1),
        states,
        actions,
        limit,
    )


def begin(stepper: Stepper, key: PRNGKeyArray, walkers: int) -> Walkers:
    """Walkers at starts of all levels in turn."""
    level = jnp.arange(walkers, dtype=jnp.int32) % len(stepper.seen)
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
    level = jnp.where(level < len(stepper.seen), level, 0)
    moved = Walkers(
        jnp.where(ended, stepper.starts[level * STARTS + start], reached), jnp.where(ended, 0, walkers.age + 1)
    )
    return moved, Stepped(stepper.gain[row], terminated, truncated)


def look(stepper: Stepper, walkers: Walkers) -> UInt8[Array, "walker cell"]:
    """What each walker sees, itself included: a byte for each cell, see `as_channels`."""
    level, cell = jnp.divmod(walkers.at, stepper.states)
    here = jnp.arange(stepper.states, dtype=jnp.int32) == cell[:, None]
    return stepper.seen[level] | jnp.where(here, jnp.uint8(1 << _AGENT), jnp.uint8(0))


def as_channels(seen: UInt8[Array, "*batch cell"], channels: int) -> Bool[Array, "*batch cell channel_and_walker"]:
    """Bytes as booleans: the channels of the world's observation, then the walker itself."""
    return (seen[..., None] >> jnp.array([*range(channels), _AGENT], jnp.uint8)) & 1 == 1


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
