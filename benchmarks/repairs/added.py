"""A world whose training levels are partly of another kind."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import TRAINING, AbstractWorld

CANDIDATES = 8
"""Levels drawn for each one that is added; those that are of the kind wanted come first."""


def with_added(
    world: AbstractWorld, added: int, names: Sequence[str], holds: Callable[[GridLevels], Bool[Array, " level"]]
) -> AbstractWorld:
    """The same world, the first `added` levels of each draw of training levels replaced by levels of which `holds` is true.

    They are drawn evenly from the distributions in `names`, whose levels must have the size of training levels. Where too few
    of those drawn are of the kind, others fill up. A draw of fewer than `added` levels is left as it is.
    """

    def sample(self: AbstractWorld, key: PRNGKeyArray, count: int, distribution: str) -> GridLevels:
        levels = type(world).sample(world, key, count, distribution)
        if distribution != TRAINING or count < added:
            return levels
        each = -(-CANDIDATES * added // len(names))
        parts = [type(world).sample(world, named_key(key, "added", name), each, name) for name in names]
        drawn: GridLevels = jax.tree.map(lambda *columns: jnp.concatenate(columns), *parts)
        shuffled = drawn[jax.random.permutation(named_key(key, "shuffled"), drawn.count)]
        fit = shuffled[jnp.argsort(~holds(shuffled), stable=True)[:added]]
        return jax.tree.map(lambda new, old: jnp.concatenate([new, old[added:]]), fit, levels)

    changed = type(f"{type(world).__name__}Added", (type(world),), {"sample": sample})
    return changed(**vars(world))
