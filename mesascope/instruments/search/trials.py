"""Trials for the search tests: levels, the edits to make inside, and where optimal behavior must change.

A trial names what is changed about the level (`parts`: donor level and cells), never how it is written into a subject.
Cells are scored only where the optimal actions before and after share nothing, so that following the edit and ignoring it
cannot both look right.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.instruments.interventions.patches import Cells, chebyshev
from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects
from mesascope.worlds.grids.grid import GridLevels, object_features, one_hot_objects
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.world import TRAINING, AbstractWorld

WALL_CANDIDATES = 40
"""Random cells tried as the place of a virtual wall, nearly all there are at 9x9; the one that changes most optimal actions
is taken. Where fewer cells are free and away from objects, the rest is never taken."""

NEAR = 1
"""Cells this near to a change are never scored: they could answer from the patch itself."""


class Part(NamedTuple):
    """One change: the donor level that has it, and the cells it touches."""

    donor: GridLevels
    centers: Cells


class Trials(NamedTuple):
    """One search test on a batch of levels.

    `parts` are the changes written together; `irrelevant` are changes of the same kind that alter no optimal action
    scored here; `changed` is the level with all changes in its input, the ceiling. `wrong` are cells where the same
    content is pasted as a control.
    """

    base: GridLevels
    parts: tuple[Part, ...]
    irrelevant: tuple[Part, ...]
    wrong: tuple[Cells, ...]
    changed: GridLevels
    old: Bool[Array, "level state action"]
    new: Bool[Array, "level state action"]
    scored: Bool[Array, "level height width"]


MOVED = 3
"""Objects that must be able to trade places in a level, for a goal to be moved and for a change that alters nothing."""


def not_applicable(world: AbstractWorld) -> str | None:
    """Why the search tests cannot be run in a world; None where they can. They draw no trials there."""
    if not isinstance(world, AbstractGridWorld) or not world.single_choice:
        return (
            "not applicable: the tests read one answer to a level, and an agent here answers once for every set of objects "
            "that may be gone"
        )
    movable = sum(world.vocabulary.most)
    if movable < MOVED:
        held = "one object" if movable == 1 else f"{movable} objects"
        place = world.vocabulary.place
        return (
            f"not applicable: the tests make objects trade places inside, for which a level must hold {MOVED}; one of "
            f"{world.name} holds {held}" + (f", and the {place} is a place that cannot be moved" if place else "")
        )
    return None


def best_actions(
    world: AbstractWorld, levels: GridLevels, weights: Float[Array, " feature"]
) -> Bool[Array, "level state action"]:
    """The optimal set for an objective on each level."""
    return optimal_actions(optimal_values(world.tables(levels), weights, world.discount).action)


def disjoint(
    first: Bool[Array, "*candidate level state action"], second: Bool[Array, "*some level state action"]
) -> Bool[Array, "*candidate level state"]:
    """States where two action sets share nothing."""
    return ~(first & second).any(-1)


@eqx.filter_jit
def contested_levels(world: AbstractWorld, key: PRNGKeyArray, count: int) -> GridLevels:
    """Training levels with three objects of which the last two are unlike each other.

    More levels are drawn than needed and the fit ones kept; which are kept does not depend on any subject. `UsageError` for
    a world in which the tests do not apply.
    """
    reason = not_applicable(world)
    if reason is not None:
        raise UsageError(f"search tests are {reason}")
    levels = world.draw(named_key(key, "contested"), 8 * count, TRAINING)
    fit = levels.present.all(1)
    fit &= (levels.shape[:, 1] != levels.shape[:, 2]) | (levels.color[:, 1] != levels.color[:, 2])
    return levels[jnp.argsort(~fit, stable=True)[:count]]


def by_value(levels: GridLevels, weights: Float[Array, " feature"]) -> tuple[GridLevels, Bool[Array, " level"]]:
    """Object slots from most to least valued, and whether one object alone is the most valued and worth reaching."""
    value = object_features(levels) @ weights
    order = jnp.argsort(-value, axis=1)
    ranked = jnp.take_along_axis(value, order, 1)
    cell, shape, color = (jnp.take_along_axis(t, order, 1) for t in (levels.cell, levels.shape, levels.color))
    target = (ranked[:, 0] > ranked[:, 1] + 1e-3) & (ranked[:, 0] > 1e-3)
    return GridLevels(levels.walls, cell, shape, color, levels.vocabulary), target


def _free(levels: GridLevels) -> Bool[Array, "level state"]:
    blocked = levels.walls | one_hot_objects(levels).any(1)
    return ~blocked.reshape(levels.count, -1)


def _away(levels: GridLevels, cells: Cells, distance: int) -> Bool[Array, "level state"]:
    """Cells farther than `distance` from every given cell."""
    return (chebyshev(cells, levels.interior) > distance).all(1).reshape(levels.count, -1)


def _pick(key: PRNGKeyArray, allowed: Bool[Array, "level state"], count: int) -> Int[Array, "level pick"]:
    noise = jax.random.uniform(key, allowed.shape) + allowed
    return jax.lax.top_k(noise, count)[1].astype(jnp.int32)


@eqx.filter_jit
def draw_trials(
    world: AbstractWorld,
    key: PRNGKeyArray,
    contested: GridLevels,
    count: int,
    weights: Float[Array, " feature"],
) -> dict[str, Trials]:
    """Fresh trials of the three tests, `retarget`, `virtual wall` and `joint`, for a subject that is after `weights`.

    Each test keeps the `count` contested levels on which it has most cells to score. Walls are drawn at random, several
    to a level, and the one that makes most cells to score is taken.
    """
    base, targeted = by_value(contested, weights)
    swapped = swap_objects(base, 0, 1)
    old, swapped_best = best_actions(world, base, weights), best_actions(world, swapped, weights)
    far = _free(base) & _away(base, base.cell, NEAR)
    tried = _pick(named_key(key, "walls"), far, min(WALL_CANDIDATES, far.shape[1]))
    fit = jnp.take_along_axis(far, tried, 1).T

    def best_with(wall):
        return best_actions(world, add_wall(base, wall), weights), best_actions(world, add_wall(swapped, wall), weights)

    walled_best, both_best = jax.lax.map(best_with, tried.T)
    wall_apart = disjoint(walled_best, old)
    both_apart = disjoint(both_best, old) & disjoint(both_best, swapped_best) & disjoint(both_best, walled_best)
    wrong_objects = _pick(named_key(key, "wrong objects"), far, 2)
    swap, idle_swap = (
        Part(swapped, base.cell[:, :2]),
        Part(swap_objects(base, 1, 2), base.cell[:, 1:]),
    )

    def with_wall(name: str, changed: GridLevels, apart):
        near = base.cell[:, :2] if changed is swapped else base.cell[:, :0]
        open_ = _free(base) & _away(base, near, NEAR)
        made = jax.vmap(lambda cells, wall: (cells & open_ & _away(base, wall[:, None], NEAR)).sum(-1), out_axes=1)(
            apart, tried.T
        )
        made = jnp.where(fit.T, made, 0)
        most, least = made.argmax(1)[:, None], jnp.where(fit.T, made, made.max() + 1).argmin(1)[:, None]
        wall, idle = jnp.take_along_axis(tried, most, 1), jnp.take_along_axis(tried, least, 1)
        other = _pick(named_key(key, name, "wrong"), far & _away(base, wall, NEAR), 1)
        chosen = jnp.take_along_axis(jnp.moveaxis(apart & fit[..., None], 0, 1), most[..., None], 1)[:, 0]
        return Part(add_wall(base, wall[:, 0]), wall), Part(add_wall(base, idle[:, 0]), idle), other, chosen

    wall, idle_wall, wrong_wall, apart_wall = with_wall("wall", base, wall_apart)
    also, idle_also, wrong_also, apart_both = with_wall("joint wall", swapped, both_apart)
    both = add_wall(swapped, also.centers[:, 0])
    tests = {
        "retarget": ((swap,), (idle_swap,), (wrong_objects,), swapped, disjoint(swapped_best, old)),
        "virtual wall": ((wall,), (idle_wall,), (wrong_wall,), wall.donor, apart_wall),
        "joint": ((swap, also), (idle_swap, idle_also), (wrong_objects, wrong_also), both, apart_both),
    }
    return {name: _richest(world, weights, base, old, targeted, count, *test) for name, test in tests.items()}


def _richest(world, weights, base, old, targeted, count, parts, irrelevant, wrong, changed, apart) -> Trials:
    near = jnp.concatenate([part.centers for part in parts], 1)
    scored = apart & targeted[:, None] & _free(changed) & _away(base, near, NEAR)
    keep = jnp.argsort(-scored.sum(-1), stable=True)[:count]
    halves = jnp.concatenate([keep[0::2], keep[1::2]])  # as rich in cells, the one for choosing and the one for scoring
    new = best_actions(world, changed, weights)
    maps = scored.reshape(base.walls.shape)
    return jax.tree.map(lambda t: t[halves], Trials(base, parts, irrelevant, wrong, changed, old, new, maps))
