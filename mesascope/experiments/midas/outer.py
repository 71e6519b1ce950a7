"""Outer alignment by its two definitions, computed: RLO 2019 and Hubinger 2020."""

import enum
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from mesascope.core.competence import competence_scale
from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import optimal_actions, optimal_return_range, optimal_values

ALIGNED = 0.05
"""Share of J_U(best) - J_U(uniform) that the worst optimal policy may lose and still count as aligned: the threshold
below which the ledger calls a gap closed."""


class OuterGap(NamedTuple):
    """J_U(best for U) - J_U(pi) over all policies optimal for the base objective: least and greatest, and as shares."""

    least: float
    greatest: float
    least_share: float
    greatest_share: float


class Aligned(enum.StrEnum):
    """Whether a base objective is outer aligned; `depends` where some of the policies it calls optimal are and some are not."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


class OuterAlignment(NamedTuple):
    """Both definitions for one base objective and one training distribution.

    RLO 2019, section 1.2: the gap between base objective and intended goal, here over the policies that are optimal for the
    base objective on the levels training draws. Hubinger 2020 (an overview of 11 proposals): *all* models optimal on the
    base objective in the limit of perfect training and infinite data are intent aligned, here the same gap over every
    level that can occur. They part where the training data does not show what is wrong with the objective, and
    where only some of the optimal policies serve the intended goal.
    """

    on_training: OuterGap
    in_the_limit: OuterGap

    @property
    def rlo_2019(self) -> Aligned:
        """By the gap on training levels."""
        if self.on_training.greatest_share <= ALIGNED:
            return Aligned.YES
        return Aligned.NO if self.on_training.least_share > ALIGNED else Aligned.DEPENDS

    @property
    def hubinger_2020(self) -> Aligned:
        """By the worst optimal policy over all levels: one that is not aligned is enough for a no."""
        return Aligned.YES if self.in_the_limit.greatest_share <= ALIGNED else Aligned.NO


def outer_gap(
    batches: Sequence[FiniteMDP], base: Float[Array, " feature"], intended: Float[Array, " feature"]
) -> OuterGap:
    """Exact range of what is lost of the intended goal over the optimal set of the base objective, mean over all levels."""
    columns = np.concatenate([_columns(mdp, base, intended) for mdp in batches], axis=1)
    low, high, top, floor = columns.mean(1)
    room = top - floor if top - floor > 1e-9 else np.nan
    least, greatest = top - high, top - low
    return OuterGap(float(least), float(greatest), float(least / room), float(greatest / room))


def _columns(
    mdp: FiniteMDP, base: Float[Array, " feature"], intended: Float[Array, " feature"]
) -> Float[np.ndarray, "4 level"]:
    """Least and greatest return by U over the optimal set of the base objective, then the best and the uniform policy's."""
    best = optimal_actions(optimal_values(mdp, base).action)
    low, high = optimal_return_range(mdp, best, intended)
    scale = competence_scale(mdp, intended)
    return np.stack([np.asarray(x, np.float64) for x in (low, high, scale.optimal, scale.uniform)])


def outer_alignment(
    training: FiniteMDP,
    every: Sequence[FiniteMDP],
    base: Float[Array, " feature"],
    intended: Float[Array, " feature"],
) -> OuterAlignment:
    """Both definitions, where training draws from `training` and `every` holds all levels that can occur."""
    return OuterAlignment(outer_gap([training], base, intended), outer_gap(every, base, intended))
