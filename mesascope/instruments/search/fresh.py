"""Fresh levels under joint edits that were never used before: what a subject answers there, unedited and edited."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

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


def compose_heuristics(
    world: AbstractWorld, weights: Float[Array, " feature"], key: PRNGKeyArray, fitted: int = FITTED
) -> Panel | None:
    """Fit compositions of the world's heuristics to right answers, before and after edits; None where it names none."""
    if not heuristics_of(world):
        return None

    def fit(chooses: Composition, stage: str) -> Composition:
        blocks = [_fresh(world, named_key(key, stage, number), BLOCK, weights, chooses) for number in range(fitted)]
        asked = [question for block in blocks for question in (block.shown, block.believed)]
        questions = jax.tree.map(lambda *columns: jnp.concatenate(columns), *asked)
        return compose(questions, named_key(key, stage))

    beside = jax.eval_shape(lambda: changes_of(world).surroundings(world.draw(named_key(0, "shape"), 1))).before.shape[
        -1
    ]
    first = fit(silent(len(heuristics_of(world)), len(world.actions), beside), "composition")
    return Panel(first, fit(first, "composition of chosen levels"))


class Block(NamedTuple):
    """Fresh levels with a random joint edit each, and what is asked of the levels as they are, and as they are believed."""

    trials: Trials
    shown: Questions
    believed: Questions


def draw_block(
    world: AbstractWorld, weights: Float[Array, " feature"], key: PRNGKeyArray, panel: Panel | None = None
) -> Block:
    """One block of levels with random joint edits.

    Of many levels those are taken of which a composition of heuristics knows least, whoever the subject is.
    """
    return _fresh(world, key, BLOCK, weights, panel and panel.chooses)


def run_fresh(
    world: AbstractWorld, subject: AbstractSubject, place: Place, block: Block, panel: Panel | None = None
) -> tuple[Answers, Answers]:
    """The answers on a block of levels unedited, and those after the edits at `place`."""
    on = sites_on(subject, place)
    plain, edited = _lockstep(
        world, subject, block.trials, on, jnp.array(place.first), jnp.array(place.radius), place.sustained
    )
    return _answers(block, plain, edited, jnp.array(place.radius), panel and panel.knows)


@eqx.filter_jit
def _lockstep(
    world: AbstractWorld,
    subject: AbstractSubject,
    trials: Trials,
    on: Bool[Array, " site"],
    first: Int[Array, ""],
    radius: Int[Array, ""],
    sustained: bool,
) -> tuple[Float[Array, "level state action"], Float[Array, "level state action"]]:
    """The unedited and the edited policy. Donor runs advance beside the edited one, and only as far as they are needed, so
    that nothing is recorded.
    """
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
    start = (runs[0], written(runs[0], runs[1:]), runs[1:] if sustained else [])

    def after(t: Int[Array, ""], carry: tuple[State, State, list[State]]) -> tuple[State, State, list[State]]:
        plain, edited, others = carry
        others = [subject.think(state, view, t) for state, view in zip(others, seen[1:], strict=False)]
        plain, edited = subject.think(plain, seen[0], t), subject.think(edited, seen[0], t)
        return plain, written(edited, others) if sustained else edited, others

    plain, edited, _ = jax.lax.fori_loop(first, subject.ticks, after, start)
    return policy_table(subject.act(plain)), policy_table(subject.act(edited))


def _beyond(trials: Trials, radius: Int[Array, ""]) -> Bool[Array, "level height width"]:
    centers = jnp.concatenate([part.centers for part in trials.parts], 1)
    return (chebyshev(centers, trials.scored.shape[1:]) > jnp.maximum(radius, NEAR)).all(1)


@eqx.filter_jit
def _fresh(
    world: AbstractWorld,
    key: PRNGKeyArray,
    count: int,
    weights: Float[Array, " feature"],
    chooses: Composition | None = None,
) -> Block:
    """Joint edits with one random change of the model each, whatever it alters; every cell away from them is scored."""
    changes = changes_of(world)
    drawn = contested_levels(world, named_key(key, "levels"), count if chooses is None else DRAWN * count)
    base, targeted = changes.aim(drawn, weights)
    goal, model = (next(c for c in changes.changes if c.kind is kind) for kind in (Kind.OBJECTIVE, Kind.MODEL))
    code = model.random(base, key)
    moved, barred = goal.apply(base, goal.random(base, key)), model.apply(base, code)
    changed = model.apply(moved.levels, code).levels
    old, new = best_actions(world, base, weights), best_actions(world, changed, weights)
    everywhere = jnp.ones((len(base), *world.map_shape(base)), bool)
    trials = Trials(base, (Part(*moved), Part(*barred)), (), (), changed, old, new, everywhere)
    before, none = _single(old), jnp.full(old.shape[:2], old.shape[-1])
    shown = _asked(world, base, old, everywhere, targeted, none)
    believed = _asked(world, changed, new, _beyond(trials, jnp.array(NEAR)), targeted, before)
    block = Block(trials, shown, believed)
    if chooses is None:
        return block
    keep = jnp.argsort(-(surprise(chooses, shown) + surprise(chooses, believed)), stable=True)[:count]
    return jax.tree.map(lambda table: table[keep], block)


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
) -> Questions:
    actions, around = optimal.shape[-1], changes_of(world).surroundings(levels)
    answer = _single(optimal)
    counts = where.reshape(len(levels), -1) & world.active(levels) & targeted[:, None] & (answer < actions)
    # One column more, for states before which there is none.
    known = jnp.pad(jnp.where(counts, answer, actions), ((0, 0), (0, 1)), constant_values=actions)
    found = changes_of(world).heuristics(levels)
    moves = stacked(found) if found else jnp.zeros((*answer.shape, 0, actions), bool)
    return Questions(Clues(moves, around.code, known[:, around.before], before), answer, counts)


@eqx.filter_jit
def _answers(
    block: Block,
    plain: Float[Array, "level state action"],
    edited: Float[Array, "level state action"],
    radius: Int[Array, ""],
    composition: Composition | None,
) -> tuple[Answers, Answers]:
    """The answers to what is shown and, beyond the edits, to what the subject was made to believe in."""
    beyond = _beyond(block.trials, radius).reshape(block.believed.counts.shape)
    believed = block.believed._replace(counts=block.believed.counts & beyond)
    return _answered(plain, block.shown, composition), _answered(edited, believed, composition)


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
