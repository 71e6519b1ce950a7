"""Writing trials into a subject: donor recordings, patched at a site, a state and a radius."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.editing import Edit, Recording, run_unchecked
from mesascope.core.subject import AbstractOpenSubject, policy_table
from mesascope.instruments.search.patches import moved, sources, within
from mesascope.instruments.search.trials import Trials
from mesascope.worlds.grid import GridLevels
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


class Donors(NamedTuple):
    """Recordings of the unedited base run and of every donor run of one test, all sites and states."""

    base: Recording
    parts: tuple[Recording, ...]
    irrelevant: tuple[Recording, ...]
    changed: Recording

    def of(self, place: Place) -> tuple[Recording, ...]:
        """The donor of each part.

        A single write takes every part from a run with that part alone, so that their combination was never seen. A
        sustained one takes all from the run with all changes: donors that plan for different goals would hold different
        plans in place and fight for ever.
        """
        return (self.changed,) * len(self.parts) if place.sustained else self.parts


class Patch(NamedTuple):
    """What an arm writes: cells, and for each site and state the values there."""

    where: Bool[Array, "level height width"]
    values: Recording


def record(world: AbstractWorld, subject: AbstractOpenSubject, levels: GridLevels) -> Recording:
    """All sites in all states of an unedited run."""
    sites = tuple(site.name for site in subject.sites)
    return run_unchecked(subject, world.observe(levels), (), sites).recording


def record_donors(world: AbstractWorld, subject: AbstractOpenSubject, trials: Trials) -> Donors:
    """Run the base and every donor level once; all arms, sites, states and radii share these."""
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
    on = patch.where[None, ..., None]
    values = {}
    for index, site in enumerate(sorted(base)):
        length = jnp.sqrt(jnp.where(on, (patch.values[site] - base[site]) ** 2, 0.0).sum((2, 3, 4), keepdims=True))
        noise = jnp.where(on, jax.random.normal(jax.random.fold_in(key, index), base[site].shape[1:])[None], 0.0)
        values[site] = base[site] + noise * (length / jnp.sqrt((noise**2).sum((2, 3, 4), keepdims=True)))
    return Patch(patch.where, values)


def patched_policy(
    world: AbstractWorld, subject: AbstractOpenSubject, levels: GridLevels, patch: Patch, place: Place
) -> Float[Array, "level state action"]:
    """The policy on `levels` with a patch written at a place."""
    last = subject.ticks if place.sustained else place.first
    edits = tuple(
        Edit(site, patch.where, patch.values[site], jnp.array(place.first), jnp.array(last)) for site in place.sites
    )
    return policy_table(run_unchecked(subject, world.observe(levels), edits, ()).logits)


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
