"""Fresh levels under joint edits that were never used before: what a subject answers there, unedited and edited."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject, State, policy_table
from mesascope.instruments.interventions.patches import chebyshev, within
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import sites_on, write
from mesascope.instruments.search.information import Answers
from mesascope.instruments.search.panel import (
    Clues,
    Composition,
    Questions,
    compose,
    composed,
    silent,
    stacked,
    surprise,
)
from mesascope.instruments.search.trials import NEAR, Part, Trials, best_actions, changes_of, contested_levels
from mesascope.worlds.counterfactuals import Kind
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

BLOCK = 512
"""Levels at a time."""


DRAWN = 8
"""Levels drawn for each that is kept: those of which a composition of heuristics knows least."""

FITTED = 3
"""Blocks of levels, of its own, that a composition is fitted to."""


class Panel(NamedTuple):
    """Two compositions of a world's heuristics: levels are chosen by what the first does not know, and what is shown is counted
    beyond the second, which was fitted to levels chosen in the same way.
    """

    chooses: Composition
    knows: Composition


def compose_heuristics(world: AbstractWorld, weights: Float[Array, " feature"], fitted: int = FITTED) -> Panel | None:
    """Fit compositions of the world's heuristics to right answers, before and after edits; None where it names none.

    The levels are the same whoever is examined, under whatever key, so that of one process each is fitted once.
    """
    if not heuristics_of(world):
        return None
    asked = tuple(np.asarray(weights, np.float32).tolist())
    return _composed_once(_Once((jax.tree.structure(world), *map(str, jax.tree.leaves(world))), world), asked, fitted)


class _Once:
    """A world as a key of what was made for it."""

    def __init__(self, identity: tuple, world: AbstractWorld):
        self.identity, self.world = identity, world

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Once) and self.identity == other.identity


@lru_cache(maxsize=8)
def _composed_once(once: _Once, weights: tuple[float, ...], fitted: int) -> Panel:
    world, pursued, key = once.world, jnp.asarray(weights, jnp.float32), named_key(0, "heuristics")

    def fit(chooses: Composition, stage: str) -> Composition:
        keys = [named_key(key, stage, number) for number in range(fitted)]
        blocks = [_fresh(world, each, BLOCK, pursued, chooses) for each in keys]
        asked = [question for block in blocks for question in (block.shown, block.believed)]
        questions = jax.tree.map(lambda *columns: jnp.concatenate(columns), *asked)
        return compose(questions, named_key(key, stage))

    beside = jax.eval_shape(lambda: changes_of(world).surroundings(world.draw(named_key(0, "shape"), 1))).before.shape
    first = fit(silent(len(heuristics_of(world)), len(world.actions), beside[-1]), "composition")
    return Panel(first, fit(first, "composition of chosen levels"))


class Blocks(NamedTuple):
    """Fresh levels of which a composition of heuristics knows least, and what is asked of them: as they are, and as a subject is
    made to believe in them by one random joint edit each.
    """

    plain: AbstractLevels
    shown: Questions
    edits: Trials
    believed: Questions


def draw_blocks(
    world: AbstractWorld,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
    panel: Panel | None = None,
) -> Blocks:
    """One block of levels as they are and one of levels with random joint edits, chosen apart from each other.

    Of many levels those are taken of which a composition of heuristics knows least, whoever the subject is: for one block by the
    answers on the levels as they are, for the other by those after the edits.

    Args:
        world: The world.
        weights: What the subject is after.
        key: Random key.
        panel: Its first composition chooses; without it the first levels drawn are taken.

    Returns:
        Both blocks.
    """
    return _fresh(world, key, BLOCK, weights, panel and panel.chooses)


Asked = tuple[Float[Array, "level state action"], Bool[Array, "level state"]]
"""Policies, and the states for which there are any."""


class AtOnce:
    """How a subject that answers a whole level is asked: once for each level.

    Every way of asking gives policy tables, and the states for which there is an answer.
    """

    def observation(self, world: AbstractWorld) -> Any:
        """What it is shown, by its shape, of levels as large as those of training."""
        seen = jax.eval_shape(lambda: world.observe(world.draw(named_key(0, "shape"), 4)))
        return jnp.zeros(seen.shape, seen.dtype)

    def plain(
        self,
        world: AbstractWorld,
        subject: AbstractSubject,
        levels: AbstractLevels,
        asked: Questions,
        chooses: Composition | None,
    ) -> Asked:
        """On levels as they are. `chooses` is the composition of heuristics that chose the levels."""
        return _unedited(world, subject, levels), asked.counts

    def edited(
        self,
        world: AbstractWorld,
        subject: AbstractSubject,
        edits: Trials,
        place: Place,
        asked: Questions,
        chooses: Composition | None,
    ) -> Asked:
        """After the edits."""
        at = sites_on(subject, place), jnp.array(place.first), jnp.array(place.radius), place.sustained
        return _lockstep(world, subject, edits, *at), asked.counts


AT_ONCE = AtOnce()


def run_plain(
    world: AbstractWorld, subject: AbstractSubject, blocks: Blocks, panel: Panel | None = None, asks: AtOnce = AT_ONCE
) -> Answers:
    """The answers on a block of levels as they are."""
    policy, there = asks.plain(world, subject, blocks.plain, blocks.shown, panel and panel.chooses)
    return _answered(policy, _where(blocks.shown, there), panel and panel.knows)


def _where(asked: Questions, there: Bool[Array, "level state"]) -> Questions:
    return asked._replace(counts=asked.counts & there)


def answers_on(
    world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels, weights: Float[Array, " feature"]
) -> Answers:
    """The answers on given levels, by an objective, beside nothing but the surroundings: no heuristics are given away."""
    base, asked = _asked_of(world, levels, weights)
    return _answered(_unedited(world, subject, base), asked, None)


@eqx.filter_jit
def _asked_of(
    world: AbstractWorld, levels: AbstractLevels, weights: Float[Array, " feature"]
) -> tuple[AbstractLevels, Questions]:
    base, unique = changes_of(world).aim(levels, weights)
    optimal = best_actions(world, base, weights)
    everywhere = jnp.ones((len(base), *world.map_shape(base)), bool)
    none = jnp.full(optimal.shape[:2], optimal.shape[-1])
    return base, _asked(world, base, optimal, everywhere, unique, none, heuristics=False)


def run_edited(
    world: AbstractWorld,
    subject: AbstractSubject,
    place: Place,
    blocks: Blocks,
    panel: Panel | None = None,
    asks: AtOnce = AT_ONCE,
) -> Answers:
    """The answers on a block of levels after the edits at `place`, beyond the edits."""
    asked = _away_from(blocks.edits, blocks.believed, jnp.array(place.radius))
    policy, there = asks.edited(world, subject, blocks.edits, place, asked, panel and panel.chooses)
    return _answered(policy, _where(asked, there), panel and panel.knows)


RUN, ASKED = 64, 128
"""Levels that a subject is run on at a time, and levels that are solved at a time: what a processor's cache has room for."""


def by_parts(function: Callable[[PyTree], PyTree], tables: PyTree, most: int) -> PyTree:
    """A function of levels, for so many of them at a time."""
    count = len(jax.tree.leaves(tables)[0])
    if jax.default_backend() != "cpu" or count <= most or count % most:
        return function(tables)
    parts = jax.tree.map(lambda table: table.reshape(count // most, most, *table.shape[1:]), tables)
    return jax.tree.map(lambda table: table.reshape(count, *table.shape[2:]), jax.lax.map(function, parts))


@eqx.filter_jit
def _unedited(world: AbstractWorld, subject: AbstractSubject, levels: PyTree) -> Float[Array, "level state action"]:
    def run(part: AbstractLevels) -> Float[Array, "level state action"]:
        seen = world.observe(part)
        state = jax.lax.fori_loop(0, subject.ticks, lambda t, state: subject.think(state, seen, t), subject.start(seen))
        return policy_table(subject.act(state))

    return by_parts(run, levels, RUN)


@eqx.filter_jit
def _lockstep(
    world: AbstractWorld,
    subject: AbstractSubject,
    trials: Trials,
    on: Bool[Array, " site"],
    first: Int[Array, ""],
    radius: Int[Array, ""],
    sustained: bool,
) -> Float[Array, "level state action"]:
    """The edited policy. Donor runs advance beside the edited one, and only as far as they are needed, so that nothing is
    recorded.
    """
    return by_parts(lambda part: _run_edited(world, subject, part, on, first, radius, sustained), trials, RUN)


def _run_edited(
    world, subject, trials: Trials, on, first, radius, sustained: bool
) -> Float[Array, "level state action"]:
    shape = trials.scored.shape[1:]
    donors = (trials.changed,) if sustained else tuple(part.donor for part in trials.parts)
    seen = [world.observe(levels) for levels in (trials.base, *donors)]
    inside = [within(part.centers, radius, shape) for part in trials.parts]

    def written(state: State, others: list[State]) -> State:
        for where, donor in zip(inside, others * len(inside) if sustained else others, strict=True):
            state = write(subject, state, donor, where, on)
        return state

    def before(t: Int[Array, ""], runs: list[State]) -> list[State]:
        return [subject.think(state, view, t) for state, view in zip(runs, seen, strict=True)]

    runs = jax.lax.fori_loop(0, first, before, [subject.start(view) for view in seen])

    def after(t: Int[Array, ""], carry: tuple[State, list[State]]) -> tuple[State, list[State]]:
        edited, others = carry
        others = [subject.think(state, view, t) for state, view in zip(others, seen[1:], strict=False)]
        edited = subject.think(edited, seen[0], t)
        return written(edited, others) if sustained else edited, others

    start = (written(runs[0], runs[1:]), runs[1:] if sustained else [])
    edited, _ = jax.lax.fori_loop(first, subject.ticks, after, start)
    return policy_table(subject.act(edited))


def _beyond(trials: Trials, radius: Int[Array, ""]) -> Bool[Array, "level height width"]:
    centers = jnp.concatenate([part.centers for part in trials.parts], 1)
    return (chebyshev(centers, trials.scored.shape[1:]) > jnp.maximum(radius, NEAR)).all(1)


@eqx.filter_jit
def _fresh(
    world: AbstractWorld,
    key: PRNGKeyArray,
    count: int,
    weights: Float[Array, " feature"],
    chooses: Composition | None,
) -> Blocks:
    """Joint edits with one random change of the model each, whatever it alters; every cell away from them is scored."""
    changes = changes_of(world)
    levels = contested_levels(world, named_key(key, "levels"), count if chooses is None else DRAWN * count)
    drawn, targeted = changes.aim(levels, weights)
    goal, model = (next(c for c in changes.changes if c.kind is kind) for kind in (Kind.OBJECTIVE, Kind.MODEL))
    codes = goal.random(drawn, key), model.random(drawn, key)

    def edit(base: AbstractLevels, goals: Int[Array, " level"], models: Int[Array, " level"]) -> Trials:
        moved, barred = goal.apply(base, goals), model.apply(base, models)
        changed = model.apply(moved.levels, models).levels
        nothing = jnp.zeros((len(base), 0, len(world.actions)), bool)
        everywhere = jnp.ones((len(base), *world.map_shape(base)), bool)
        return Trials(base, (Part(*moved), Part(*barred)), (), (), changed, nothing, nothing, everywhere)

    def ask(part) -> tuple[Blocks, Float[Array, " level"], Float[Array, " level"]]:
        base, unique, *code = part
        edits = edit(base, *code)
        # Levels as they are and levels changed, side by side: one program asks about both.
        both = jax.tree.map(lambda *tables: jnp.concatenate(tables), base, edits.changed)
        optimal = best_actions(world, both, weights)
        answer = _single(optimal)
        before = jnp.concatenate([jnp.full_like(answer[: len(base)], optimal.shape[-1]), answer[: len(base)]])
        where = jnp.concatenate([edits.scored, _beyond(edits, jnp.array(NEAR))])
        asked = _asked(world, both, optimal, where, jnp.concatenate([unique, unique]), before)
        unknown = jnp.zeros(len(both)) if chooses is None else surprise(chooses, asked)
        halves = [jax.tree.map(lambda table, at=at: table[at], (asked, unknown)) for at in _halves(len(base))]
        (shown, of_shown), (believed, of_believed) = halves
        return Blocks(base, shown, edits, believed), of_shown, of_believed

    found, *unknown = by_parts(ask, (drawn, targeted, *codes), ASKED)
    if chooses is None:
        return found
    first, second = (jnp.argsort(-each, stable=True)[:count] for each in unknown)
    of_plain, of_edited = (jax.tree.map(lambda table, keep=keep: table[keep], found) for keep in (first, second))
    return Blocks(of_plain.plain, of_plain.shown, of_edited.edits, of_edited.believed)


def heuristics_of(world: AbstractWorld) -> tuple[str, ...]:
    """Names of the heuristics of a world, in order."""
    return tuple(sorted(jax.eval_shape(lambda: _heuristics(world))))


def _heuristics(world: AbstractWorld) -> dict[str, Bool[Array, "level state action"]]:
    return changes_of(world).heuristics(world.draw(named_key(0, "shape"), 1))


def _single(optimal: Bool[Array, "level state action"]) -> Int[Array, "level state"]:
    """The optimal action where there is one alone, else the number of actions."""
    return jnp.where(optimal.sum(-1) == 1, optimal.argmax(-1), optimal.shape[-1])


def _asked(
    world: AbstractWorld,
    levels: AbstractLevels,
    optimal: Bool[Array, "level state action"],
    where: Bool[Array, "level height width"],
    targeted: Bool[Array, " level"],
    before: Int[Array, "level state"],
    *,
    heuristics: bool = True,
) -> Questions:
    actions, around = optimal.shape[-1], changes_of(world).surroundings(levels)
    answer = _single(optimal)
    counts = where.reshape(len(levels), -1) & world.active(levels) & targeted[:, None] & (answer < actions)
    # One column more, for states before which there is none.
    known = jnp.pad(jnp.where(counts, answer, actions), ((0, 0), (0, 1)), constant_values=actions)
    found = changes_of(world).heuristics(levels) if heuristics else {}
    moves = stacked(found) if found else jnp.zeros((*answer.shape, 0, actions), bool)
    return Questions(Clues(moves, around.code, known[:, around.before], before), answer, counts)


def _halves(count: int) -> tuple[slice, slice]:
    return slice(0, count), slice(count, 2 * count)


def _away_from(trials: Trials, asked: Questions, radius: Int[Array, ""]) -> Questions:
    """What is asked where no patch of a radius lies."""
    return asked._replace(counts=asked.counts & _beyond(trials, radius).reshape(asked.counts.shape))


@eqx.filter_jit
def _answered(policy: Float[Array, "level state action"], asked: Questions, composition: Composition | None) -> Answers:
    actions, clues = policy.shape[-1], asked.clues
    coarse = clues.code
    for beside in range(clues.beside.shape[-1]):
        coarse = coarse * (actions + 1) + clues.beside[..., beside]
    if composition is None:
        known = jnp.full(policy.shape, -jnp.log(float(actions)))
    else:
        known = composed(composition, clues)
    does = jax.nn.one_hot(policy.argmax(-1), actions) > 0.5
    agrees = (clues.moves & does[:, :, None]).any(-1)
    return Answers(policy, asked.answer, coarse, coarse * (actions + 1) + clues.before, asked.counts, known, agrees)
