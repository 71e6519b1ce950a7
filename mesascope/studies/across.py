"""What the seeds of several conditions say together: whether the conditions differ by more than chance would have them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

SHUFFLES = 9_999


class Difference(NamedTuple):
    """Whether conditions differ in a readout. `p` is of the null that the labels mean nothing, `adjusted` counts in how
    many readouts were looked at.
    """

    readout: str
    conditions: int
    seeds: int
    p: float
    adjusted: float


def permutation_p(groups: Sequence[Float[np.ndarray, " _"]], seed: int = 0, shuffles: int = SHUFFLES) -> float:
    """Chance that seeds dealt out to the conditions at random differ as much between them as these do.

    The statistic is the sum of squares between conditions; (1 + as large) / (1 + shuffles) (Phipson and Smyth 2010). Two
    groups at least, with two values in one of them, or NaN.
    """
    groups = [group for group in groups if len(group)]
    values = np.concatenate(groups) if groups else np.zeros(0)
    if len(groups) < 2 or len(values) <= len(groups):
        return float("nan")
    sizes = np.array([len(group) for group in groups])
    own = _between(values[None], sizes)[0]
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(values, (shuffles, 1)), axis=1)
    # Sums in another order differ by rounding: equal deals must count as equal.
    return float((1 + (_between(shuffled, sizes) >= own - 1e-12).sum()) / (1 + shuffles))


def _between(
    values: Float[np.ndarray, "shuffle seed"], sizes: Int[np.ndarray, " group"]
) -> Float[np.ndarray, " shuffle"]:
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    means = np.add.reduceat(values, starts, axis=1) / sizes
    return (sizes * (means - values.mean(1, keepdims=True)) ** 2).sum(1)


def holm(ps: Sequence[float]) -> list[float]:
    """P-values adjusted for being several (Holm 1979); NaN stays and counts for nothing."""
    known = sorted((p, i) for i, p in enumerate(ps) if np.isfinite(p))
    adjusted, most = list(ps), 0.0
    for rank, (p, i) in enumerate(known):
        most = max(most, min(1.0, (len(known) - rank) * p))
        adjusted[i] = most
    return adjusted


def differences(groups: Mapping[str, Sequence[Float[np.ndarray, " _"]]]) -> list[Difference]:
    """One test for each readout, over its values condition by condition."""
    ps = [permutation_p(values) for values in groups.values()]
    return [
        Difference(name, sum(1 for v in values if len(v)), sum(len(v) for v in values), p, adjusted)
        for (name, values), p, adjusted in zip(groups.items(), ps, holm(ps), strict=True)
    ]
