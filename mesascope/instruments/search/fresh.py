"""Fresh levels under joint edits that were never used before: what a subject answers there, unedited and edited."""

from typing import Any

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
from mesascope.instruments.search.trials import NEAR, Part, Trials, best_actions, changes_of, contested_levels
from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects
from mesascope.worlds.grids.grid import MOVES, one_hot_objects
from mesascope.worlds.world import AbstractWorld

BLOCK = 512
"""Levels at a time."""


def run_fresh(
    world: AbstractWorld,
    subject: AbstractSubject,
    place: Place,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
) -> tuple[Answers, Answers]:
    """One block of levels with random joint edits at `place`: the answers unedited, and those after the edits."""
    trials, targeted = _fresh(world, key, BLOCK, weights)
    on = sites_on(subject, place)
    plain, edited = _lockstep(
        world, subject, trials, on, jnp.array(place.first), jnp.array(place.radius), place.sustained
    )
    return _blocks(trials, plain, edited, targeted, jnp.array(place.radius))


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
    world: AbstractWorld, key: PRNGKeyArray, count: int, weights: Float[Array, " feature"]
) -> tuple[Trials, Bool[Array, " level"]]:
    """Joint edits with one random wall each, whatever it changes; every cell away from them is scored."""
    base, targeted = changes_of(world).aim(contested_levels(world, named_key(key, "levels"), count), weights)
    swapped = swap_objects(base, 0, 1)
    taken = base.walls | one_hot_objects(base).any(1)
    noise = jax.random.uniform(named_key(key, "wall"), taken.shape)
    wall = jnp.where(taken, -1.0, noise).reshape(count, -1).argmax(1).astype(jnp.int32)
    changed = add_wall(swapped, wall)
    parts = (Part(swapped, base.cell[:, :2]), Part(add_wall(base, wall), wall[:, None]))
    old, new = best_actions(world, base, weights), best_actions(world, changed, weights)
    return Trials(base, parts, (), (), changed, old, new, jnp.ones_like(base.walls)), targeted


def _single(optimal: Bool[Array, "level state action"]) -> Int[Array, "level state"]:
    """The optimal action where there is one alone, else 4."""
    return jnp.where(optimal.sum(-1) == 1, optimal.argmax(-1), 4)


@eqx.filter_jit
def _blocks(
    trials: Trials,
    plain: Float[Array, "level state action"],
    edited: Float[Array, "level state action"],
    targeted: Bool[Array, " level"],
    radius: Int[Array, ""],
) -> tuple[Answers, Answers]:
    """The answers to what is shown and, beyond the edits, to what the subject was made to believe in."""
    everywhere, before = jnp.ones_like(trials.scored), _single(trials.old)
    return (
        _block(trials.base, plain, trials.old, everywhere, targeted, jnp.full_like(before, 4)),
        _block(trials.changed, edited, trials.new, trials.scored & _beyond(trials, radius), targeted, before),
    )


def _block(
    levels: Any,
    policy: Float[Array, "level state action"],
    optimal: Bool[Array, "level state action"],
    where: Bool[Array, "level height width"],
    targeted: Bool[Array, " level"],
    before: Int[Array, "level state"],
) -> Answers:
    height, width = levels.interior
    blocked = levels.walls | one_hot_objects(levels).any(1)
    answer = _single(optimal)
    counts = where & ~blocked & targeted[:, None, None] & (answer < 4).reshape(where.shape)
    padded = jnp.pad(levels.walls, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    around = jnp.stack([padded[:, 1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES], -1)
    opening = (around * (1 << jnp.arange(4))).sum(-1)
    row, column = jnp.divmod(jnp.arange(height * width), width)
    goal = levels.cell[:, :1]
    toward = 3 * (jnp.sign(goal // width - row) + 1) + jnp.sign(goal % width - column) + 1
    known = jnp.where(counts, answer.reshape(counts.shape), 4)
    shown = jnp.pad(known, ((0, 0), (1, 0), (1, 0)), constant_values=4)
    upper, left = shown[:, :-1, 1:], shown[:, 1:, :-1]
    coarse = ((opening * 9 + toward.reshape(opening.shape)) * 5 + upper) * 5 + left
    fine = coarse * 5 + before.reshape(coarse.shape)
    flat = (x.reshape(counts.shape[0], -1) for x in (answer, coarse, fine, counts))
    return Answers(policy, *flat)
