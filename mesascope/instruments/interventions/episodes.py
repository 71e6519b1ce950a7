"""Episodes under edits of the state: three copies of a subject walk in lockstep, and only one of them decides.

The *edited* copy sees the true level and chooses every move. The *donor* sees the changed level and the *honest* copy the
true one; both stand where the edited copy stands, step by step, and are never written to. So what is written is what the
subject's state would be, at the same step and in the same place, if the level were another.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import EditError, unknown
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rollouts import Rollout, rollout_with, view_of
from mesascope.core.subject import AbstractSubject, Observation, State
from mesascope.instruments.interventions.patches import Patch, as_long, moved
from mesascope.instruments.interventions.patches import spread as spread_of
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import sites_on


class EvaluationBatch(NamedTuple):
    """Levels as they are walked in, and how: tables, what is seen, starts, moves at most, steps before the first move."""

    mdp: FiniteMDP
    observation: Observation
    start: Int[Array, " level"]
    discount: float
    limit: int
    pauses: int | Int[Array, ""]


class EditedWalk(NamedTuple):
    """A walk under an edit; the largest absolute change it made on each level; and of the squared difference between donor
    and honest copy at the first write, the share that lay outside of the patch.
    """

    walk: Rollout
    change: Float[Array, " level"]
    spread: Float[Array, ""]


def walk_edited(
    subject: AbstractSubject,
    ground: EvaluationBatch,
    donor: Observation,
    patch: Patch,
    place: Place,
    key: PRNGKeyArray,
    *,
    random: bool = False,
) -> EditedWalk:
    """Rollout with the donor's state written at a place; with `random` a random direction of the same length instead.

    Raises `EditError` for a site that the subject does not have, and for an edit that changed nothing on any level.
    """
    names = [site.name for site in subject.sites]
    for site in place.sites:
        if site not in names:
            raise EditError(str(unknown("site", site, names)))
    found = walk_edited_unchecked(subject, ground, donor, patch, place, key, random=random)
    if not np.asarray(found.change).max(initial=0.0) > 0:
        raise EditError(f"the edit of {place} changed nothing in {len(found.change)} episodes")
    return found


def walk_edited_unchecked(
    subject: AbstractSubject,
    ground: EvaluationBatch,
    donor: Observation,
    patch: Patch,
    place: Place,
    key: PRNGKeyArray,
    *,
    random: bool = False,
) -> EditedWalk:
    """`walk_edited` without its checks. A place without sites is the walk without an edit."""
    on = sites_on(subject, place)
    when = _When(jnp.array(place.first), jnp.array(place.sustained), jnp.array(random))
    return _walk(subject, ground._replace(pauses=jnp.array(ground.pauses)), donor, patch, on, when, key)


class _When(NamedTuple):
    step: Int[Array, ""]
    sustained: Bool[Array, ""]
    random: Bool[Array, ""]


@eqx.filter_jit
def _walk(subject, ground: EvaluationBatch, donor: Observation, patch: Patch, on, when: _When, key) -> EditedWalk:
    """Sites, times and kinds of edits are numbers, so that one program serves every arm."""
    levels = ground.observation.shape[0]
    walk_key, noise_key = jax.random.split(key)
    seen = jnp.concatenate([ground.observation, ground.observation, donor])
    last = subject.ticks - 1

    def act(carry, cell, step, over):
        state, change, spread = carry
        view = view_of(subject, seen, jnp.tile(cell, 3), step)

        def tick(t, carry):
            state, change, spread = carry
            state = subject.think(state, view, t)
            first = (step == when.step) & (t == last)
            now = first | (when.sustained & (step > when.step))
            state, moved_by = _write(subject, state, patch, on & now, when.random, noise_key)
            spread = jnp.where(first, _spread(state, patch), spread)
            return state, jnp.maximum(change, jnp.where(over, 0.0, moved_by)), spread

        state, change, spread = jax.lax.fori_loop(0, subject.ticks, tick, (state, change, spread))
        return (state, change, spread), subject.act(state)[:levels]

    carry = (subject.start(seen), jnp.zeros(levels), jnp.full((), jnp.nan))
    walked, (_, change, spread) = rollout_with(
        act, carry, ground.mdp, ground.start, walk_key, ground.discount, ground.limit, jnp.asarray(ground.pauses)
    )
    return EditedWalk(walked, change, spread)


def _write(
    subject: AbstractSubject,
    state: State,
    patch: Patch,
    on: Bool[Array, " site"],
    random: Bool[Array, ""],
    key: PRNGKeyArray,
) -> tuple[State, Float[Array, " level"]]:
    """The three copies' state after writing into the first, and by how much it was moved."""
    written, change = {}, jnp.zeros(patch.where.shape[0])
    for index, site in enumerate(subject.sites):
        edited, honest, donor = jnp.split(state[site.name], 3)
        is_map = edited.shape[1:3] == patch.where.shape[1:]
        # A vector has no cells: all of it is written wherever the patch is.
        where = (patch.where if is_map else jnp.ones(edited.shape[:3], bool))[..., None]
        home = (patch.home if is_map else jnp.ones(edited.shape[:3], bool))[..., None]
        true = moved(donor, patch.source) if is_map else donor
        length = jnp.sqrt(jnp.where(home, (donor - honest) ** 2, 0.0).sum((1, 2, 3), keepdims=True))
        noise = jnp.where(where, jax.random.normal(jax.random.fold_in(key, index), edited.shape), 0.0)
        value = jnp.where(random, honest + as_long(noise, length), true)
        new = jnp.where(where & on[index], value, edited)
        change = jnp.maximum(change, jnp.abs(new - edited).max((1, 2, 3)))
        written[site.name] = jnp.concatenate([new, honest, donor])
    return written, change


def _spread(state: State, patch: Patch) -> Float[Array, ""]:
    parts = {site: jnp.split(value, 3) for site, value in state.items()}
    honest, donor = ({site: part[at] for site, part in parts.items()} for at in (1, 2))
    return spread_of(honest, donor, patch.home)
