"""The changes that a world names, checked for what tests and searches build on them."""

from collections.abc import Iterator

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from mesascope.conformance.violations import Violation
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.worlds.counterfactuals import AbstractCounterfactual, AbstractCounterfactuals, Kind
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

DRAWN_FOR_EACH = 8
"""Levels drawn for each that is looked at, since changes cannot be made in all."""


def check_changes(world: AbstractWorld, seed: int, count: int) -> Iterator[Violation]:
    """Every rule that counterfactuals and mutations of `world` break on training levels."""
    key = named_key(seed, "conformance", "changes")
    levels = world.draw(key, DRAWN_FOR_EACH * count)
    if world.mutations is not None:
        mutated = world.mutations.propose(named_key(key, "mutation"), levels, world.mutations.varying(levels))
        if type(mutated) is not type(levels) or len(mutated) != len(levels):
            yield Violation("mutations: as many levels of the same type", f"{len(mutated)} {type(mutated).__name__}")
    changes = world.counterfactuals
    if changes is None:
        return
    weights = jnp.asarray(world.intended_goal.vector(world.features))
    yield from _kinds(world, changes, levels)
    moved = changes.move_goal(levels, weights, named_key(key, "move"))
    if len(moved.levels) != len(levels) or moved.where.shape != (len(levels), 2):
        yield Violation(
            "counterfactuals: a goal moves from one cell to another", f"where has shape {moved.where.shape}"
        )
    if world.no_search_tests is not None:
        return
    names = [change.name for change in changes.changes]
    kinds = {change.kind for change in changes.changes}
    if len(set(names)) != len(names) or kinds != set(Kind):
        yield Violation("counterfactuals: changes of objective and of model, each named once", f"{names}")
    contested = np.asarray(changes.contested(levels))
    if contested.sum() < count:
        yield Violation(
            "counterfactuals: one training level in eight is contested", f"{contested.sum()} of {len(levels)}"
        )
        return
    base, _ = changes.aim(levels[jnp.asarray(np.flatnonzero(contested)[:count])], weights)
    mdp = _tables(world, base)
    around = changes.surroundings(base)
    if around.code.shape != (len(base), mdp.states) or around.before.shape[0] != mdp.states:
        yield Violation(
            "counterfactuals: surroundings of each state", f"shapes {around.code.shape}, {around.before.shape}"
        )
    for change in changes.changes:
        yield from _change(world, change, base, mdp, key)


def _kinds(world: AbstractWorld, changes: AbstractCounterfactuals, levels: AbstractLevels) -> Iterator[Violation]:
    kinds, features = np.asarray(changes.kinds_in(levels)), np.asarray(changes.kind_features)
    if features.shape != (len(changes.kinds), len(world.features)):
        yield Violation("counterfactuals: features of each kind of outcome", f"shape {features.shape}")
    outcomes = world.outcomes(levels)
    named = (kinds >= 0) & (kinds < len(changes.kinds))
    if kinds.shape != outcomes.present.shape or (named > np.asarray(outcomes.present)).any():
        yield Violation("counterfactuals: kinds of the outcomes in their slots", f"shape {kinds.shape}")
        return
    again = changes.with_kinds(levels, jnp.asarray(kinds))
    if not np.array_equal(np.asarray(changes.kinds_in(again)), kinds):
        yield Violation("counterfactuals: levels with some kinds hold these kinds", "others")


def _change(
    world: AbstractWorld, change: AbstractCounterfactual, base: AbstractLevels, mdp: FiniteMDP, key
) -> Iterator[Violation]:
    rule = f"counterfactuals: '{change.name}'"
    proposed = change.propose(base, key)
    if proposed.code.ndim != 2 or proposed.code.shape != proposed.fit.shape or proposed.code.shape[1] != len(base):
        yield Violation(
            f"{rule} proposes candidates for each level", f"shapes {proposed.code.shape}, {proposed.fit.shape}"
        )
        return
    made = change.apply(base, proposed.code[0])
    cells = int(np.prod(world.map_shape(base)))
    where = np.asarray(made.where)
    if where.ndim != 2 or len(where) != len(base) or (where < 0).any() or (where >= cells).any():
        yield Violation(f"{rule} says in which cells it changes each level", f"shape {where.shape}")
        return
    if change.random(base, key).shape != (len(base),):
        yield Violation(f"{rule} makes one change of each level at random", "another number")
    other = change.elsewhere(base, made.where, key, joint=False)
    if other.shape != where.shape:
        yield Violation(f"{rule} names as many cells elsewhere", f"shape {other.shape}")
    changed = _tables(world, made.levels)
    if changed.successor.shape != mdp.successor.shape:
        yield Violation(f"{rule} keeps the number of states and actions", f"shape {changed.successor.shape}")
        return
    leads = not np.array_equal(changed.successor, mdp.successor)
    if leads != (change.kind is Kind.MODEL):
        yield Violation(
            f"{rule} is of kind '{change.kind}'", f"where actions lead {'changes' if leads else 'does not change'}"
        )


@eqx.filter_jit
def _tables(world: AbstractWorld, levels: AbstractLevels) -> FiniteMDP:
    return world.tables(levels)
