"""Fresh levels under joint edits that were never used before: what a subject answers there, unedited and edited."""

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
from mesascope.worlds.counterfactuals import Kind
from mesascope.worlds.levels import AbstractLevels
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
    return _blocks(world, trials, plain, edited, targeted, jnp.array(place.radius))


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
    """Joint edits with one random change of the model each, whatever it alters; every cell away from them is scored."""
    changes = changes_of(world)
    base, targeted = changes.aim(contested_levels(world, named_key(key, "levels"), count), weights)
    goal, model = (next(c for c in changes.changes if c.kind is kind) for kind in (Kind.OBJECTIVE, Kind.MODEL))
    code = model.random(base, key)
    moved, barred = goal.apply(base, goal.random(base, key)), model.apply(base, code)
    changed = model.apply(moved.levels, code).levels
    old, new = best_actions(world, base, weights), best_actions(world, changed, weights)
    everywhere = jnp.ones((count, *world.map_shape(base)), bool)
    return Trials(base, (Part(*moved), Part(*barred)), (), (), changed, old, new, everywhere), targeted


def _single(optimal: Bool[Array, "level state action"]) -> Int[Array, "level state"]:
    """The optimal action where there is one alone, else the number of actions."""
    return jnp.where(optimal.sum(-1) == 1, optimal.argmax(-1), optimal.shape[-1])


@eqx.filter_jit
def _blocks(
    world: AbstractWorld,
    trials: Trials,
    plain: Float[Array, "level state action"],
    edited: Float[Array, "level state action"],
    targeted: Bool[Array, " level"],
    radius: Int[Array, ""],
) -> tuple[Answers, Answers]:
    """The answers to what is shown and, beyond the edits, to what the subject was made to believe in."""
    everywhere, before = jnp.ones_like(trials.scored), _single(trials.old)
    return (
        _block(
            world, trials.base, plain, trials.old, everywhere, targeted, jnp.full_like(before, trials.old.shape[-1])
        ),
        _block(world, trials.changed, edited, trials.new, trials.scored & _beyond(trials, radius), targeted, before),
    )


def _block(
    world: AbstractWorld,
    levels: AbstractLevels,
    policy: Float[Array, "level state action"],
    optimal: Bool[Array, "level state action"],
    where: Bool[Array, "level height width"],
    targeted: Bool[Array, " level"],
    before: Int[Array, "level state"],
) -> Answers:
    actions, around = optimal.shape[-1], changes_of(world).surroundings(levels)
    answer = _single(optimal)
    counts = where.reshape(len(levels), -1) & world.active(levels) & targeted[:, None] & (answer < actions)
    # One column more, for states before which there is none.
    known = jnp.pad(jnp.where(counts, answer, actions), ((0, 0), (0, 1)), constant_values=actions)
    coarse = around.code
    for beside in around.before.T:
        coarse = coarse * (actions + 1) + known[:, beside]
    return Answers(policy, answer, coarse, coarse * (actions + 1) + before, counts)
