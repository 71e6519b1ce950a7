"""Does a base optimizer keep its promises?"""

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.base_optimizers.protocol import AbstractBaseOptimizer, TrainState
from mesascope.base_optimizers.training import advance, begin, chunks, probe, stand
from mesascope.core.errors import MesascopeError
from mesascope.core.options import Given
from mesascope.worlds.world import AbstractWorld


class BaseOptimizerError(MesascopeError):
    """A base optimizer that breaks a promise of its protocol."""

    code = "base-optimizer"


def check_base_optimizer(
    optimizer: AbstractBaseOptimizer,
    world: AbstractWorld,
    architecture: str,
    config: Given | None = None,
    *,
    seed: int = 0,
    gain: float = 0.1,
) -> None:
    """Raise `BaseOptimizerError` for the first promise that is broken; trains three times over.

    The state is arrays only; the seed fixes every bit, and another seed gives other weights; training in chunks of
    every length gives the same bits, through NumPy and back too; the number of updates is counted; nothing becomes NaN;
    and competence at the base objective rises by at least `gain` from the start to the end.
    """
    start = begin(optimizer, world, architecture, config, seed=seed)
    _check_arrays(start)
    total = optimizer.updates
    whole = _run(optimizer, world, start, total)
    if int(whole.updates) != total:
        raise BaseOptimizerError(f"{total} updates were run and the state counts {int(whole.updates)}")
    pieces = start
    for done in chunks(
        optimizer, world, begin(optimizer, world, architecture, config, seed=seed), chunk=total // 3 + 1
    ):
        pieces = through_numpy(done.state)
    _check_equal(whole, pieces, "training in chunks gives other values than training in one go")
    other = _run(optimizer, world, begin(optimizer, world, architecture, config, seed=seed + 1), total)
    if _same(whole.subject, other.subject):
        raise BaseOptimizerError("another seed gives the same weights")
    probes = probe(world)
    before, after = (float(stand(optimizer.subject(s), probes, world.discount)[0]) for s in (start, whole))
    if not after >= before + gain:
        raise BaseOptimizerError(
            f"competence went from {before:.3f} to {after:.3f}; expected a gain of {gain} at least"
        )


def through_numpy(state: TrainState) -> TrainState:
    """The state as it comes back from storage: every leaf once a NumPy array."""
    leaves, structure = jax.tree.flatten(state)
    return jax.tree.unflatten(structure, [jnp.asarray(np.array(leaf)) for leaf in leaves])


def _run(optimizer: AbstractBaseOptimizer, world: AbstractWorld, state: TrainState, updates: int) -> TrainState:
    return advance(optimizer, world, state, jnp.array(updates, jnp.int32))[0]


def _check_arrays(state: TrainState) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        if not isinstance(leaf, jax.Array) or jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.extended):
            where = jax.tree_util.keystr(path)
            raise BaseOptimizerError(f"the state holds a {type(leaf).__name__} at {where}; expected plain arrays only")


def _same(one: object, other: object) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def _check_equal(one: TrainState, other: TrainState, trouble: str) -> None:
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(one), jax.tree.leaves(other), strict=True):
        if not np.isfinite(np.asarray(a)).all():
            raise BaseOptimizerError(f"training left values that are not finite at {jax.tree_util.keystr(path)}")
        if not np.array_equal(a, b):
            raise BaseOptimizerError(f"{trouble}, at {jax.tree_util.keystr(path)}")
