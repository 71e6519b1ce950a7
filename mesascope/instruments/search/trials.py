"""Trials for the search tests: levels, the edits to make inside, and where optimal behavior must change.

A trial names what is changed about the level (`parts`: donor level and cells), never how it is written into a subject.
Cells are scored only where the optimal actions before and after share nothing, so that following the edit and ignoring it
cannot both look right. Which changes there are, a world says (`worlds/counterfactuals.py`).
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions
from mesascope.worlds.counterfactuals import AbstractCounterfactual, AbstractCounterfactuals, Candidates, Cells, Kind
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.space import chebyshev
from mesascope.worlds.world import TRAINING, AbstractWorld

JOINT = "joint"
"""Name of the test of two changes at once."""

NEAR = 1
"""Cells this near to a change are never scored: they could answer from the patch itself."""


class Part(NamedTuple):
    """One change: the donor level that has it, and the cells it touches."""

    donor: AbstractLevels
    centers: Cells


class Trials(NamedTuple):
    """One search test on a batch of levels.

    `parts` are the changes written together; `irrelevant` are changes of the same kind that alter no optimal action
    scored here; `changed` is the level with all changes in its input, the ceiling. `wrong` are cells where the same
    content is pasted as a control.
    """

    base: AbstractLevels
    parts: tuple[Part, ...]
    irrelevant: tuple[Part, ...]
    wrong: tuple[Cells, ...]
    changed: AbstractLevels
    old: Bool[Array, "level state action"]
    new: Bool[Array, "level state action"]
    scored: Bool[Array, "level height width"]


def not_applicable(world: AbstractWorld) -> str | None:
    """Why the search tests cannot be run in a world; None where they can. They draw no trials there."""
    return world.no_search_tests


def changes_of(world: AbstractWorld) -> AbstractCounterfactuals:
    """The changes that tests are drawn from. `UsageError` for a world in which the tests do not apply."""
    if world.counterfactuals is None or world.no_search_tests:
        raise UsageError(f"search tests are {world.no_search_tests}")
    return world.counterfactuals


def best_actions(
    world: AbstractWorld, levels: AbstractLevels, weights: Float[Array, " feature"]
) -> Bool[Array, "level state action"]:
    """The optimal set for an objective on each level."""
    return optimal_actions(world.solve(levels, weights).action)


def disjoint(
    first: Bool[Array, "*candidate level state action"], second: Bool[Array, "*some level state action"]
) -> Bool[Array, "*candidate level state"]:
    """States where two action sets share nothing."""
    return ~(first & second).any(-1)


@eqx.filter_jit
def contested_levels(world: AbstractWorld, key: PRNGKeyArray, count: int) -> AbstractLevels:
    """Training levels in which every change of the world can be made.

    More levels are drawn than needed and the fit ones kept; which are kept does not depend on any subject. `UsageError` for
    a world in which the tests do not apply.
    """
    changes = changes_of(world)
    levels = world.draw(named_key(key, "contested"), 8 * count, TRAINING)
    return levels[jnp.argsort(~changes.contested(levels), stable=True)[:count]]


def _away(world: AbstractWorld, levels: AbstractLevels, cells: Cells) -> Bool[Array, "level state"]:
    """States that lie farther than `NEAR` from every given cell."""
    return world.at_states(levels, (chebyshev(cells, world.map_shape(levels)) > NEAR).all(1))


def test_names(world: AbstractWorld) -> tuple[str, ...]:
    """Names of the tests in a world, in order: its changes, and two of them at once."""
    changes = changes_of(world).changes
    both = {Kind.OBJECTIVE, Kind.MODEL} <= {change.kind for change in changes}
    return (*(change.name for change in changes), *([JOINT] if both else []))


class _Made(NamedTuple):
    """A change of each level and its irrelevant twin, the wrong place, the states set apart, and the candidate's number."""

    part: Part
    idle: Part
    wrong: Cells
    apart: Bool[Array, "level state"]
    chosen: Int[Array, " level"]


@eqx.filter_jit
def draw_trials(
    world: AbstractWorld,
    key: PRNGKeyArray,
    contested: AbstractLevels,
    count: int,
    weights: Float[Array, " feature"],
) -> dict[str, Trials]:
    """Fresh trials for a subject that is after `weights`: a test for each change that the world names, and `joint`, for the
    first change of an objective and the first of a model together.

    Each test keeps the `count` contested levels on which it has most states to score. Of several candidates for a change the
    one that makes most states to score is taken, and the one that makes fewest is its irrelevant twin.
    """
    changes = changes_of(world)
    base, targeted = changes.aim(contested, weights)
    old = best_actions(world, base, weights)
    goals, models = ([c for c in changes.changes if c.kind is kind] for kind in (Kind.OBJECTIVE, Kind.MODEL))
    tests: dict[str, tuple[tuple[_Made, ...], AbstractLevels]] = {}

    def add(change: AbstractCounterfactual, proposed: Candidates, best: Bool[Array, "candidate level state action"]):
        made = _make(world, base, change, proposed, disjoint(best, old), key)
        tests[change.name] = ((made,), made.part.donor)
        return made, jnp.take_along_axis(best, made.chosen[None, :, None, None], 0)[0]

    def best_after(change: AbstractCounterfactual, levels: AbstractLevels, code: Int[Array, " level"]):
        return best_actions(world, change.apply(levels, code).levels, weights)

    def alone(change: AbstractCounterfactual):
        proposed = change.propose(base, key)
        return add(change, proposed, _over(proposed, lambda code: best_after(change, base, code)))

    def beside(change: AbstractCounterfactual, moved: _Made, moved_best: Bool[Array, "level state action"]) -> None:
        """A change of the model alone and, as candidates of one program, together with the change of the objective."""
        proposed, levels = change.propose(base, key), (base, moved.part.donor)
        single, both = _over(proposed, lambda code: tuple(best_after(change, each, code) for each in levels))
        add(change, proposed, single)
        apart = disjoint(both, old) & disjoint(both, moved_best) & disjoint(both, single)
        also = _make(world, base, change, proposed, apart, key, moved.part.centers)
        code = jnp.take_along_axis(proposed.code, also.chosen[None], 0)[0]
        tests[JOINT] = ((moved, also), change.apply(moved.part.donor, code).levels)

    moves = [alone(change) for change in goals]
    for change in models:
        if change is models[0] and moves:
            beside(change, *moves[0])
        else:
            alone(change)
    return {name: _richest(world, weights, base, old, targeted, count, *test) for name, test in tests.items()}


def _over(proposed: Candidates, best: Callable[[Int[Array, " level"]], PyTree]) -> PyTree:
    """`best` of each candidate, one candidate of all levels at a time."""
    if len(proposed.code) == 1:
        return jax.tree.map(lambda sets: sets[None], best(proposed.code[0]))
    return jax.lax.map(best, proposed.code)


def _make(
    world: AbstractWorld,
    base: AbstractLevels,
    change: AbstractCounterfactual,
    proposed: Candidates,
    apart: Bool[Array, "candidate level state"],
    key: PRNGKeyArray,
    beside: Cells | None = None,
) -> _Made:
    """The candidate that makes most states to score, where the cells `beside` are changed as well."""
    most = jnp.zeros(len(base), jnp.int32)
    twin = change.twin(base)
    if len(proposed.code) > 1 or twin is None:
        open_ = world.active(base)
        open_ = open_ if beside is None else open_ & _away(world, base, beside)

        def count(cells: Bool[Array, "level state"], code: Int[Array, " level"]) -> Int[Array, " level"]:
            return (cells & open_ & _away(world, base, change.apply(base, code).where)).sum(-1)

        made = jnp.where(proposed.fit, jax.vmap(count)(apart, proposed.code), 0)
        most = made.argmax(0)
        if twin is None:
            least = jnp.where(proposed.fit, made, made.max() + 1).argmin(0)
            twin = jnp.take_along_axis(proposed.code, least[None], 0)[0]
    done, idle = (change.apply(base, code) for code in (jnp.take_along_axis(proposed.code, most[None], 0)[0], twin))
    wrong = change.elsewhere(base, done.where, key, joint=beside is not None)
    apart = jnp.take_along_axis(apart & proposed.fit[..., None], most[None, :, None], 0)[0]
    return _Made(Part(*done), Part(*idle), wrong, apart, most)


def _richest(world, weights, base, old, targeted, count, made: tuple[_Made, ...], changed) -> Trials:
    near = jnp.concatenate([each.part.centers for each in made], 1)
    scored = made[-1].apart & targeted[:, None] & world.active(changed) & _away(world, base, near)
    keep = jnp.argsort(-scored.sum(-1), stable=True)[:count]
    halves = jnp.concatenate(
        [keep[0::2], keep[1::2]]
    )  # as rich in states, the one for choosing and the one for scoring
    new = best_actions(world, changed, weights)
    maps = scored.reshape(len(base), *world.map_shape(base))
    parts, idle, wrong = (tuple(getattr(each, name) for each in made) for name in ("part", "idle", "wrong"))
    return jax.tree.map(lambda t: t[halves], Trials(base, parts, idle, wrong, changed, old, new, maps))
