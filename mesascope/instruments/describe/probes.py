"""Probes: what can be read off a cell's state by a linear map, beyond four controls (T3)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.card import Card
from mesascope.instruments.describe.probe_inputs import MOST_LAYERS, random_network, windows
from mesascope.instruments.describe.pursued import Pursued, pursue
from mesascope.instruments.describe.recording import follow
from mesascope.instruments.describe.ridge import (
    Prepared,
    Probe,
    Split,
    Target,
    fit_probe,
    number,
    one_of,
    prepare,
    split_levels,
)
from mesascope.instruments.sample import Sample
from mesascope.worlds.world import AbstractWorld

EARLY = 1
"""The state that the same probe is tried on for a control: the first in which anything has been seen."""

KINDS = ("direction", "distance", "reached")
"""What is probed for."""

RARE = 0.05
"""A target that holds in fewer cells than this, or in all but as few, is not asked for."""

CARD = Card(
    name="probes",
    measures=(
        "What a linear map reads off a cell's own state at some tick: an optimal direction, the steps to what is pursued, and "
        "whether that is at most as many steps away as ticks have passed. Proposes sites and ticks to edit."
    ),
    estimator=(
        "Ridge regression on half of the levels; penalty, site and tick chosen on a quarter, by the figure less the highest "
        "control; both measured on the last quarter. Directions: how often the likeliest is optimal. Numbers: share of "
        "variance explained. The highest control is found anew in each bootstrap resample over levels."
    ),
    assumptions="State is kept by cell. What is pursued is given, from behavior.",
    controls=(
        "The same probe on a 3x3 and a 7x7 window of the input and on a random convolutional network that sees as far; on "
        "the untrained network, where there is one; with labels shuffled within each level; on the subject's first state."
    ),
    blind_spots=(
        "Decides nothing: a staged lookup table holds what a planner holds, at the same tick. That it can be read does not "
        "mean that it is used.",
        "Reads linear maps of one cell: what is coded in time, across cells or nonlinearly is missed.",
        "Where the input says as much by itself the statistic is small though the state holds it.",
        "A table that recalls everything in its first tick fails the control of the first state.",
    ),
    cost="some hundred ridge regressions on at most 256 levels",
    references=(
        "Alain and Bengio 2016, arXiv 1610.01644; Hewitt and Liang 2019, arXiv 1909.03368 (control tasks)",
        "Bush et al. 2025, arXiv 2504.01871; Taufeeque et al. 2024, arXiv 2407.15421 (plans in recurrent agents)",
    ),
)


class Probed(NamedTuple):
    """The best place for one target, on levels that chose nothing: the figure, every control, and what is beyond all."""

    target: str
    site: str
    tick: int
    figure: Estimate
    controls: dict[str, Estimate]
    beyond: Estimate


class Probes(NamedTuple):
    """One entry for each target; `proposed` are the sites and ticks where something is read beyond every control."""

    targets: tuple[Probed, ...]
    proposed: tuple[tuple[str, int], ...]
    searched: int


class _Readings(NamedTuple):
    """Everything that probes are fitted on, prepared: sites by state, windows by name, random layers by depth."""

    states: dict[tuple[str, int], Prepared]
    untrained: dict[tuple[str, int], Prepared]
    windows: dict[str, Prepared]
    network: dict[int, Prepared]


def probe_ticks(ticks: int) -> tuple[int, ...]:
    """Powers of two from 2 to the subject's own ticks, and those."""
    return tuple(sorted({2**k for k in range(1, ticks.bit_length()) if 2**k < ticks} | {ticks}))


def measure_probes(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    sample: Sample,
    weights: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
) -> Probes:
    """Probe every site of a subject that is after `weights`. Describes and decides nothing; at least 16 levels."""
    pursued: Pursued = jax.tree.map(
        np.asarray, pursue(world, sample.levels, sample.mdp, jnp.asarray(weights), jnp.asarray(world.discount))
    )
    cells, split = np.asarray(pursued.cells), split_levels(sample.levels.count)
    if any(not cells[part].any() for part in split):
        return Probes((), (), 0)
    ticks = probe_ticks(subject.ticks)
    readings = _read(subject, untrained, sample, cells, split, ticks, key)
    steps = np.where(cells, pursued.steps, 0).astype(np.float64)
    shuffle = _shuffled(cells, key)
    found, searched = [], 0
    for kind in KINDS:
        tried = []
        for tick in ticks:
            target = _target(kind, pursued, steps, cells, tick)
            if target is None:
                continue
            fixed = _input_controls(readings, target, split, tick)
            for site in sorted(s.name for s in subject.sites):
                arms = {**_arms(readings, target, shuffle, split, site, tick), **fixed}
                tried.append((_ahead(arms, target, split.choose), -tick, site, target, arms))
        searched += len(tried)
        if tried:
            _, tick, site, target, arms = max(tried, key=lambda t: t[:3])
            found.append(_probed(kind, site, -tick, target, arms, split))
    proposed = sorted({(p.site, p.tick) for p in found if p.beyond.interval.low > 0})
    return Probes(tuple(found), tuple(proposed), searched)


def _read(
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    sample: Sample,
    cells: np.ndarray,
    split: Split,
    ticks: tuple[int, ...],
    key: PRNGKeyArray,
) -> _Readings:
    def states(of: AbstractSubject | None) -> dict[tuple[str, int], Prepared]:
        if of is None:
            return {}
        held = follow(of, sample.observation).states
        flat = {s: np.asarray(v).reshape(*v.shape[:2], -1, v.shape[-1]) for s, v in held.items()}
        wanted = {t for t in (EARLY, *ticks) if t <= of.ticks}
        return {(s, t): prepare(v[t], cells, split) for s, v in flat.items() for t in wanted}

    layers = random_network(sample.observation, named_key(key, "probes"))
    deep = {min(tick, MOST_LAYERS) for tick in ticks}
    return _Readings(
        states(subject),
        states(untrained),
        {name: prepare(seen, cells, split) for name, seen in windows(sample.observation).items()},
        {layer: prepare(layers[layer - 1], cells, split) for layer in deep},
    )


def _target(kind: str, pursued: Pursued, steps: np.ndarray, cells: np.ndarray, tick: int) -> Target | None:
    if kind == "direction":
        return one_of(kind, np.asarray(pursued.optimal))
    if kind == "distance":
        return number(kind, steps)
    within = steps <= tick
    share = within[cells].mean()
    return number(kind, within.astype(np.float64)) if RARE < share < 1 - RARE else None


def _shuffled(cells: np.ndarray, key: PRNGKeyArray) -> np.ndarray:
    """For every cell that counts, another one of its level."""
    noise = np.asarray(jax.random.uniform(named_key(key, "shuffled"), cells.shape))
    order = np.tile(np.arange(cells.shape[1]), (len(cells), 1))
    for level, inside in enumerate(cells):
        at = np.flatnonzero(inside)
        order[level, at] = at[noise[level, at].argsort()]
    return order


def _input_controls(r: _Readings, target: Target, split: Split, tick: int) -> dict[str, Probe]:
    arms = {name: fit_probe(seen, target, split) for name, seen in r.windows.items()}
    return {**arms, "random network on the input": fit_probe(r.network[min(tick, MOST_LAYERS)], target, split)}


def _arms(r: _Readings, target: Target, shuffle: np.ndarray, split: Split, site: str, tick: int) -> dict[str, Probe]:
    labels = np.take_along_axis(target.labels, shuffle[..., None], 1)
    here = r.states[site, tick]
    arms = {
        "": fit_probe(here, target, split),
        "labels shuffled": fit_probe(here, target._replace(labels=labels), split),
        "first state": fit_probe(r.states[site, EARLY], target, split),
    }
    if (site, tick) in r.untrained:
        arms["untrained"] = fit_probe(r.untrained[site, tick], target, split)
    return arms


def _ahead(arms: dict[str, Probe], target: Target, levels: np.ndarray) -> float:
    figures = {name: probe.on(levels, target) for name, probe in arms.items()}
    return figures.pop("") - max(figures.values())


def _probed(kind: str, site: str, tick: int, target: Target, arms: dict[str, Probe], split: Split) -> Probed:
    scored = {name: probe.columns[split.score] for name, probe in arms.items()}
    together = np.stack(list(scored.values()), 1)

    def beyond(means: Float[np.ndarray, "resample arm column"]) -> Float[np.ndarray, " resample"]:
        figures = np.stack([target.metric(means[:, arm]) for arm in range(means.shape[1])], 1)
        # Where a target does not vary in a resample both are minus infinity, and nothing is said.
        with np.errstate(invalid="ignore"):
            return figures[:, 0] - figures[:, 1:].max(1)

    estimates = {name: statistic_of(columns, target.metric) for name, columns in scored.items()}
    return Probed(kind, site, tick, estimates.pop(""), estimates, statistic_of(together, beyond))
