"""The search battery: retarget, virtual wall and both at once, with their control arms.

For each test the site, the state, the radius and the kind of write are chosen on one half of the levels; scores come from
the other half. The untrained network goes through the same choice: a subject cannot pass because many places were tried.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.sample import part_of
from mesascope.instruments.search.places import SIMPLER_WITHIN, Admitted, admit, simplicity, spread_at
from mesascope.instruments.search.scoring import Tally, advantage, normalized, tally
from mesascope.instruments.search.trials import Trials
from mesascope.instruments.search.writing import (
    Donors,
    Patch,
    Place,
    donor_patch,
    patched_policy,
    random_patch,
    record_donors,
)
from mesascope.worlds.world import AbstractWorld

TESTS = ("retarget", "virtual wall", "joint")

MOST_COVERED = 0.2
"""Places whose patches leave fewer than this share of the scored cells uncovered are not considered."""


ONCE_SUFFICES = 0.8
"""Sustained edits are left aside where one written once is followed at least so often, in proportion to the best of all: in
sustained ones a donor may have seen the combination, so that they show less."""


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
    nonlinear: float
    levels: int
    cells: int
    tried: tuple[tuple[Place, float], ...]
    """Every admissible place with the share that followed there, on the first half of the levels."""
    refused: int


class _Choice(NamedTuple):
    place: Place | None
    tried: tuple[tuple[Place, float], ...]
    admitted: Admitted


def true_patch(donors: Donors, trials: Trials, place: Place) -> Patch:
    """What the test itself writes: each part's content at the part's own cells."""
    centers = tuple(part.centers for part in trials.parts)
    return donor_patch(donors.base.states, donors.of(place), centers, centers, jnp.array(place.radius))


def edited_policy(
    world: AbstractWorld, subject: AbstractSubject, trials: Trials, donors: Donors, place: Place
) -> Float[Array, "level state action"]:
    """The policy after a test's own edit at a place."""
    patch = true_patch(donors, trials, place)
    return patched_policy(world, subject, trials.base, donors.base.states, patch, place)


def _choose(world: AbstractWorld, subject: AbstractSubject, trials: Trials) -> _Choice:
    if not trials.scored.any():
        return _Choice(None, (), Admitted((), {}, {}, 0))
    donors = record_donors(world, subject, trials)
    admitted = admit(world, subject, trials, donors)
    tried = []
    for place in admitted.places:
        scored = tally(trials, edited_policy(world, subject, trials, donors, place), place.radius)
        if scored.cells.sum() >= MOST_COVERED * float(trials.scored.sum()) and scored.cells.sum() > 0:
            tried.append((place, scored.share))
    if not tried:
        return _Choice(None, (), admitted)
    most = max(share for _, share in tried)
    once = [(place, share) for place, share in tried if not place.sustained and share >= ONCE_SUFFICES * most]
    best = max(share for _, share in once or tried)
    close = [place for place, share in once or tried if share >= best - SIMPLER_WITHIN]
    simplest = min(close, key=lambda place: simplicity(place, admitted.spread[place]))
    return _Choice(simplest, tuple(tried), admitted)


def halves(trials: Trials) -> tuple[Trials, Trials]:
    """The trials that places are chosen on, and those that are scored."""
    half = trials.base.count // 2
    return part_of(trials, 0, half), part_of(trials, half, half)


def run_test(
    world: AbstractWorld,
    name: str,
    trials: Trials,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: Array,
) -> SearchTest:
    """One test on trials whose first half chooses the place and whose second half is scored.

    Raises nothing for subjects that fail; a subject with no admissible place gets NaN scores and `place` None.
    """
    choosing, scoring = halves(trials)
    choice = _choose(world, subject, choosing)
    place = choice.place
    radius = place.radius if place else 1
    donors = record_donors(world, subject, scoring)
    controls = {"unedited": tally(scoring, donors.base.policy, radius)}
    ceiling = tally(scoring, donors.changed.policy, radius)
    if place is None:
        nothing = controls["unedited"]._replace(cells=controls["unedited"].cells * 0)
        return _result(name, choice, nothing, ceiling, controls, float("nan"))
    true = true_patch(donors, scoring, place)

    def arm(patch: Patch) -> Tally:
        policy = patched_policy(world, subject, scoring.base, donors.base.states, patch, place)
        return tally(scoring, policy, radius)

    base = donors.base.states
    centers = tuple(part.centers for part in scoring.parts)
    idle = tuple(part.centers for part in scoring.irrelevant)
    spared = tuple(donor.states for donor in donors.irrelevant)
    width = jnp.array(radius)
    controls["wrong site"] = arm(donor_patch(base, donors.of(place), centers, scoring.wrong, width))
    controls["equal-norm random"] = arm(random_patch(base, true, named_key(key, name, "random")))
    controls["irrelevant swap"] = arm(donor_patch(base, spared, idle, idle, width))
    if untrained is not None:
        other = _choose(world, untrained, choosing).place or place
        bare = record_donors(world, untrained, scoring)
        null = tally(scoring, edited_policy(world, untrained, scoring, bare, other), other.radius)
        same = tally(scoring, jnp.zeros_like(scoring.new, jnp.float32), radius)
        controls["untrained"] = Tally(null.followed * same.cells.sum() / max(null.cells.sum(), 1.0), same.cells)
    return _result(name, choice, arm(true), ceiling, controls, spread_at(donors, scoring, place))


def _result(
    name: str, choice: _Choice, edited: Tally, ceiling: Tally, controls: dict[str, Tally], spread: float
) -> SearchTest:
    place = choice.place
    return SearchTest(
        name=name,
        place=place,
        score=normalized(edited, ceiling, controls),
        edited=edited.estimate(),
        ceiling=ceiling.estimate(),
        controls={arm: t.estimate() for arm, t in controls.items()},
        advantages={arm: advantage(edited, t) for arm, t in controls.items()},
        spread=spread,
        nonlinear=float("nan") if place is None else choice.admitted.nonlinear[place],
        levels=int((edited.cells > 0).sum()),
        cells=int(edited.cells.sum()),
        tried=choice.tried,
        refused=choice.admitted.refused,
    )
