"""Statistics of measurements that are nested: episodes on levels, levels of seeds. The units of the top level are the independent
ones; what was measured again below them says more of each of them, and does not make more of them.

Of a mean nothing needs to be resampled: `unit_means` gives one value for each unit of the top level, of which the intervals of
`statistics` hold. The bootstrap is for what is no function of those means, such as a median over everything.

Resampling every level in turn (Saravanan, Berman and Sober 2020) counts the spread within units twice: once in the units that
are drawn, whose values it moved already, and once in what is drawn anew within them. To draw units and leave them whole counts
it once (Davison and Hinkley 1997, section 3.8), and is what is done here unless more levels are asked for.
`docs/design/intervals.md` has the measured coverage of both.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr, stdtrit

from mesascope.core.statistics import AGREEING, FEW, NO_INTERVAL, RESAMPLES, TAIL, UNKNOWN, Estimate, Interval

Statistic = Callable[
    [Float[np.ndarray, "resample leaf"], Float[np.ndarray, " leaf *columns"]], Float[np.ndarray, " resample"]
]
"""What is estimated: one number for each row of weights, which add up to 1, over the same values."""

_AT_ONCE = 1_000_000
"""Weights that are held in memory at a time."""


class _Tree(NamedTuple):
    """Nested units, from the top level to the values: where the children of each begin and how many there are."""

    order: Int[np.ndarray, " leaf"]
    firsts: list[Int[np.ndarray, " _"]]
    counts: list[Int[np.ndarray, " _"]]

    @property
    def units(self) -> int:
        """Units of the top level."""
        return len(self.firsts[0]) if self.firsts else len(self.order)


def weighted_mean(
    weights: Float[np.ndarray, "resample leaf"], values: Float[np.ndarray, " leaf"]
) -> Float[np.ndarray, " resample"]:
    """The statistic that is a mean of means: every unit of a level counts alike within the unit that holds it."""
    return weights @ values


def unit_means(values: Float[np.ndarray, " leaf"], groups: Sequence[Any]) -> Float[np.ndarray, " unit"]:
    """Mean of each unit of the top level, level by level: of a seed over its levels, of a level over its episodes.

    Args:
        values: one for each measurement.
        groups: for each level but the lowest, from the top, an array `(leaf,)` that says to which unit each value belongs. The
            same label within two units of the level above is of two units.

    Returns:
        The means in the order of the sorted labels, for `mean_over_seeds` or `mean_of`.

    Raises:
        ValueError: the arrays are not equally long, or there are no groups.

    Example:
        >>> seed, level = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0])
        >>> unit_means(np.array([1.0, 3.0, 6.0, 5.0]), [seed, level])
        array([4., 5.])
    """
    if not groups:
        raise ValueError("expected at least one array of groups: without one the values are the units")
    tree = _tree(len(values), groups)
    means = np.asarray(values, np.float64)[tree.order]
    for firsts, counts in zip(reversed(tree.firsts), reversed(tree.counts), strict=True):
        means = np.add.reduceat(means, firsts) / counts if len(means) else means
    return means


def hierarchical_bootstrap(
    values: Float[np.ndarray, " leaf *columns"],
    groups: Sequence[Any],
    statistic: Statistic = weighted_mean,
    *,
    levels: int | None = 1,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """A statistic of nested values with its interval over the units of the top level.

    Of fewer than 30 units the interval is the spread of the resamples times Student's quantile: of a mean, Student's interval
    over units. Of more it is the expanded percentile interval (Hesterberg 2015), which is as lopsided as the resamples are.

    Args:
        values: one for each measurement, or a row of columns. NaN must be removed first.
        groups: for each level but the lowest, from the top, an array `(leaf,)` that says to which unit each value belongs.
        statistic: given weights `(resample, leaf)` and the values, in an order of their own, one number for each resample.
        levels: how many levels are resampled, from the top: 1 leaves units whole, 2 draws also within them, None draws on every
            level, which is too wide where values spread within units more than units do.
        seed: of the resamples.
        resamples: their number.

    Returns:
        The statistic with a 95 % interval; NaN bounds of one unit, whatever was measured within it, of fewer than 20 where all
        resamples agree, and where the statistic is finite on no resample.

    Raises:
        ValueError: the arrays are not equally long, or there are not so many levels.

    Example:
        >>> seed = np.repeat([0, 1, 2], 100)
        >>> found = hierarchical_bootstrap(np.repeat([0.2, 0.5, 0.8], 100), [seed])
        >>> found.interval.high - found.interval.low > 1, hierarchical_bootstrap(np.ones(100), [seed[:100]]).interval.low
        (True, nan)
    """
    if len(values) == 0:
        return UNKNOWN
    tree = _tree(len(values), groups)
    point = float(statistic(_shares(tree, 0)[None], np.asarray(values, np.float64)[tree.order])[0])
    found = resampled_statistic(values, groups, statistic, levels=levels, seed=seed, resamples=resamples)
    found, units = found[np.isfinite(found)], tree.units
    agree = len(found) == 0 or np.ptp(found) <= 1e-12 * max(1.0, float(np.abs(found).max()))
    if units == 1 or (agree and (units < AGREEING or len(found) == 0)):
        return Estimate(point, NO_INTERVAL)
    if units < FEW:
        few = units / (units - 1)  # resamples of few units spread less than such samples do
        half = float(stdtrit(units - 1, 1 - TAIL) * found.std() * few**0.5)
        return Estimate(point, Interval(point - half, point + half))
    # Percentiles so far out as Student's quantile is beyond the normal one.
    tail = float(ndtr(-stdtrit(units - 1, 1 - TAIL) * (units / (units - 1)) ** 0.5))
    low, high = np.quantile(found, [tail, 1 - tail])
    return Estimate(point, Interval(float(low), float(high)))


def resampled_statistic(
    values: Float[np.ndarray, " leaf *columns"],
    groups: Sequence[Any],
    statistic: Statistic = weighted_mean,
    *,
    levels: int | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Float[np.ndarray, " resample"]:
    """A statistic of resamples that are drawn level by level: units, then within each unit that was drawn, and so on.

    Args:
        values: one for each measurement, or a row of columns; one at least.
        groups: for each level but the lowest, from the top, an array `(leaf,)` that says to which unit each value belongs.
        statistic: given weights `(resample, leaf)` and the values, in an order of their own, one number for each resample.
        levels: how many levels are resampled, from the top; None for all.
        seed: of the resamples.
        resamples: their number.

    Returns:
        The statistic of each resample.

    Raises:
        ValueError: the arrays are not equally long, or there are not so many levels.

    Example:
        >>> found = resampled_statistic(np.array([0.0, 1.0, 2.0]), [np.array([0, 0, 1])], levels=1)
        >>> sorted(set(found.tolist()))
        [0.5, 1.25, 2.0]
    """
    depth = len(groups) + 1
    drawn = depth if levels is None else levels
    if not 1 <= drawn <= depth:
        raise ValueError(f"levels={levels}: expected 1 to {depth}, or None for all")
    tree = _tree(len(values), groups)
    ordered = np.asarray(values, np.float64)[tree.order]
    return np.concatenate([statistic(weights, ordered) for weights in _resampled(tree, drawn, seed, resamples)])


def _tree(count: int, groups: Sequence[Any]) -> _Tree:
    """Values sorted so that those of a unit stand together, and the units of each level."""
    codes = [np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1) for labels in groups]
    if any(len(code) != count for code in codes):
        raise ValueError(
            f"expected a label for each of the {count} values, found {', '.join(str(len(c)) for c in codes)}"
        )
    order = np.lexsort(codes[::-1]) if codes else np.arange(count)
    # Where a unit of each level begins among the sorted values, then among the units of the level below.
    starts, new = [], np.zeros(count, bool)
    new[:1] = True
    for code in codes:
        new = new | np.r_[True, np.diff(code[order]) != 0][:count]
        starts.append(np.flatnonzero(new))
    below = [*starts[1:], np.arange(count)][: len(starts)]
    firsts = [np.searchsorted(under, start) for start, under in zip(starts, below, strict=True)]
    counts = [np.diff(np.r_[first, len(under)]) for first, under in zip(firsts, below, strict=True)]
    return _Tree(order, firsts, counts)


def _shares(tree: _Tree, level: int) -> Float[np.ndarray, " leaf"]:
    """How much each value weighs within its unit of a level, 1 being the top; level 0 is the whole."""
    share = np.full(tree.units, 1.0 / tree.units) if level == 0 else np.ones(_size(tree, level - 1))
    for counts in tree.counts[max(level - 1, 0) :]:
        share = np.repeat(share / counts, counts)
    return share


def _size(tree: _Tree, level: int) -> int:
    """Units of a level, 0 being the top."""
    return len(tree.firsts[level]) if level < len(tree.firsts) else len(tree.order)


def _resampled(tree: _Tree, drawn: int, seed: int, resamples: int) -> Iterator[Float[np.ndarray, "resample leaf"]]:
    """How much each value weighs in each resample of the upper levels, a few resamples at a time. A unit that is drawn twice has
    draws of its own within it each time.
    """
    rng, count, last = np.random.default_rng(seed), len(tree.order), _size(tree, drawn - 1)
    whole, unit = _shares(tree, drawn), np.arange(last)
    for counts in tree.counts[drawn - 1 :]:
        unit = np.repeat(unit, counts)  # of the lowest level that is drawn, for each value
    at_once = max(1, _AT_ONCE // count)
    for begin in range(0, resamples, at_once):
        some = min(at_once, resamples - begin)
        owner = np.repeat(np.arange(some), tree.units)
        nodes = rng.integers(tree.units, size=some * tree.units)
        weight = np.full(len(nodes), 1.0 / tree.units)
        for firsts, counts in zip(tree.firsts[: drawn - 1], tree.counts[: drawn - 1], strict=True):
            own = counts[nodes]
            owner, weight, first = (np.repeat(x, own) for x in (owner, weight / own, firsts[nodes]))
            nodes = first + rng.integers(np.repeat(own, own))
        weights = np.bincount(owner * last + nodes, weight, minlength=some * last).reshape(some, last)
        yield weights[:, unit] * whole
