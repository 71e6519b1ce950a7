"""Where a subject that answers once may be edited: the candidates, and those refused as edits of the input in disguise."""

import functools
import itertools
from typing import NamedTuple

import jax.numpy as jnp

from mesascope.core.editing import Recording
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.instruments.interventions.place import RADII, Place
from mesascope.instruments.interventions.recorded import Observes, Recorded, record, spread_at
from mesascope.instruments.interventions.thresholds import over_token_sites
from mesascope.instruments.search.linearity import beyond_own_token, nonlinear_shares
from mesascope.instruments.search.trials import Trials

MIN_NONLINEAR = 0.02
"""Least share of a site that is no linear function of the input around each cell. A place of which every site is below it
is refused: an edit there is an edit of the input in disguise. Places where the computation has not yet gone on from what is
rewritten come last (see `place.SPREAD`) but are admitted, because a search that never takes back what it has settled (a
latched one) can only be redirected before it has spread. The share is reported."""

MANY_SITES = 3
"""Up to this many sites every combination is tried; beyond, each alone and all together."""


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


def record_donors(world: Observes, subject: AbstractSubject, trials: Trials) -> Donors:
    """Run the base and every donor level once."""
    return Donors(
        record(world, subject, trials.base),
        tuple(record(world, subject, part.donor) for part in trials.parts),
        tuple(record(world, subject, part.donor) for part in trials.irrelevant),
        record(world, subject, trials.changed),
    )


def first_state(subject: AbstractSubject) -> int:
    """The first state that may be edited: after the level was read, or after two ticks of a subject that re-reads it."""
    return 2 if subject.reads_until >= subject.ticks else subject.reads_until


def candidates(subject: AbstractSubject, begin: int | None = None) -> tuple[Place, ...]:
    """All sites together at several states and radii, some of the sites at the first of them, written once and sustained.

    Subjects that re-read the level undo a single write, so theirs are sustained only. `begin` is the first state, that of
    `first_state` unless given.
    """
    sites = tuple(site.name for site in subject.sites)
    rereads = subject.reads_until >= subject.ticks
    begin = first_state(subject) if begin is None else begin
    states = sorted({begin, begin + 1, begin + 2, begin + 4, subject.ticks // 4, subject.ticks // 2})
    states = [t for t in states if begin <= t < subject.ticks]
    sizes = range(1, len(sites)) if len(sites) <= MANY_SITES else (1,)
    some = [chosen for size in sizes for chosen in itertools.combinations(sites, size)]
    held = [Place(sites, t, radius, True) for t in states[:3] for radius in RADII]
    held += [Place(chosen, t, radius, True) for chosen in some for t in states[:2] for radius in (0, 1)]
    if rereads:
        return tuple(held)
    once = [Place(sites, t, radius, False) for t in states for radius in RADII]
    once += [Place(chosen, t, radius, False) for chosen in some for t in states[:2] for radius in (0, 1)]
    return (*once, *held)


def admit(
    world: Observes, subject: AbstractSubject, trials: Trials, donors: Donors, places: tuple[Place, ...] | None = None
) -> tuple[list[tuple[Place, float, float]], int]:
    """Candidates that are no edits of the input in disguise, with their spread and the share that is not linear, and how
    many were refused; judged on the trials that places are chosen on. `places` are the candidates, unless given those of a
    subject that answers a whole level.
    """
    observation = world.observe(trials.base)
    by_cells: dict[tuple[int, int], float] = {}
    admitted, refused = [], 0

    @functools.cache
    def shares(tick: int) -> dict[str, float]:
        return undisguised(subject, observation, donors.base.states, tick)

    if places is None:
        places = candidates(subject)
        if over_token_sites(subject):
            # Blocks may wait before any token has read another: what begins late is edited right after it began.
            states = range(first_state(subject), max(subject.ticks // 2, first_state(subject)) + 1)
            begun = next((t for t in states if max(shares(t).values(), default=0.0) >= MIN_NONLINEAR), None)
            if begun not in (None, first_state(subject)):
                places = tuple(dict.fromkeys((*places, *candidates(subject, begun))))
    for place in places:
        nonlinear = max(shares(place.first)[site] for site in place.sites)
        if nonlinear < MIN_NONLINEAR:
            refused += 1
            continue
        at = (place.first, place.radius)
        if at not in by_cells:
            by_cells[at] = least_spread(donors, trials, place)
        admitted.append((place, by_cells[at], nonlinear))
    return admitted, refused


def undisguised(subject: AbstractSubject, observation: Observation, states: Recording, tick: int) -> dict[str, float]:
    """For each site, the share of it in state `tick` that is not the input in disguise.

    Of a map, what is no linear function of the input around each cell. Of tokens, which a perceptron may turn into anything
    before any of them has read another, what is no function of the token alone either.
    """
    shares = nonlinear_shares(observation, states, tick)
    if not over_token_sites(subject):
        return shares
    beyond = beyond_own_token(observation, states, tick)
    return {site: min(share, beyond[site]) for site, share in shares.items()}


def least_spread(donors: Donors, trials: Trials, place: Place) -> float:
    """The least, over the parts of a test, of how far the difference that is written has spread beyond its patch."""
    at = jnp.array(place.radius), jnp.array(place.first)
    return min(
        float(spread_at(donors.base.states, donor.states, part.centers, *at))
        for part, donor in zip(trials.parts, donors.parts, strict=True)
    )
