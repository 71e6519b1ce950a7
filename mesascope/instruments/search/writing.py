"""Writing trials into a subject: runs are recorded once, and every arm branches off a recording where its edit begins."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.editing import Recording, run_unchecked
from mesascope.core.subject import AbstractSubject, State, policy_table
from mesascope.instruments.search.patches import moved, sources, within
from mesascope.instruments.search.trials import Trials
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.world import AbstractWorld


class Place(NamedTuple):
    """Where edits are written: sites, first state, patch radius, and whether every later state is written as well."""

    sites: tuple[str, ...]
    first: int
    radius: int
    sustained: bool

    def __str__(self) -> str:
        how = "sustained from" if self.sustained else "once in"
        return f"{'+'.join(self.sites)} {how} state {self.first}, radius {self.radius}"


class Recorded(NamedTuple):
    """One unedited run: every site in every state, and the policy it ended in."""

    states: Recording
    policy: Float[Array, "level state action"]


class Donors(NamedTuple):
    """The unedited base run and every donor run of one test; all arms, sites, states and radii share these."""

    base: Recorded
    parts: tuple[Recorded, ...]
    irrelevant: tuple[Recorded, ...]
    changed: Recorded

    def of(self, place: Place) -> tuple[Recording, ...]:
        """The donor of each part.

        A single write takes every part from a run with that part alone, so that their combination was never seen. A
        sustained one takes all from the run with all changes: donors that plan for different goals would hold different
        plans in place and fight for ever.
        """
        if place.sustained:
            return (self.changed.states,) * len(self.parts)
        return tuple(part.states for part in self.parts)


class Patch(NamedTuple):
    """What an arm writes: cells, and for each site and state the values there."""

    where: Bool[Array, "level height width"]
    values: Recording


@eqx.filter_jit
def record(world: AbstractWorld, subject: AbstractSubject, levels: GridLevels) -> Recorded:
    """All sites in all states of an unedited run."""
    sites = tuple(site.name for site in subject.sites)
    run = run_unchecked(subject, world.observe(levels), (), sites)
    return Recorded(run.recording, policy_table(run.logits))


def record_donors(world: AbstractWorld, subject: AbstractSubject, trials: Trials) -> Donors:
    """Run the base and every donor level once."""
    return Donors(
        record(world, subject, trials.base),
        tuple(record(world, subject, part.donor) for part in trials.parts),
        tuple(record(world, subject, part.donor) for part in trials.irrelevant),
        record(world, subject, trials.changed),
    )


@eqx.filter_jit
def donor_patch(
    base: Recording,
    donors: tuple[Recording, ...],
    centers: tuple[Int[Array, "level _"], ...],
    targets: tuple[Int[Array, "level _"], ...],
    radius: Int[Array, ""],
) -> Patch:
    """Paste each donor's patches around `centers` at `targets` (equal to `centers` for the true edit)."""
    height, width = next(iter(base.values())).shape[2:4]
    shape = (height, width)
    where = jnp.zeros((targets[0].shape[0], *shape), bool)
    values = dict(base)
    for donor, at, to in zip(donors, centers, targets, strict=True):
        inside = within(to, radius, shape)
        source = sources(at, to, shape)
        values = {s: jnp.where(inside[None, ..., None], moved(donor[s], source), values[s]) for s in values}
        where |= inside
    return Patch(where, values)


@eqx.filter_jit
def random_patch(base: Recording, patch: Patch, key: PRNGKeyArray) -> Patch:
    """In place of the donor's content, a random direction as long as the true edit, at each site and state of a level."""
    on = patch.where[..., None]
    levels, height, width = patch.where.shape
    channels = [base[site].shape[-1] for site in sorted(base)]
    drawn = jax.random.normal(key, (levels, height, width, sum(channels)))
    noises = jnp.split(jnp.where(on, drawn, 0.0), [sum(channels[: i + 1]) for i in range(len(channels) - 1)], -1)
    values = {}
    for site, noise in zip(sorted(base), noises, strict=True):
        length = jnp.sqrt(jnp.where(on, (patch.values[site] - base[site]) ** 2, 0.0).sum((2, 3, 4), keepdims=True))
        size = jnp.sqrt((noise**2).sum((1, 2, 3), keepdims=True))
        values[site] = base[site] + noise * (length / jnp.maximum(size, 1e-12))
    return Patch(patch.where, values)


def patched_policy(
    world: AbstractWorld, subject: AbstractSubject, levels: GridLevels, base: Recording, patch: Patch, place: Place
) -> Float[Array, "level state action"]:
    """The policy on `levels`, whose unedited run is `base`, with a patch written at a place."""
    names = [site.name for site in subject.sites]
    on = jnp.array([name in place.sites for name in names])
    start = {name: base[name][place.first] for name in names}
    return _branch(world, subject, levels, start, patch, on, jnp.array(place.first), jnp.array(place.sustained))


@eqx.filter_jit
def _branch(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: GridLevels,
    start: State,
    patch: Patch,
    on: Bool[Array, " site"],
    first: Int[Array, ""],
    sustained: Bool[Array, ""],
) -> Float[Array, "level state action"]:
    """Go on from a recorded state. Sites, states and ways of writing are numbers, so that one program serves them all."""
    observation = world.observe(levels)

    def write(state: State, t: Int[Array, ""], now: Bool[Array, ""]) -> State:
        return {
            site.name: jnp.where(
                (patch.where & on[index] & now)[..., None], patch.values[site.name][t], state[site.name]
            )
            for index, site in enumerate(subject.sites)
        }

    def tick(t: Int[Array, ""], state: State) -> State:
        return write(subject.think(state, observation, t), t + 1, sustained)

    state = jax.lax.fori_loop(first, subject.ticks, tick, write(start, first, jnp.array(True)))
    return policy_table(subject.act(state))


@eqx.filter_jit
def already_spread(base: Recording, patch: Patch, donor: Recording, first: Int[Array, ""]) -> Float[Array, ""]:
    """Share of the squared difference between donor and base that lies outside the patch, in state `first`.

    Near zero the edit is the donor's input in disguise: nothing of the level has been used yet beyond the patch.
    """
    outside = total = jnp.array(0.0)
    for site in base:
        gap = ((donor[site][first] - base[site][first]) ** 2).sum(-1)
        total += gap.sum()
        outside += jnp.where(patch.where, 0.0, gap).sum()
    return outside / jnp.maximum(total, 1e-12)
