"""The worst level that a search can find for a subject, beside what random draws find and what the search finds for others."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.auditing.gallery import Exhibit, exhibit
from mesascope.core.ledger import Ledger, ledger, returns_by_intended
from mesascope.core.regret import regret_of
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.adversary.climb import Budget, Found, best_drawn, climb, sizes
from mesascope.instruments.sample import Sample, look_at
from mesascope.organisms.registry import build_organism
from mesascope.worlds.world import AbstractWorld

HOME = Budget()
"""Search among levels of the size of training."""

AWAY = Budget(starts=96, climbers=24, generations=12)
"""Among levels of each other size, which cost several times as much."""

FOUND = "found by search"
"""Where the levels found stand in the gallery, beside the names of distributions."""


class Searched(NamedTuple):
    """Levels of one size: the worst regret of each run, and the worst of each part of as many levels drawn at random."""

    size: int
    distributions: tuple[str, ...]
    evaluations: int
    runs: tuple[float, ...]
    drawn: tuple[float, ...]


class Control(NamedTuple):
    """The same search, at the size of training, on somebody whose regret is known to be small or large."""

    subject: str
    runs: tuple[float, ...]
    drawn: tuple[float, ...]


class WorstLevel(NamedTuple):
    """The level of largest regret by the intended goal that any run found.

    `ledger` splits the regret by the subject's objective; `optimal` is what could be earned; `evaluations` counts the
    levels that the search asked the subject about, the null as many again. `gallery` shows the worst level of each run.
    """

    level: str
    size: int
    regret: float
    optimal: float
    ledger: Ledger
    evaluations: int
    searches: tuple[Searched, ...]
    controls: tuple[Control, ...]
    gallery: tuple[Exhibit, ...]


def find_worst_level(
    world: AbstractWorld,
    subject: AbstractSubject,
    own: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
    home: Budget = HOME,
    away: Budget = AWAY,
) -> WorstLevel:
    """Search among levels of every size that the world's distributions have; `own` is the subject's objective."""
    groups = sizes(world, named_key(key, "sizes"))
    searches, found = [], []
    for size, names in groups.items():
        budget = home if size == next(iter(groups)) else away
        runs = climb(world, subject, named_key(key, "climb", size), names, budget)
        drawn = best_drawn(world, subject, named_key(key, "drawn", size), names, budget)
        found += runs
        searches.append(Searched(size, names, budget.evaluations, _regrets(runs), _regrets(drawn)))
    size, names = next(iter(groups.items()))
    controls = []
    for text in (f"planner,objective={_as_text(world)}", "uniform"):
        other = build_organism(text, world)
        runs = climb(world, other, named_key(key, "climb", size), names, home)
        drawn = best_drawn(world, other, named_key(key, "drawn", size), names, home)
        controls.append(Control(text, _regrets(runs), _regrets(drawn)))
    shown: dict[str, tuple[Found, Exhibit, Ledger]] = {}
    for run in sorted(found, key=lambda run: -run.regret):
        text = run.levels.text(0)
        shown.setdefault(text, (run, *_exhibited(world, subject, own, run)))
    worst = next(iter(shown))
    run, _, split = shown[worst]
    return WorstLevel(
        worst,
        run.levels.size,
        run.regret,
        run.optimal,
        split,
        sum(s.evaluations for s in searches),
        tuple(searches),
        tuple(controls),
        tuple(exhibit for _, exhibit, _ in shown.values()),
    )


def worst_known(world: AbstractWorld, samples: list[Sample], found: WorstLevel | None = None) -> str:
    """The worst level that is known, in words: of those drawn anyway, or that which was searched for, if it is worse."""
    regret, drawn = _worst_drawn(world, samples)
    return drawn if found is None or regret > found.regret else worst_found(found)


def worst_drawn(world: AbstractWorld, samples: list[Sample]) -> str:
    """The worst of the levels that were drawn anyway, in words."""
    return _worst_drawn(world, samples)[1]


def _worst_drawn(world: AbstractWorld, samples: list[Sample]) -> tuple[float, str]:
    intended = jnp.asarray(world.intended_goal.vector(world.features))
    worst = []
    for sample in samples:
        measured = regret_of(sample.mdp, sample.policy, intended, world.discount)
        index = int(measured.regret.argmax())
        worst.append((float(measured.regret[index]), float(measured.optimal[index]), f"{sample.distribution}, {index}"))
    regret, optimal, where = max(worst)
    drawn = sum(sample.levels.count for sample in samples)
    return regret, f"the worst of {drawn} levels drawn ({where}) loses {regret:.2f} of {optimal:.2f}"


def worst_found(found: WorstLevel) -> str:
    """The worst level that was searched for, in words."""
    split = found.ledger
    return (
        f"the worst level found in {found.evaluations} tries loses {found.regret:.2f} of {found.optimal:.2f} (outer gap "
        f"{split.outer.value:.2f}, inner {split.inner.value:.2f}, capability {split.capability.value:.2f})"
    )


def _regrets(runs: list[Found]) -> tuple[float, ...]:
    return tuple(run.regret for run in runs)


def _as_text(world: AbstractWorld) -> str:
    """The intended goal as `Objective.parse` reads it."""
    return "+".join(f"{feature}:{weight:g}" for feature, weight in world.intended_goal.weights)


def _exhibited(
    world: AbstractWorld, subject: AbstractSubject, own: Float[np.ndarray, " feature"], run: Found
) -> tuple[Exhibit, Ledger]:
    sample = look_at(world, subject, run.levels, FOUND)
    intended = jnp.asarray(world.intended_goal.vector(world.features))
    base = jnp.asarray(world.base_objective.vector(world.features))
    split = ledger(returns_by_intended(sample.mdp, sample.policy, intended, base, jnp.asarray(own), world.discount))
    title = (
        f"{FOUND} (loses {run.regret:.2f} of {run.optimal:.2f}; inner gap {split.inner.value:.2f}, capability gap "
        f"{split.capability.value:.2f})"
    )
    return exhibit(world, sample, 0, title), split
