"""The search battery: retarget, virtual wall and both at once, with their control arms.

For each test the site, the state, the radius and the kind of write are chosen on one half of the levels; scores come from
the other half. The untrained network goes through the same choice: a subject cannot pass because many places were tried.
"""

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from mesascope.core.editing import run_unchecked
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractOpenSubject, policy_table
from mesascope.instruments.search.scoring import Tally, advantage, normalized, tally
from mesascope.instruments.search.trials import Trials
from mesascope.instruments.search.writing import (
    Donors,
    Place,
    already_spread,
    donor_patch,
    patched_policy,
    random_patch,
    record_donors,
)
from mesascope.worlds.world import AbstractWorld

RADII = (0, 1, 2)

MIN_SPREAD = 0.001
"""An edit is refused as an input edit in disguise unless at least this share of the squared difference between donor and
base lies outside the patch: the computation must have begun to use what is rewritten. The share itself is reported."""

MANY_SITES = 3
"""Up to this many sites every combination is tried; beyond, each alone and all together."""

MOST_COVERED = 0.5
"""Places whose patches leave fewer than this share of the scored cells uncovered are not considered."""

SIMPLER_WITHIN = 0.02
"""Of places that score this close to the best on the first half, the one with fewest sites and least radius is taken."""


class SearchTest(NamedTuple):
    """One test: the normalized score and everything it was made from, all on the second half of the levels."""

    name: str
    place: Place | None
    score: Estimate
    edited: Estimate
    ceiling: Estimate
    controls: dict[str, Estimate]
    advantages: dict[str, Estimate]
    spread: float
    levels: int
    cells: int
    tried: tuple[tuple[Place, float], ...]
    """Every admissible place with the share that followed there, on the first half of the levels."""
    refused: int


def places(subject: AbstractOpenSubject) -> tuple[Place, ...]:
    """Candidate places: all sites together at several states and radii, and some of the sites at the first of them.

    Subjects that re-read the level undo a single write, so theirs are sustained.
    """
    sites = tuple(site.name for site in subject.sites)
    rereads = subject.reads_until >= subject.ticks
    begin = 2 if rereads else subject.reads_until
    states = sorted({begin, begin + 1, begin + 2, begin + 4, subject.ticks // 4, subject.ticks // 2})
    states = [t for t in states if begin <= t < subject.ticks]
    together = [Place(sites, t, radius, rereads) for t in states for radius in RADII]
    sizes = range(1, len(sites)) if len(sites) <= MANY_SITES else (1,)
    some = [chosen for size in sizes for chosen in itertools.combinations(sites, size)]
    apart = [Place(chosen, t, radius, rereads) for chosen in some for t in states[:2] for radius in (0, 1)]
    return (*apart, *together)


def _spread(donors: Donors, trials: Trials, place: Place) -> float:
    shares = []
    for part, donor in zip(trials.parts, donors.of(place), strict=True):
        patch = donor_patch(donors.base, (donor,), (part.centers,), (part.centers,), jnp.array(place.radius))
        shares.append(float(already_spread(donors.base, patch, donor, jnp.array(place.first))))
    return min(shares)


def _true_patch(donors: Donors, trials: Trials, place: Place):
    centers = tuple(part.centers for part in trials.parts)
    return donor_patch(donors.base, donors.of(place), centers, centers, jnp.array(place.radius))


def _edited(world, subject, trials: Trials, donors: Donors, place: Place) -> Tally:
    patch = _true_patch(donors, trials, place)
    return tally(trials, patched_policy(world, subject, trials.base, patch, place), place.radius)


class _Choice(NamedTuple):
    place: Place | None
    tried: tuple[tuple[Place, float], ...]
    refused: int


def _choose(world, subject, trials: Trials) -> _Choice:
    if not trials.scored.any():
        return _Choice(None, (), 0)
    donors = record_donors(world, subject, trials)
    tried, refused = [], 0
    for place in places(subject):
        if _spread(donors, trials, place) < MIN_SPREAD:
            refused += 1
            continue
        scored = _edited(world, subject, trials, donors, place)
        if scored.cells.sum() >= MOST_COVERED * float(trials.scored.sum()) and scored.cells.sum() > 0:
            tried.append((place, scored.share))
    if not tried:
        return _Choice(None, (), refused)
    best = max(share for _, share in tried)
    close = [place for place, share in tried if share >= best - SIMPLER_WITHIN]
    return _Choice(min(close, key=_simplicity), tuple(tried), refused)


def _simplicity(place: Place) -> tuple[int, int, int]:
    """Fewest sites, then the smallest patch, then the latest state: the farther from the input, the more it shows."""
    return len(place.sites), place.radius, -place.first


def _unedited(world, subject, trials: Trials, levels, radius: int) -> Tally:
    policy = policy_table(run_unchecked(subject, world.observe(levels), (), ()).logits)
    return tally(trials, policy, radius)


def run_test(
    world: AbstractWorld,
    name: str,
    trials: Trials,
    subject: AbstractOpenSubject,
    untrained: AbstractOpenSubject | None,
    key: Array,
) -> SearchTest:
    """One test on trials whose first half chooses the place and whose second half is scored.

    Raises nothing for subjects that fail; a subject with no admissible place gets NaN scores and `place` None.
    """
    half = trials.base.count // 2
    choosing = jax.tree.map(lambda t: t[:half], trials)
    scoring = jax.tree.map(lambda t: t[half : 2 * half], trials)
    choice = _choose(world, subject, choosing)
    place = choice.place
    radius = place.radius if place else 1
    controls = {"unedited": _unedited(world, subject, scoring, scoring.base, radius)}
    ceiling = _unedited(world, subject, scoring, scoring.changed, radius)
    if place is None:
        nothing = controls["unedited"]._replace(cells=controls["unedited"].cells * 0)
        return _result(name, None, nothing, ceiling, controls, float("nan"), choice)
    donors = record_donors(world, subject, scoring)
    true = _true_patch(donors, scoring, place)

    def arm(patch) -> Tally:
        return tally(scoring, patched_policy(world, subject, scoring.base, patch, place), radius)

    centers = tuple(part.centers for part in scoring.parts)
    idle = tuple(part.centers for part in scoring.irrelevant)
    width = jnp.array(radius)
    controls["wrong site"] = arm(donor_patch(donors.base, donors.of(place), centers, scoring.wrong, width))
    controls["equal-norm random"] = arm(random_patch(donors.base, true, named_key(key, name, "random")))
    controls["irrelevant swap"] = arm(donor_patch(donors.base, donors.irrelevant, idle, idle, width))
    if untrained is not None:
        other = _choose(world, untrained, choosing).place or place
        null = _edited(world, untrained, scoring, record_donors(world, untrained, scoring), other)
        same = tally(scoring, jnp.zeros_like(scoring.new, jnp.float32), radius)
        controls["untrained"] = Tally(null.followed * same.cells.sum() / max(null.cells.sum(), 1.0), same.cells)
    return _result(name, place, arm(true), ceiling, controls, _spread(donors, scoring, place), choice)


def _result(name, place, edited: Tally, ceiling: Tally, controls: dict[str, Tally], spread, choice) -> SearchTest:
    return SearchTest(
        name=name,
        place=place,
        score=normalized(edited, ceiling, controls),
        edited=edited.estimate(),
        ceiling=ceiling.estimate(),
        controls={arm: t.estimate() for arm, t in controls.items()},
        advantages={arm: advantage(edited, t) for arm, t in controls.items()},
        spread=spread,
        levels=int((edited.cells > 0).sum()),
        cells=int(edited.cells.sum()),
        tried=choice.tried,
        refused=choice.refused,
    )
