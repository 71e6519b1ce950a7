"""Run an open subject while recording its sites and editing them: the one mechanism under every intervention.

Time is counted in states: state 0 is what `begin` gives, state t what is there after t ticks. An edit applies to states
`first` to `last`; what is recorded is the state after its edits.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import EditError, subject_errors, unknown
from mesascope.core.subject import AbstractSubject, Observation, SiteValues, State

Recording = dict[str, Float[Array, "tick level #height #width _"]]


class Edit(eqx.Module):
    """Write into a site: at the cells in `where`, in states `first` to `last`.

    `value` is one map, or one for each state (a recording of a donor run). With `add` it is added instead of written.
    A swap is two runs' recordings written into each other; a clamp is a write over all remaining states.
    """

    site: str = eqx.field(static=True)
    where: Bool[Array, "level height width"]
    value: Float[Array, "level height width site_channel"] | Float[Array, "tick level height width site_channel"]
    first: Int[Array, ""] = eqx.field(converter=jnp.asarray)
    last: Int[Array, ""] = eqx.field(converter=jnp.asarray)
    add: bool = eqx.field(static=True, default=False)


class Run(NamedTuple):
    """The answer, what was recorded, and by how much each edit moved its site (largest absolute change per level)."""

    logits: Float[Array, "level height width action"]
    recording: Recording
    change: Float[Array, "edit level"]


@subject_errors()
def run(
    subject: AbstractSubject,
    observation: Observation,
    edits: tuple[Edit, ...] = (),
    record: tuple[str, ...] = (),
) -> Run:
    """Run with edits and recordings.

    Raises `EditError` when a site does not exist, an edit does not fit its site, or an edit changed nothing in any level.
    """
    for site in record:
        _check_site(subject, site)
    result = run_unchecked(subject, observation, checked(subject, observation, edits), record)
    moved = np.asarray(jax.device_get(result.change))
    for edit, change in zip(edits, moved, strict=True):
        if not change.max(initial=0.0) > 0:
            raise EditError(f"the edit of site '{edit.site}' in states {edit.first} to {edit.last} changed nothing")
    return result


def checked(subject: AbstractSubject, observation: Observation, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """`edits`, if every one names a site of the subject and fits its shape and its ticks."""
    for edit in edits:
        channels = _check_site(subject, edit.site)
        expected = (*observation.shape[:3], channels)
        if edit.value.shape[-4:] != expected or edit.where.shape != expected[:3]:
            raise EditError(
                f"an edit of site '{edit.site}' has values of shape {edit.value.shape} at cells {edit.where.shape}; "
                f"the site is {expected}"
            )
        if edit.value.ndim == 5 and edit.value.shape[0] != subject.ticks + 1:
            raise EditError(
                f"an edit of site '{edit.site}' brings {edit.value.shape[0]} states; the subject has {subject.ticks + 1}"
            )
        if not 0 <= int(edit.first) <= int(edit.last) <= subject.ticks:
            raise EditError(
                f"an edit of site '{edit.site}' covers states {edit.first} to {edit.last}; "
                f"the subject has states 0 to {subject.ticks}"
            )
    return edits


def _check_site(subject: AbstractSubject, site: str) -> int:
    channels = {s.name: s.channels for s in subject.sites}
    if site not in channels:
        raise EditError(str(unknown("site", site, channels)))
    return channels[site]


@eqx.filter_jit
def run_unchecked(
    subject: AbstractSubject, observation: Observation, edits: tuple[Edit, ...], record: tuple[str, ...]
) -> Run:
    """`run` without its checks, compiled once for each subject type, shape and set of edited sites."""

    def apply(state: State, t: Int[Array, ""]) -> tuple[State, Float[Array, "edit level"]]:
        moved = []
        for edit in edits:
            old: SiteValues = state[edit.site]
            value = edit.value[t] if edit.value.ndim == 5 else edit.value
            on = (edit.where & (edit.first <= t) & (t <= edit.last))[..., None]
            new = jnp.where(on, old + value if edit.add else value, old)
            moved.append(jnp.abs(new - old).max((1, 2, 3)))
            state = {**state, edit.site: new}
        return state, jnp.stack(moved) if moved else jnp.zeros((0, observation.shape[0]))

    def tick(carry, t):
        state, change = carry
        state, moved = apply(subject.think(state, observation, t), t + 1)
        return (state, jnp.maximum(change, moved)), {site: state[site] for site in record}

    start, change = apply(subject.start(observation), jnp.array(0))
    (state, change), later = jax.lax.scan(tick, (start, change), jnp.arange(subject.ticks))
    recording = {site: jnp.concatenate([start[site][None], later[site]]) for site in record}
    return Run(subject.act(state), recording, change)
