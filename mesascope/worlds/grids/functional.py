"""A world as two pure functions, `reset` and `step`, in the manner of gymnax: for `jax.jit`, `jax.vmap`, `jax.lax.scan`."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from mesascope.core.errors import unknown
from mesascope.core.rng import named_key
from mesascope.worlds.grids.stepping import STARTS, Stepper, Walkers, make_stepper, step
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.views import FULL
from mesascope.worlds.world import AbstractWorld


class FunctionalEnv(eqx.Module):
    """Levels to step in, and what is observed there. `functional_env` makes one.

    An episode that ends, or is cut, is followed at once by one in the next level, as in gymnax: the observation and the state
    that such a step gives are the first of the new episode.
    """

    levels: AbstractLevels
    stepper: Stepper
    fires: Float[Array, "row feature"]
    world: AbstractWorld = eqx.field(static=True)
    view: str = eqx.field(static=True)

    def reset(self, key: PRNGKeyArray) -> tuple[Shaped[Array, "..."], Walkers]:
        """Begin an episode in a random level.

        Args:
            key: Draws the level and where the agent starts.

        Returns:
            The first observation, and the state to go on from.
        """
        start = jax.random.randint(key, (), 0, self.stepper.levels * STARTS, jnp.int32)
        state = Walkers(self.stepper.starts[start], jnp.zeros((), jnp.int32))
        return self.observe(state), state

    def step(
        self, key: PRNGKeyArray, state: Walkers, action: Int[Array, ""] | int
    ) -> tuple[Shaped[Array, "..."], Walkers, Float[Array, ""], Bool[Array, ""], dict[str, Any]]:
        """One step.

        Args:
            key: Draws where the agent starts if a new episode begins.
            state: Where the agent is.
            action: Number of an action of the world.

        Returns:
            Observation, state, reward, whether the episode is over, and `info`: `features` (what fired, in the order of the
            world's features), `terminated`, `truncated`, and `level`, the number of the level that was stepped in.
        """
        start = jax.random.randint(key, (1,), 0, STARTS, jnp.int32)
        chosen = jnp.asarray(action, jnp.int32)
        moved, stepped = step(self.stepper, Walkers(state.at[None], state.age[None]), chosen[None], start)
        after = Walkers(moved.at[0], moved.age[0])
        terminated, truncated = stepped.terminated[0], stepped.truncated[0]
        info = {
            "features": self.fires[state.at * self.stepper.actions + chosen],
            "terminated": terminated,
            "truncated": truncated,
            "level": state.at // self.stepper.states,
        }
        return self.observe(after), after, stepped.gain[0], terminated | truncated, info

    def observe(self, state: Walkers) -> Shaped[Array, "..."]:
        """What the agent sees in a state."""
        level, number = jnp.divmod(state.at, self.stepper.states)
        one = self.levels[level[None]]
        return self.world.views[self.view].of_states(one, number[None, None])[0, 0]


def functional_env(
    world: AbstractWorld,
    levels: AbstractLevels,
    *,
    limit: int = 100,
    view: str = FULL,
    seed: int = 0,
) -> FunctionalEnv:
    """A world as pure functions over some of its levels; rewards are those of the base objective.

    Args:
        world: A world whose transitions are certain, in whatever way agents move.
        levels: The levels to step in.
        limit: Steps after which an episode is cut.
        view: What is observed, one of `world.views`.
        seed: Draws where episodes may start: `STARTS` states of each level, by the level's own distribution.

    Returns:
        The functions, with their tables.

    Raises:
        UsageError: There is no such view, an action has several outcomes, or a level has no start.

    Example:
        >>> import jax, mesascope as ms
        >>> world = ms.worlds.red_doors(size=5, movement="turn")
        >>> env = functional_env(world, world.draw(0, 16), view="egocentric-5")
        >>> keys = jax.random.split(jax.random.key(0), 8)
        >>> observation, state = jax.vmap(env.reset)(keys)
        >>> observation, state, reward, done, info = jax.vmap(env.step)(keys, state, jax.numpy.zeros(8, int))
        >>> observation.shape, reward.shape
        ((8, 5, 5, 7), (8,))
    """
    if view not in world.views:
        raise unknown(f"view of {world.name}", view, world.views)
    stepper = make_stepper(world, levels, named_key(seed, "starts"), limit)
    mdp = world.tables(levels)
    fires = mdp.features[..., 0, :] * ~mdp.terminal[:, :, None, None]
    return FunctionalEnv(levels, stepper, fires.reshape(-1, fires.shape[-1]), world, view)
