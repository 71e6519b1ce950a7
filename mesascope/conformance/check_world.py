"""The checker that every world must pass: its card, its distributions, its tables, and what else it says of its levels."""

import dataclasses
import re
from collections.abc import Iterator
from functools import partial

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from mesascope.conformance.violations import ConformanceError, Violation
from mesascope.conformance.world_changes import check_changes
from mesascope.conformance.world_parts import check_parts
from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Role
from mesascope.core.rng import named_key
from mesascope.worlds.card import SECTIONS, describe
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import TRAINING, AbstractWorld

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def check_world(world: AbstractWorld, *, seed: int = 0, levels: int = 32) -> None:
    """Check that a world keeps the whole contract of `mesascope.worlds.world.AbstractWorld`.

    Args:
        world: any world, built in or your own.
        seed: what the levels are drawn from.
        levels: how many levels of each distribution are looked at.

    Raises:
        ConformanceError: it lists every rule that is broken, with what was found.

    Example:
        >>> import mesascope as ms
        >>> check_world(ms.worlds.red_doors(size=5), levels=4)
    """
    found = [*_card(world), *_objectives(world), *_unknown_shift(world)]
    for distribution in (TRAINING, *world.shifts):
        found += _distribution(world, distribution, seed, levels)
    if not found:
        found += check_changes(world, seed, levels)
    if found:
        raise ConformanceError(f"world '{world.name}'", found)


def check_tables(mdp: FiniteMDP, features: int) -> Iterator[Violation]:
    """What is wrong with the tables of a batch of levels, whatever the world."""
    successor, probability, fires = (np.asarray(t) for t in (mdp.successor, mdp.probability, mdp.features))
    terminal, initial = np.asarray(mdp.terminal), np.asarray(mdp.initial)
    shape = (mdp.levels, mdp.states, mdp.actions, successor.shape[-1])
    for name, table, expected in (
        ("probability", probability, shape),
        ("features", fires, (*shape, features)),
        ("terminal", terminal, shape[:2]),
        ("initial", initial, shape[:2]),
    ):
        if table.shape != expected:
            yield Violation(f"tables: {name} has shape {expected}", f"shape {table.shape}")
            return
    if (successor < 0).any() or (successor >= mdp.states).any():
        yield Violation("tables: successors are states", f"{successor.min()} to {successor.max()} of {mdp.states}")
    if (probability < 0).any() or not np.allclose(probability.sum(-1), 1, atol=1e-5):
        yield Violation("tables: probabilities of outcomes sum to 1", f"sums from {probability.sum(-1).min()}")
    if not np.isfinite(fires).all():
        yield Violation("tables: features are finite", f"{(~np.isfinite(fires)).sum()} are not")
    if (initial < 0).any() or not np.allclose(initial.sum(-1), 1, atol=1e-5):
        bad = int(np.abs(initial.sum(-1) - 1).argmax())
        yield Violation("tables: start probabilities sum to 1", f"level {bad} sums to {initial.sum(-1)[bad]:g}")
    if (initial * terminal).any():
        yield Violation(
            "tables: no episode starts in a terminal state", f"level {(initial * terminal).any(-1).argmax()}"
        )
    yield from _reach(mdp, successor)
    yield from _moves(mdp, successor, probability)
    yield from _something_to_do(successor, probability, fires, terminal, initial)


def _reach(mdp, successor) -> Iterator[Violation]:
    """Where the tables name a band nothing leads farther, within a stage if they name stages, and never to an earlier one."""
    here = np.arange(mdp.states)[:, None, None]
    size = mdp.states if mdp.stage is None else mdp.stage
    if mdp.states % size or (successor // size < here // size).any():
        yield Violation(
            f"tables: no transition leads to an earlier stage of {size} states", "one does, or a stage is cut off"
        )
    leads = np.where(successor // size == here // size, np.abs(successor - here), 0).max()
    if mdp.band is not None and leads > mdp.band:
        yield Violation(f"tables: no transition leads farther than the band of {mdp.band}", f"one leads {leads} far")


def _moves(mdp, successor, probability) -> Iterator[Violation]:
    """Where the tables name moves, every action leads so far or stays, for certain."""
    if mdp.moves is None:
        return
    certain = probability.shape[-1] == 1 and bool((probability == 1).all())
    here = np.arange(mdp.states)[:, None]
    step, size = successor[..., 0] - here, mdp.stage or mdp.states
    onward = successor[..., 0] // size != here // size
    if len(mdp.moves) != mdp.actions or not certain or not (onward | (step == 0) | (step == np.array(mdp.moves))).all():
        yield Violation(
            f"tables: each action leads on by its move among {mdp.moves}, or stays, for certain", "one does not"
        )


def _something_to_do(successor, probability, fires, terminal, initial) -> Iterator[Violation]:
    """From every start some feature can be made to fire: elsewhere every policy earns the same."""
    possible = (probability > 0) & ~terminal[:, :, None, None]
    useful = ((fires != 0).any(-1) & possible).any((2, 3))
    for level in range(len(successor)):
        reached = useful[level]
        while True:
            spread = reached | (reached[successor[level]] & possible[level]).any((1, 2))
            if (spread == reached).all():
                break
            reached = spread
        idle = (initial[level] > 0) & ~reached
        if idle.any():
            yield Violation(
                "tables: from every start some feature can fire",
                f"none can in level {level} from state {idle.argmax()}",
            )
            return


def _card(world: AbstractWorld) -> Iterator[Violation]:
    if not _NAME.fullmatch(world.name):
        yield Violation("card: the name is lower case with hyphens", f"'{world.name}'")
    card = describe(world)
    titles = {*card.sections, *(("Configuration",) if card.config else ())}
    for title in SECTIONS:
        if title not in titles and (title != "Configuration" or dataclasses.fields(world)):
            yield Violation(f"card: the docstring has a section **{title}.**", "it has none")
    for key in card.config:
        if not key.what:
            yield Violation(f"card: the section **Configuration.** has a line for `{key.name}`", "it has none")
    for field in dataclasses.fields(world):
        if field.name not in {key.name for key in card.config}:
            yield Violation("card: every parameter of a world has a default", f"`{field.name}` has none")
    for shift, what in world.shifts.items():
        if not _NAME.fullmatch(shift) or shift == TRAINING or not what:
            yield Violation("card: every shift has a name of its own, lower case, and says what changes", f"'{shift}'")


def _objectives(world: AbstractWorld) -> Iterator[Violation]:
    if not world.features or len(set(world.features)) != len(world.features):
        yield Violation("features: at least one, each named once", f"{world.features}")
    for feature in world.independent_features:
        if feature not in world.features:
            yield Violation("features: independent features are features", f"'{feature}'")
    for objective, role in ((world.intended_goal, Role.INTENDED), (world.base_objective, Role.BASE)):
        if objective.role is not role:
            yield Violation(f"objectives: the role of the {role} says so", f"{objective.role}")
        for feature, _ in objective.weights:
            if feature not in world.features:
                yield Violation(f"objectives: the {role} weighs features of the world", f"'{feature}'")
    if not 0 < world.discount < 1:
        yield Violation("objectives: the discount lies between 0 and 1", f"{world.discount}")


def _unknown_shift(world: AbstractWorld) -> Iterator[Violation]:
    try:
        world.draw(named_key(0, "conformance"), 1, "no-such-shift")
    except UsageError:
        return
    yield Violation("draw: a shift that does not exist raises UsageError", "levels were drawn")


def _distribution(world: AbstractWorld, distribution: str, seed: int, count: int) -> Iterator[Violation]:
    key = named_key(seed, "conformance", distribution)
    where = f"distribution '{distribution}'"
    levels = _draw(world, key, count, distribution)
    if levels.count != count:
        yield Violation(f"draw: {where} gives as many levels as asked", f"{levels.count} of {count}")
        return
    # Traced afresh once: randomness that does not come from the key would be frozen into the compiled function.
    again = jax.jit(world.draw, static_argnums=(1, 2)) if distribution == TRAINING else partial(_draw, world)
    if not _same(levels, again(key, count, distribution)):
        yield Violation(f"draw: {where} gives the same levels for the same key", "other levels")
    distinct = world.distinct_levels(distribution)
    enough = count > 1 if distinct is None else distinct > count > 1
    if enough and _same(levels, _draw(world, named_key(key, "other"), count, distribution)):
        yield Violation(f"draw: {where} gives other levels for another key", "the same levels")
    mdp = _tables(world, levels)
    broken = [*check_tables(mdp, len(world.features))]
    yield from (Violation(rule, f"{found} ({where})") for rule, found in broken)
    if distribution == TRAINING and not broken:
        yield from check_parts(world, levels, mdp)
    if not broken and mdp.actions != len(world.actions):
        yield Violation("actions: the tables have as many as are named", f"{mdp.actions} ({where})")


@eqx.filter_jit
def _draw(world: AbstractWorld, key: PRNGKeyArray, count: int, distribution: str):
    return world.draw(key, count, distribution)


@eqx.filter_jit
def _tables(world: AbstractWorld, levels: AbstractLevels) -> FiniteMDP:
    return world.tables(levels)


def _same(first: AbstractLevels, second: AbstractLevels) -> bool:
    pairs = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)
