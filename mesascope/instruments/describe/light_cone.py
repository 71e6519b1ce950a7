"""The light cone of information: when each cell's state learns that the goal has moved (T2)."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.card import Card
from mesascope.instruments.describe.moments import level_moments, partial_correlation
from mesascope.instruments.describe.pursued import FAR, away_from
from mesascope.instruments.describe.recording import follow
from mesascope.instruments.sample import Sample
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.space import chebyshev
from mesascope.worlds.world import AbstractWorld

EPS = 0.1
"""A cell's state differs when the two runs are this far apart, in units of the spread of the site's final states."""

REACHED = 0.1
"""Share of cells that must come to differ at a site for arrival there to be described."""

CARD = Card(
    name="light cone",
    measures="At which tick each cell's state first depends on where the goal is, against how far it is from the change.",
    estimator=(
        "Two runs, on a level and on the level with its most valued object moved to a random free cell. Arrival: first state "
        "in which a site's values in a cell differ by more than 0.1 of that site's root mean squared spread over levels and "
        "cells. Partial correlation of arrival with the fewest moves from either cell of the object, given the Chebyshev "
        "distance, over cells that are ever reached; bootstrap over levels. The site with the highest correlation on one "
        "half of the levels is scored on the other."
    ),
    assumptions="State is kept by cell. What is pursued is given, from behavior.",
    controls="The same architecture untrained, with its own choice of site: a local stencil alone gives some correlation.",
    blind_spots=(
        "Decides nothing: a staged lookup table lets its answers out in just this order.",
        "Attention, pooling or a register shared by all cells leave no cone, search or no search.",
        "Reports the first trace above the threshold, not what is done with it; faint traces run ahead of use.",
        "Unrolled layers of a feed-forward net show the same cone as iteration.",
    ),
    cost="two runs of the subject and of its untrained twin on at most 256 levels",
    references=("Jenner et al. 2024, arXiv 2406.00877; Taufeeque et al. 2024, arXiv 2407.15421",),
)


class Arrival(NamedTuple):
    """Arrival of the news at one site: partial correlation with distance, and the share of cells that it reaches."""

    site: str
    partial: Estimate | None
    reached: float


class LightCone(NamedTuple):
    """Every site on all levels; the `chosen` one, chosen on one half and scored on the other; the untrained network's.

    `chosen` is None where no site has a cone to describe.
    """

    sites: tuple[Arrival, ...]
    chosen: Arrival | None
    untrained: Arrival | None
    levels: int


class Moved(NamedTuple):
    """Levels with the goal moved, and how far every cell is from the change; `cells` are those to look at."""

    levels: AbstractLevels
    steps: Int[Array, "level state"]
    chebyshev: Int[Array, "level state"]
    cells: Bool[Array, "level state"]


@eqx.filter_jit
def move_goal(
    world: AbstractWorld, levels: AbstractLevels, mdp: FiniteMDP, weights: Float[Array, " feature"], key: PRNGKeyArray
) -> Moved:
    """Move the most valued outcome of each level to another place; no cells where none is worth anything."""
    if world.counterfactuals is None:
        raise UsageError(f"{world.name} does not say how a goal is moved")
    changed = world.counterfactuals.move_goal(levels, weights, key)
    outcomes, shape = world.outcomes(levels), world.map_shape(levels)
    at_change = world.at_states(levels, (chebyshev(changed.where, shape) == 0).any(1))
    taken = ~world.active(levels)
    away = away_from(world, levels, mdp, changed.where, taken & ~at_change)
    worth = jnp.where(outcomes.present, outcomes.features @ weights, -jnp.inf)
    cells = (worth.max(1, keepdims=True) > 1e-6) & ~taken & ~at_change & (away.steps < FAR)
    return Moved(changed.levels, away.steps, away.chebyshev, cells)


def arrival_ticks(
    base: Float[np.ndarray, "time level state channel"], other: Float[np.ndarray, "time level state channel"]
) -> Int[np.ndarray, "level state"]:
    """First state in which two runs differ in a cell, -1 where they never do."""
    spread = np.sqrt(((base[-1] - base[-1].mean((0, 1))) ** 2).sum(-1).mean())
    apart = np.sqrt(((other - base) ** 2).sum(-1)) > EPS * max(float(spread), 1e-12)
    return np.where(apart.any(0), apart.argmax(0), -1)


def measure_light_cone(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    sample: Sample,
    weights: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
) -> LightCone:
    """The light cone of a subject that is after `weights`, on a sample's levels. Describes and decides nothing."""
    moved = move_goal(world, sample.levels, sample.mdp, jnp.asarray(weights), named_key(key, "light cone"))
    observations = sample.observation, _observe(world, moved.levels)
    arrivals = _arrivals(subject, observations)
    chosen = _choose(arrivals, moved)
    other = None if untrained is None else _choose(_arrivals(untrained, observations), moved)
    sites = tuple(_describe(site, ticks, moved, slice(None)) for site, ticks in arrivals.items())
    return LightCone(sites, chosen, other, int(np.asarray(moved.cells).any(1).sum()))


@eqx.filter_jit
def _observe(world: AbstractWorld, levels: AbstractLevels) -> Array:
    return world.observe(levels)


def _arrivals(subject: AbstractSubject, observations: tuple[Array, Array]) -> dict[str, Int[np.ndarray, "level state"]]:
    runs = [follow(subject, seen).states for seen in observations]
    found = {}
    for site in sorted(runs[0]):
        base, other = (_flat(run[site]) for run in runs)
        found[site] = arrival_ticks(base, other)
    return found


def _flat(values: Array) -> Float[np.ndarray, "time level state channel"]:
    return np.asarray(values).reshape(*values.shape[:2], -1, values.shape[-1])


def _choose(arrivals: dict[str, Int[np.ndarray, "level state"]], moved: Moved) -> Arrival | None:
    """The site with the highest correlation on even levels, described on odd ones."""
    on_even = [(_describe(s, t, moved, slice(0, None, 2)), s) for s, t in arrivals.items()]
    usable = [(a.partial.value, site) for a, site in on_even if a.partial is not None]
    if not usable:
        return None
    site = max(usable)[1]
    return _describe(site, arrivals[site], moved, slice(1, None, 2))


def _describe(site: str, ticks: Int[np.ndarray, "level state"], moved: Moved, which: slice) -> Arrival:
    cells, steps, shell = (np.asarray(x)[which] for x in (moved.cells, moved.steps, moved.chebyshev))
    ticks = ticks[which]
    reached = cells & (ticks >= 0)
    share = float(reached.sum() / max(cells.sum(), 1))
    some = reached.any(1)
    if share < REACHED or some.sum() < 2:
        return Arrival(site, None, share)
    variables = (x[some].astype(np.float64) for x in (ticks, steps, shell))
    return Arrival(site, partial_correlation(level_moments(reached[some], *variables)), share)
