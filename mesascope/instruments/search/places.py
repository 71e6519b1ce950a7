"""Where edits may be written: the candidates, and those refused because they would edit the input in disguise."""

import itertools
from typing import NamedTuple

import jax.numpy as jnp

from mesascope.core.subject import AbstractSubject
from mesascope.instruments.search.linearity import nonlinear_shares
from mesascope.instruments.search.trials import Trials
from mesascope.instruments.search.writing import Donors, Place, already_spread, donor_patch
from mesascope.worlds.world import AbstractWorld

RADII = (0, 1, 2)

MIN_NONLINEAR = 0.02
"""Least share of a site that is no linear function of the input around each cell. A place of which every site is below it
is refused: an edit there is an edit of the input in disguise."""

SPREAD = 0.001
"""Where at least this share of the squared difference between donor and base lies outside the patch, the computation has
gone on from what is rewritten. Such places show more and come first; others are admitted, because a search that never
takes back what it has settled (a latched one) can only be redirected before it has spread. The share is reported."""

MANY_SITES = 3
"""Up to this many sites every combination is tried; beyond, each alone and all together."""

SIMPLER_WITHIN = 0.02
"""Of places that score this close to the best on the first half, the simplest is taken."""


class Admitted(NamedTuple):
    """Places at which a subject may be edited, how far the donors' difference has spread there, and how many were refused."""

    places: tuple[Place, ...]
    spread: dict[Place, float]
    nonlinear: dict[Place, float]
    refused: int


def candidates(subject: AbstractSubject) -> tuple[Place, ...]:
    """All sites together at several states and radii, some of the sites at the first of them, written once and sustained.

    Subjects that re-read the level undo a single write, so theirs are sustained only.
    """
    sites = tuple(site.name for site in subject.sites)
    rereads = subject.reads_until >= subject.ticks
    begin = 2 if rereads else subject.reads_until
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


def simplicity(place: Place, spread: float) -> tuple[bool, bool, int, int, int]:
    """The computation has gone on from what is rewritten; written once before sustained; fewest sites, the smallest patch,
    the latest state: the farther from the input, the more it shows.
    """
    return spread < SPREAD, place.sustained, len(place.sites), place.radius, -place.first


def admit(world: AbstractWorld, subject: AbstractSubject, trials: Trials, donors: Donors) -> Admitted:
    """The candidates that are no edits of the input in disguise, judged on the trials that places are chosen on."""
    observation = world.observe(trials.base)
    states = donors.base.states
    by_state: dict[int, dict[str, float]] = {}
    by_cells: dict[tuple[int, int], float] = {}
    spread, nonlinear, refused = {}, {}, 0
    for place in candidates(subject):
        if place.first not in by_state:
            by_state[place.first] = nonlinear_shares(observation, states, place.first)
        most = max(by_state[place.first][site] for site in place.sites)
        if most < MIN_NONLINEAR:
            refused += 1
            continue
        at = (place.first, place.radius)
        if at not in by_cells:
            by_cells[at] = spread_at(donors, trials, place)
        spread[place], nonlinear[place] = by_cells[at], most
    return Admitted(tuple(spread), spread, nonlinear, refused)


def spread_at(donors: Donors, trials: Trials, place: Place) -> float:
    """The least, over the parts of a test, of how far the difference that is written has spread beyond its patch."""
    shares = []
    for part, donor in zip(trials.parts, donors.parts, strict=True):
        patch = donor_patch(
            donors.base.states, (donor.states,), (part.centers,), (part.centers,), jnp.array(place.radius)
        )
        shares.append(float(already_spread(donors.base.states, patch, donor.states, jnp.array(place.first))))
    return min(shares)
