"""Edits of one answer to a level: runs are recorded once, and every arm branches off a recording where its edit begins."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.editing import Recording, run_unchecked
from mesascope.core.subject import AbstractSubject, Observation, State, policy_table
from mesascope.instruments.interventions import patches
from mesascope.instruments.interventions.patches import Cells, as_long, cells_of, is_map, moved, patch_of
from mesascope.instruments.interventions.place import Place


@runtime_checkable
class Observes(Protocol):
    """Whatever says how levels look: a world, or one whose levels have an agent standing in them."""

    def observe(self, levels: Any) -> Observation:
        """What is seen of the levels."""


class Recorded(NamedTuple):
    """One unedited run: every site in every state, and the policy it ended in."""

    states: Recording
    policy: Float[Array, "level state action"]


class Content(NamedTuple):
    """What an arm writes: cells, and for each site and state the values there."""

    where: Bool[Array, "level height width"]
    values: Recording


@eqx.filter_jit
def record(world: Observes, subject: AbstractSubject, levels: Any) -> Recorded:
    """All sites in all states of an unedited run."""
    sites = tuple(site.name for site in subject.sites)
    run = run_unchecked(subject, world.observe(levels), (), sites)
    return Recorded(run.recording, policy_table(run.logits))


@eqx.filter_jit
def donor_content(
    base: Recording,
    donors: tuple[Recording, ...],
    centers: tuple[Int[Array, "level _"], ...],
    targets: tuple[Int[Array, "level _"], ...],
    radius: Int[Array, ""],
) -> Content:
    """Paste each donor's patches around `centers` at `targets` (equal to `centers` for the true edit). Vectors stay."""
    shape = cells_of(base)
    where = jnp.zeros((targets[0].shape[0], *shape), bool)
    values = dict(base)
    for donor, at, to in zip(donors, centers, targets, strict=True):
        patch = patch_of(at, to, radius, shape)
        for site in [site for site in values if is_map(values[site], shape)]:
            pasted = moved(donor[site], patch.source)
            values[site] = jnp.where(patch.where[None, ..., None], pasted, values[site])
        where |= patch.where
    return Content(where, values)


@eqx.filter_jit
def random_content(base: Recording, true: Content, key: PRNGKeyArray) -> Content:
    """In place of the donor's content, a random direction as long as the true edit, at each site and state of a level."""
    on = true.where[..., None]
    levels, height, width = true.where.shape
    sites = [site for site in sorted(base) if is_map(base[site], (height, width))]
    channels = [base[site].shape[-1] for site in sites]
    drawn = jax.random.normal(key, (levels, height, width, sum(channels)))
    noises = jnp.split(jnp.where(on, drawn, 0.0), [sum(channels[: i + 1]) for i in range(len(channels) - 1)], -1)
    values = dict(base)
    for site, noise in zip(sites, noises, strict=True):
        length = jnp.sqrt(jnp.where(on, (true.values[site] - base[site]) ** 2, 0.0).sum((2, 3, 4), keepdims=True))
        values[site] = base[site] + as_long(noise, length)
    return Content(true.where, values)


def edited_policy(
    world: Observes,
    subject: AbstractSubject,
    levels: Any,
    base: Recording,
    content: Content,
    place: Place,
) -> Float[Array, "level state action"]:
    """The policy on `levels`, whose unedited run is `base`, with something written at a place."""
    start = {site.name: base[site.name][place.first] for site in subject.sites}
    on = sites_on(subject, place)
    return _branch(world, subject, levels, start, content, on, jnp.array(place.first), jnp.array(place.sustained))


def sites_on(subject: AbstractSubject, place: Place) -> Bool[Array, " site"]:
    """Which sites of a subject are written at a place."""
    return jnp.array([site.name in place.sites for site in subject.sites])


def write(
    subject: AbstractSubject,
    state: State,
    values: State,
    where: Bool[Array, "level height width"],
    on: Bool[Array, " site"],
) -> State:
    """The state with the values of some sites written in some cells. What has no cells is left as it is."""
    return {
        site.name: jnp.where((where & on[index])[..., None], values[site.name], state[site.name])
        if is_map(state[site.name], where.shape[1:])
        else state[site.name]
        for index, site in enumerate(subject.sites)
    }


@eqx.filter_jit
def _branch(
    world: Observes,
    subject: AbstractSubject,
    levels: Any,
    start: State,
    content: Content,
    on: Bool[Array, " site"],
    first: Int[Array, ""],
    sustained: Bool[Array, ""],
) -> Float[Array, "level state action"]:
    """Go on from a recorded state. Sites, states and ways of writing are numbers, so that one program serves them all."""
    observation = world.observe(levels)

    def write_at(state: State, t: Int[Array, ""], now: Bool[Array, ""]) -> State:
        return write(subject, state, _at(content.values, t), content.where & now, on)

    def tick(t: Int[Array, ""], state: State) -> State:
        return write_at(subject.think(state, observation, t), t + 1, sustained)

    state = jax.lax.fori_loop(first, subject.ticks, tick, write_at(start, first, jnp.array(True)))
    return policy_table(subject.act(state))


def _at(recording: Recording, t: Int[Array, ""]) -> State:
    return {site: states[t] for site, states in recording.items()}


@eqx.filter_jit
def spread_at(base: Recording, donor: Recording, centers: Cells, radius: Int[Array, ""], t: Int[Array, ""]) -> Array:
    """See `patches.spread`: of the recordings' state `t`."""
    return patches.spread(_at(base, t), _at(donor, t), patches.within(centers, radius, cells_of(base)))
