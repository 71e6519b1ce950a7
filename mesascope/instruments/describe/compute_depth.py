"""Compute depth: when each cell's answer settles, against how far what is pursued is away (T1)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.statistics import Estimate, ratio_of, statistic_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.card import Card
from mesascope.instruments.describe.moments import (
    beyond,
    explained,
    level_moments,
    partial_correlation,
    shell_moments,
    slope,
)
from mesascope.instruments.describe.pursued import Pursued, pursue
from mesascope.instruments.describe.recording import follow
from mesascope.instruments.sample import Sample
from mesascope.worlds.world import AbstractWorld

TOLERANCE = 0.1
"""Total variation from the final answer within which a cell has settled."""

CARD = Card(
    name="compute depth",
    measures="At which tick each cell's answer settles, against the steps from there to what the subject is after.",
    estimator=(
        "A cell settles at the first tick from which on its softmax stays within 0.1 in total variation of its last. Partial "
        "correlation of that tick with the steps along an optimal way, given the Chebyshev distance, over all cells; shares "
        "of variance that steps and their logarithm explain, and their difference. The share of optimal actions after 1, 2, "
        "4, ... ticks. Bootstrap over levels."
    ),
    assumptions="The readout may be asked at any tick. Layers count as ticks. What is pursued is given, from behavior.",
    controls=(
        "The mean over all permutations of the steps within Chebyshev shells of each level, exactly; the untrained network, "
        "where there is one."
    ),
    blind_spots=(
        "Decides nothing: a staged lookup table settles in the same order, tick by tick.",
        "A search whose frontier doubles at every tick, or one that settles before the readout shows it, looks shallow.",
        "Cells that settle late because they are hard, or wrong to the end, look far.",
    ),
    cost="two runs of the subject on at most 256 levels",
    references=(
        "Schwarzschild et al. 2021, Can you learn an algorithm? arXiv 2106.04537; Bansal et al. 2022, arXiv 2202.05826",
        "Saparov et al. 2024, arXiv 2412.04703 (search whose depth is logarithmic)",
    ),
)


class Depth(NamedTuple):
    """How settling goes with distance in one network. Correlations are 0 where nothing varies.

    `beyond_null` is the partial correlation less its mean over permutations within shells. `per_step` is in ticks.
    """

    partial: Estimate
    null: Estimate
    beyond_null: Estimate
    linear: Estimate
    logarithmic: Estimate
    linear_less_logarithmic: Estimate
    per_step: Estimate
    settles: Estimate


class Accuracy(NamedTuple):
    """Probability of an optimal action after some ticks."""

    ticks: int
    share: Estimate


class ComputeDepth(NamedTuple):
    """The subject's depth, its untrained network's, which form fits better, and accuracy against ticks.

    `form` is `linear`, `logarithmic` or `neither`: the interval of the difference in explained variance decides, and
    where settling has nothing to do with distance beyond the null it is `none`.
    """

    depth: Depth
    untrained: Depth | None
    form: str
    accuracy: tuple[Accuracy, ...]
    cells: int
    levels: int


def settle_ticks(policy: Float[np.ndarray, "time level state action"]) -> Int[np.ndarray, "level state"]:
    """First tick from which on the policy stays within `TOLERANCE` in total variation of its last."""
    apart = 0.5 * np.abs(policy - policy[-1]).sum(-1) > TOLERANCE
    last_apart = len(policy) - 1 - apart[::-1].argmax(0)
    return np.where(apart.any(0), last_apart + 1, 0)


def measure_compute_depth(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    sample: Sample,
    weights: Float[np.ndarray, " feature"],
) -> ComputeDepth:
    """Compute depth of a subject that is after `weights`, on a sample's levels. Describes and decides nothing."""
    pursued: Pursued = jax.tree.map(
        np.asarray, pursue(world, sample.levels, sample.mdp, jnp.asarray(weights), jnp.asarray(world.discount))
    )
    policy = np.asarray(follow(subject, sample.observation).policy)
    depth = _depth(policy, pursued)
    other = None
    if untrained is not None:
        other = _depth(np.asarray(follow(untrained, sample.observation).policy), pursued)
    return ComputeDepth(
        depth,
        other,
        _form(depth),
        _accuracy(policy, np.asarray(pursued.optimal), np.asarray(pursued.cells)),
        int(pursued.cells.sum()),
        int(pursued.cells.any(1).sum()),
    )


def _depth(policy: Float[np.ndarray, "time level state action"], pursued: Pursued) -> Depth:
    cells = np.asarray(pursued.cells)
    settled = settle_ticks(policy).astype(np.float64)
    steps = np.where(cells, pursued.steps, 1).astype(np.float64)
    shell = np.asarray(pursued.chebyshev, np.float64)
    some = cells.any(1)
    cells, settled, steps, shell = cells[some], settled[some], steps[some], shell[some]
    moments = level_moments(cells, settled, steps, shell)
    null = shell_moments(cells, settled, steps, shell)
    both = level_moments(cells, settled, steps, np.log(steps))
    return Depth(
        partial_correlation(moments),
        partial_correlation(null),
        beyond(moments, null),
        statistic_of(both, explained(1)),
        statistic_of(both, explained(2)),
        statistic_of(both, lambda m: explained(1)(m) - explained(2)(m)),
        statistic_of(both, slope(1)),
        ratio_of((settled * cells).sum(1), cells.sum(1).astype(np.float64)),
    )


def _form(depth: Depth) -> str:
    if not depth.beyond_null.interval.low > 0:
        return "none"
    low, high = depth.linear_less_logarithmic.interval
    return "linear" if low > 0 else "logarithmic" if high < 0 else "neither"


def _accuracy(
    policy: Float[np.ndarray, "time level state action"],
    optimal: Bool[np.ndarray, "level state action"],
    cells: Bool[np.ndarray, "level state"],
) -> tuple[Accuracy, ...]:
    ticks = len(policy) - 1
    times = sorted({2**k for k in range(ticks.bit_length()) if 2**k < ticks} | {ticks})
    count = cells.sum(1).astype(np.float64)
    mass = [(np.where(optimal, policy[t], 0.0).sum(-1) * cells).sum(1).astype(np.float64) for t in times]
    return tuple(Accuracy(t, ratio_of(m, count)) for t, m in zip(times, mass, strict=True))
