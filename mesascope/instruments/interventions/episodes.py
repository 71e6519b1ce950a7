"""Episodes under edits of the state: copies of a subject walk in lockstep, and only one of them decides.

The *edited* copy sees the true level and chooses every move. Each *donor* sees a changed level and the *honest* copy the
true one; all stand where the edited copy stands, step by step, and are never written to. So what is written is what the
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
from mesascope.core.subject import AbstractSubject, Observation, State, action_probabilities
from mesascope.instruments.interventions.patches import Patch, as_long, is_map, moved
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
    and honest copy at the first write, the share that lay outside of the patch: of several donors, the least. `policy` is how it
    acted when it first came to each state; uniform where it never came.
    """

    walk: Rollout
    change: Float[Array, " level"]
    spread: Float[Array, ""]
    policy: Float[Array, "level state action"]


def walk_edited(
    subject: AbstractSubject,
    ground: EvaluationBatch,
    donors: tuple[Observation, ...],
    patches: tuple[Patch, ...],
    place: Place,
    key: PRNGKeyArray,
    *,
    random: bool = False,
) -> EditedWalk:
    """Rollout with each donor's state written at a place, in its patch; with `random` a random direction of the same length.

    Raises `EditError` for a site that the subject does not have, and for an edit that changed nothing on any level.
    """
    names = [site.name for site in subject.sites]
    for site in place.sites:
        if site not in names:
            raise EditError(str(unknown("site", site, names)))
    found = walk_edited_unchecked(subject, ground, donors, patches, place, key, random=random)
    if not np.asarray(found.change).max(initial=0.0) > 0:
        raise EditError(f"the edit of {place} changed nothing in {len(found.change)} episodes")
    return found


def walk_edited_unchecked(
    subject: AbstractSubject,
    ground: EvaluationBatch,
    donors: tuple[Observation, ...],
    patches: tuple[Patch, ...],
    place: Place,
    key: PRNGKeyArray,
    *,
    random: bool = False,
) -> EditedWalk:
    """`walk_edited` without its checks. Without donors, or at a place without sites, it is the walk without an edit."""
    on = sites_on(subject, place)
    when = _When(jnp.array(place.first), jnp.array(place.sustained), jnp.array(random))
    return _walk(subject, ground._replace(pauses=jnp.array(ground.pauses)), donors, patches, on, when, key)


class _When(NamedTuple):
    first: Int[Array, ""]
    sustained: Bool[Array, ""]
    random: Bool[Array, ""]


@eqx.filter_jit
def _walk(subject, ground: EvaluationBatch, donors, patches: tuple[Patch, ...], on, when: _When, key) -> EditedWalk:
    """Sites, times and kinds of edits are numbers, so that one program serves every arm."""
    levels = ground.observation.shape[0]
    walk_key, noise_key = jax.random.split(key)
    seen = jnp.concatenate([ground.observation] * min(1 + len(donors), 2) + list(donors))
    copies, states, actions = seen.shape[0] // levels, ground.mdp.states, ground.mdp.actions

    def act(carry, cell, step, over):
        state, change, spread, policy, came = carry
        view = view_of(subject, seen, jnp.tile(cell, copies), step)

        def written(state, change, spread):
            spread = jax.lax.cond(jnp.isnan(spread), lambda: _spread(state, patches), lambda: spread)
            state, moved_by = _write(subject, state, patches, on, when.random, noise_key)
            return state, jnp.maximum(change, jnp.where(over, 0.0, moved_by)), spread

        def tick(t, carry):
            state, change, spread = carry
            state = subject.think(state, view, t)
            if not patches:
                return state, change, spread
            number = step * subject.ticks + t + 1
            first = number == when.first
            now = first | (when.sustained & (number > when.first))
            # Most ticks write nothing, and cost nothing but themselves.
            return jax.lax.cond(now & on.any(), written, lambda *carry: carry, state, change, spread)

        def together(state, change, spread):
            return jax.lax.fori_loop(0, subject.ticks, tick, (state, change, spread))

        def alone(state, change, spread):
            own, seen = jax.tree.map(lambda part: part[:levels], (state, view))
            own = jax.lax.fori_loop(0, subject.ticks, lambda t, own: subject.think(own, seen, t), own)
            return jax.tree.map(lambda copies, own: copies.at[:levels].set(own), state, own), change, spread

        if patches:  # nobody looks at the other copies after the last write
            last = ~when.sustained & (step * subject.ticks >= when.first)
            state, change, spread = jax.lax.cond(last, alone, together, state, change, spread)
        else:
            state, change, spread = together(state, change, spread)
        logits = subject.act(state)[:levels]
        here = jnp.arange(levels), cell
        new = (step >= ground.pauses) & ~over & ~came[here]
        policy = policy.at[here].set(jnp.where(new[:, None], action_probabilities(logits), policy[here]))
        return (state, change, spread, policy, came.at[here].set(came[here] | new)), logits

    policy = jnp.full((levels, states, actions), 1 / actions)
    carry = (subject.start(seen), jnp.zeros(levels), jnp.full((), jnp.nan), policy, jnp.zeros((levels, states), bool))
    walked, (_, change, spread, policy, _) = rollout_with(
        act, carry, ground.mdp, ground.start, walk_key, ground.discount, ground.limit, jnp.asarray(ground.pauses)
    )
    return EditedWalk(walked, change, spread, policy)


def _write(
    subject: AbstractSubject,
    state: State,
    patches: tuple[Patch, ...],
    on: Bool[Array, " site"],
    random: Bool[Array, ""],
    key: PRNGKeyArray,
) -> tuple[State, Float[Array, " level"]]:
    """All copies' state after writing into the first, and by how much it was moved. What has no cells is left as it is."""
    levels = patches[0].where.shape[0]
    written, change = dict(state), jnp.zeros(levels)
    for index, site in enumerate(subject.sites):
        value = state[site.name]
        if not is_map(value, patches[0].where.shape[1:]):
            continue

        def write(value, index=index):
            edited, honest, *donors = jnp.split(value, 2 + len(patches))
            true = edited
            for donor, patch in zip(donors, patches, strict=True):
                true = jnp.where(patch.where[..., None], moved(donor, patch.source), true)

            def noisy():
                where, length = jnp.zeros_like(edited[..., :1], bool), jnp.zeros((levels, 1, 1, 1))
                for donor, patch in zip(donors, patches, strict=True):
                    where |= patch.where[..., None]
                    apart = jnp.where(patch.home[..., None], (donor - honest) ** 2, 0.0)
                    length += apart.sum((1, 2, 3), keepdims=True)
                noise = jnp.where(where, jax.random.normal(jax.random.fold_in(key, index), edited.shape), 0.0)
                return jnp.where(where, honest + as_long(noise, jnp.sqrt(length)), edited)

            new = jax.lax.cond(random, noisy, lambda: true)
            return value.at[:levels].set(new), jnp.abs(new - edited).max((1, 2, 3))

        # A site that is not written costs nothing.
        written[site.name], by = jax.lax.cond(on[index], write, lambda value: (value, jnp.zeros(levels)), value)
        change = jnp.maximum(change, by)
    return written, change


def _spread(state: State, patches: tuple[Patch, ...]) -> Float[Array, ""]:
    parts = {site: jnp.split(value, 2 + len(patches)) for site, value in state.items()}
    honest = {site: part[1] for site, part in parts.items()}
    donors = ({site: part[at] for site, part in parts.items()} for at in range(2, 2 + len(patches)))
    found = [spread_of(honest, donor, patch.home) for donor, patch in zip(donors, patches, strict=True)]
    return jnp.stack(found).min()
