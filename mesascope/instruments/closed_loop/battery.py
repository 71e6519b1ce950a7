"""Retarget and virtual wall in closed loop, with their control arms.

Sites, step, radius and kind of write are chosen on one half of the levels; scores come from the other. The untrained
network goes through the same choice.
"""

from typing import NamedTuple

import jax
from jaxtyping import PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.closed_loop.edited import EvaluationBatch, Place, patch_of, walk_edited_unchecked
from mesascope.instruments.closed_loop.scoring import Count, Outcome, advantage, normalized, score
from mesascope.instruments.closed_loop.trials import RADII, EpisodeTrial
from mesascope.instruments.search.patches import Cells
from mesascope.worlds.world import AbstractWorld

PAUSES = 4
"""Steps before the first move, in every arm alike: an edit that is written in them has time to be thought about."""

LIMIT_PER_STATE = 1
"""Moves after which a walk is cut, for each cell of the level."""

MIN_SPREAD = 0.001
"""As in the search battery: an edit is refused as an input edit in disguise unless at least this share of the squared
difference between donor and honest copy lies outside of the patch when it is first written."""

MOST_CHOOSING = 64
"""Levels of the first half that the place is chosen on at most: every candidate place costs a walk of each."""

PASSES_ABOVE = 0.5
"""Both scores' lower bounds must exceed this, and every control must be beaten with its interval."""

SIMPLER_WITHIN = 0.02

_NOWHERE = Place((), 0, 0, False)


class Measured(NamedTuple):
    """One statistic of a test: its normalized score, the arms it was made from, and what the edit is ahead of each control."""

    score: Estimate
    edited: Estimate
    ceiling: Estimate
    controls: dict[str, Estimate]
    advantages: dict[str, Estimate]


class ClosedLoopTest(NamedTuple):
    """One test, all figures on the second half of the levels.

    `followed`: walks that end as if the change were true (the object reached first, the detour taken). `turned`: moves
    outside of the patches that only the change makes optimal. `kept`: walks of the edited arm that end as without it.
    """

    name: str
    place: Place | None
    followed: Measured
    turned: Measured
    kept: Estimate
    passed: bool
    spread: float
    change: float
    levels: int
    tried: tuple[tuple[Place, float], ...]
    """Every admissible place with the share of walks that followed there, on the first half of the levels."""
    refused: int


def places(subject: AbstractSubject, pauses: int) -> tuple[Place, ...]:
    """Candidate places: all sites together at several steps and radii, and each alone; written once, and held."""
    names = tuple(site.name for site in subject.sites)
    steps = sorted({1, max(pauses - 1, 1)})
    kinds = [(step, False) for step in steps] + [(1, True)]
    together = [Place(names, step, radius, held) for step, held in kinds for radius in RADII]
    alone = [Place((name,), 1, radius, held) for name in names for held in (False, True) for radius in RADII[:2]]
    return (*alone, *together) if len(names) > 1 else tuple(together)


class _Arms:
    """All walks of one half of a course."""

    def __init__(
        self,
        world: AbstractWorld,
        subject: AbstractSubject,
        course: EpisodeTrial,
        key: PRNGKeyArray,
        pauses: int,
    ):
        self.world, self.subject, self.course, self.key = world, subject, course, key
        limit = LIMIT_PER_STATE * course.base.walls[0].size
        self.ground = EvaluationBatch(
            world.tables(course.base), world.observe(course.base), course.start, world.discount, limit, pauses
        )
        self.changed = world.observe(course.changed)

    def unedited(self) -> Outcome:
        return self._outcome(self.ground, self.changed, self.course.centers, _NOWHERE)[0]

    def ceiling(self) -> Outcome:
        """The change made in the level itself."""
        ground = self.ground._replace(mdp=self.world.tables(self.course.changed), observation=self.changed)
        return self._outcome(ground, self.changed, self.course.centers, _NOWHERE)[0]

    def edited(self, place: Place, *, random: bool = False) -> tuple[Outcome, float, float]:
        return self._outcome(self.ground, self.changed, self.course.centers, place, random=random)

    def wrong_site(self, place: Place) -> Outcome:
        return self._outcome(self.ground, self.changed, self.course.wrong, place)[0]

    def irrelevant(self, place: Place) -> Outcome:
        idle = self.course.idle_centers
        return self._outcome(self.ground, self.world.observe(self.course.idle), idle, place, home=idle)[0]

    def _outcome(
        self,
        ground: EvaluationBatch,
        donor,
        targets: Cells,
        place: Place,
        *,
        home: Cells | None = None,
        random: bool = False,
    ) -> tuple[Outcome, float, float]:
        centers = self.course.centers if home is None else home
        patch = patch_of(centers, targets, place.radius, self.course.base.interior)
        found = walk_edited_unchecked(self.subject, ground, donor, patch, place, self.key, random=random)
        return score(self.course, found.walk, place.radius), float(found.change.max()), float(found.spread)


class _Choice(NamedTuple):
    place: Place | None
    tried: tuple[tuple[Place, float], ...]
    refused: int


def _choose(arms: _Arms, pauses: int) -> _Choice:
    if not bool(arms.course.fit.any()):
        return _Choice(None, (), 0)
    tried, refused = [], 0
    for place in places(arms.subject, pauses):
        outcome, change, spread = arms.edited(place)
        # An edit that changes nothing is no edit, and one before anything was computed is an edit of the input.
        if not change > 0 or not spread >= MIN_SPREAD:
            refused += 1
            continue
        tried.append((place, outcome.followed.estimate().value))
    if not tried:
        return _Choice(None, (), refused)
    best = max(share for _, share in tried)
    close = [place for place, share in tried if share >= best - SIMPLER_WITHIN]
    return _Choice(min(close, key=lambda p: (p.sustained, len(p.sites), p.radius, -p.step)), tuple(tried), refused)


def run_closed_loop_test(
    world: AbstractWorld,
    name: str,
    course: EpisodeTrial,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: PRNGKeyArray,
    pauses: int = PAUSES,
) -> ClosedLoopTest:
    """One test on a course whose first half chooses the place and whose second half is scored.

    Raises nothing for subjects that fail; a subject with no admissible place gets NaN scores and `place` None.
    """
    half = course.base.count // 2
    choosing = jax.tree.map(lambda t: t[: min(half, MOST_CHOOSING)], course)
    scoring = jax.tree.map(lambda t: t[half : 2 * half], course)
    walks = named_key(key, name, "walks")
    choice = _choose(_Arms(world, subject, choosing, named_key(key, name, "choosing"), pauses), pauses)
    arms = _Arms(world, subject, scoring, walks, pauses)
    place = choice.place
    controls = {"unedited": arms.unedited()}
    ceiling = arms.ceiling()
    if place is None:
        nothing = Count(ceiling.followed.hits * 0, ceiling.followed.of * 0)
        return _result(name, choice, Outcome(nothing, nothing, nothing), ceiling, controls, float("nan"), 0.0, scoring)
    edited, change, spread = arms.edited(place)
    controls["wrong site"] = arms.wrong_site(place)
    controls["equal-norm random"] = arms.edited(place, random=True)[0]
    controls["irrelevant swap"] = arms.irrelevant(place)
    if untrained is not None:
        other = _choose(_Arms(world, untrained, choosing, named_key(key, name, "choosing"), pauses), pauses).place
        controls["untrained"] = _Arms(world, untrained, scoring, walks, pauses).edited(other or place)[0]
    return _result(name, choice, edited, ceiling, controls, spread, change, scoring)


def _result(
    name: str,
    choice: _Choice,
    edited: Outcome,
    ceiling: Outcome,
    controls: dict[str, Outcome],
    spread: float,
    change: float,
    course: EpisodeTrial,
) -> ClosedLoopTest:
    def measured(field: str) -> Measured:
        of = {arm: getattr(outcome, field) for arm, outcome in controls.items()}
        mine, top = getattr(edited, field), getattr(ceiling, field)
        return Measured(
            score=normalized(mine, top, of),
            edited=mine.estimate(),
            ceiling=top.estimate(),
            controls={arm: count.estimate() for arm, count in of.items()},
            advantages={arm: advantage(mine, count) for arm, count in of.items()},
        )

    followed, turned = measured("followed"), measured("turned")
    passed = all(
        m.score.interval.low > PASSES_ABOVE and all(a.interval.low > 0 for a in m.advantages.values())
        for m in (followed, turned)
    )
    return ClosedLoopTest(
        name=name,
        place=choice.place,
        followed=followed,
        turned=turned,
        kept=edited.kept.estimate(),
        passed=passed,
        spread=spread,
        change=change,
        levels=int(course.fit.sum()),
        tried=choice.tried,
        refused=choice.refused,
    )
