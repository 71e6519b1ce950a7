"""What a world says of its levels beyond tables, checked against the tables: views, outcomes, places, changes, pictures."""

from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.conformance.violations import Violation
from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP
from mesascope.drawing import Drawing
from mesascope.worlds.levels import AbstractLevels, Level
from mesascope.worlds.world import AbstractWorld


def check_parts(world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP) -> Iterator[Violation]:
    """Every rule that the parts of `world` break on some training levels, whose tables are `mdp`."""
    yield from _actions(world, mdp)
    yield from _sequence(world, levels, mdp)
    yield from _views(world, levels, mdp)
    yield from _places(world, levels, mdp)
    yield from _outcomes(world, levels, mdp)
    yield from _strategies(world, levels, mdp)
    yield from _pictures(world, levels)


def _actions(world: AbstractWorld, mdp: FiniteMDP) -> Iterator[Violation]:
    if not world.actions or len(set(world.actions)) != len(world.actions):
        yield Violation("actions: at least one, each named once", f"{world.actions}")
    if mdp.actions != len(world.actions):
        yield Violation(
            "actions: the tables have as many as are named", f"{mdp.actions} for {len(world.actions)} names"
        )


def _sequence(world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP) -> Iterator[Violation]:
    count = len(levels)
    first: object = levels[0]
    if not isinstance(first, Level):
        yield Violation("levels: a number gives one level", f"{type(first).__name__}")
    some = np.arange(count)[::-1][: max(count // 2, 1)]
    part = eqx.filter_jit(lambda batch: world.tables(batch))(levels[jnp.asarray(some)])
    same = jax.tree.map(lambda whole, own: np.array_equal(np.asarray(whole)[some], own, equal_nan=True), mdp, part)
    if not jax.tree.all(same):
        yield Violation("tables: those of some of the levels are the same as in the whole batch", "others")


def _views(world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP) -> Iterator[Violation]:
    every = jnp.broadcast_to(jnp.arange(mdp.states, dtype=jnp.int32), (mdp.levels, mdp.states))
    if not world.views:
        yield Violation("views: at least one", "none")
    for name, view in world.views.items():
        shown = np.asarray(eqx.filter_jit(view.of_states)(levels, every))
        if shown.shape[:2] != (mdp.levels, mdp.states):
            yield Violation(f"views: '{name}' shows something in each state", f"shape {shown.shape}")
            continue
        if not np.isfinite(shown).all():
            yield Violation("views: observations are finite", f"{(~np.isfinite(shown)).sum()} of '{name}' are not")
        if view.channels and shown.shape[-1] != len(view.channels):
            yield Violation(f"views: '{name}' names its channels", f"{len(view.channels)} names for {shown.shape[-1]}")
        if view.of_levels is None:
            continue
        whole = np.asarray(eqx.filter_jit(view.of_levels)(levels))
        if whole.ndim != 4 or np.prod(whole.shape[:3]) != mdp.levels * mdp.states:
            yield Violation(
                f"views: '{name}' has one cell for each state",
                f"shape {whole.shape} for {mdp.states} states of {mdp.levels} levels",
            )
            continue
        cells, each = whole.shape[1] * whole.shape[2], len(whole) // mdp.levels
        number = np.arange(mdp.levels)[:, None] * each + np.arange(mdp.states) // cells
        if shown.shape[2:] != whole.shape[1:] or not np.array_equal(shown, whole[number]):
            yield Violation(
                f"views: '{name}' shows in each state what it shows of all states at once", "something else"
            )
    first = next(iter(world.views.values()))
    if first.of_levels is not None and len(np.asarray(first.of_levels(levels))) != mdp.levels * world.views_per_level:
        yield Violation("views: a level has `views_per_level` views", f"{world.views_per_level} is not their number")


def _places(world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP) -> Iterator[Violation]:
    active = np.asarray(world.active(levels))
    if active.shape != (mdp.levels, mdp.states):
        yield Violation("active: one answer for each state", f"shape {active.shape}")
    elif (active & np.asarray(mdp.terminal)).any() or ((np.asarray(mdp.initial) > 0) & ~active).any():
        yield Violation("active: no state that ends an episode, and every start", "otherwise")
    at = world.locate(levels)
    if at is None:
        return
    height, width = world.map_shape(levels)
    found = np.asarray(at)
    if found.shape != (mdp.levels, mdp.states) or (found < 0).any() or (found >= height * width).any():
        yield Violation(
            "locate: a cell of the map for each state", f"shape {found.shape}, {found.min()} to {found.max()}"
        )


def _outcomes(world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP) -> Iterator[Violation]:
    if not world.single_choice:
        return
    outcomes = world.outcomes(levels)
    at, features = np.asarray(outcomes.at), np.asarray(outcomes.features)
    if at.shape != (mdp.levels, at.shape[1], mdp.states) or features.shape != (*at.shape[:2], len(world.features)):
        yield Violation("outcomes: slots with states and features", f"shapes {at.shape} and {features.shape}")
        return
    successor, fires = np.asarray(mdp.successor), np.asarray(mdp.features)
    terminal = np.asarray(mdp.terminal)
    if successor.shape[-1] != 1:
        yield Violation("single choice: transitions are certain", f"{successor.shape[-1]} outcomes of an action")
        return
    if (at.sum(1) > 1).any() or (at.any(1) != terminal).any():
        yield Violation("outcomes: each state that ends an episode is that of one outcome", "some are not")
        return
    moves = (successor[..., 0] != np.arange(mdp.states)[:, None]) & ~terminal[..., None]
    value = np.einsum("lks,lkf->lsf", at, features)
    expected = np.take_along_axis(value, successor.reshape(mdp.levels, -1, 1), 1).reshape(fires[..., 0, :].shape)
    if not np.array_equal(fires[..., 0, :] * ~terminal[..., None, None], expected * moves[..., None]):
        yield Violation("outcomes: features fire on reaching an outcome, and nowhere else", "otherwise")


def _strategies(world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP) -> Iterator[Violation]:
    blocked = jnp.asarray(mdp.successor[0, :, :, 0] == jnp.arange(mdp.states)[:, None])
    for name, habit in world.habits.items():
        if np.shape(habit(blocked)) != blocked.shape:
            yield Violation(
                f"habits: '{name}' says of each action whether it is preferred", f"shape {np.shape(habit(blocked))}"
            )
    for rule in world.rules:
        chosen = np.asarray(rule.choose(levels, jnp.ones(len(world.features))))
        if chosen.shape != (mdp.levels, mdp.states, mdp.actions):
            yield Violation(f"rules: '{rule.text}' chooses in each state", f"shape {chosen.shape}")
    if world.algorithms is not None:
        names = [algorithm.name for algorithm in world.algorithms.algorithms]
        if len(set(names)) != len(names) or not names:
            yield Violation("algorithms: at least one, each named once", f"{names}")
    for what, given, why in (
        ("counterfactuals", world.counterfactuals, world.no_search_tests),
        ("mutations", world.mutations, world.no_mutations),
    ):
        if given is None and not why:
            yield Violation(f"{what}: a world without them says why", "it does not")


def _pictures(world: AbstractWorld, levels: AbstractLevels) -> Iterator[Violation]:
    text = levels[0].text
    try:
        again = world.read_levels(text)
        if again[0].text != text:
            yield Violation("text: a level that is read is the one that was written", "another")
    except UsageError:
        pass  # levels without a text that can be read
    drawing = world.drawing(levels, 0)
    if drawing is None:
        return
    if world.locate(levels) is None or drawing.solid.shape != world.map_shape(levels):
        yield Violation("drawing: a board with the cells of the map", f"{drawing.solid.shape}")
    if len(drawing.moves) != len(world.actions):
        yield Violation("drawing: a move for each action", f"{len(drawing.moves)} for {len(world.actions)}")
    read = Drawing.from_document(drawing.as_document())
    if read.things != drawing.things or not np.array_equal(read.solid, drawing.solid):
        yield Violation("drawing: a document can hold it", "it does not come back")
