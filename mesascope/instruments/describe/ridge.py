"""Linear probes in closed form, their targets, and how well they do level by level."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

PENALTIES = (1e-4, 1e-2, 1.0)
"""Ridge penalties on standardized features, as shares of the number of cells; which one is chosen on levels of their own."""


class Target(NamedTuple):
    """What a probe is to read: one or more numbers in every cell, and how reading it is scored.

    `score` makes columns per cell from what is read and what is true; `metric` makes the figure from their means.
    """

    name: str
    labels: Float[np.ndarray, "level state label"]
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]
    metric: Callable[[np.ndarray], np.ndarray]


class Split(NamedTuple):
    """Which levels probes are fitted on, which choose among them, and which score the choice."""

    fit: Bool[np.ndarray, " level"]
    choose: Bool[np.ndarray, " level"]
    score: Bool[np.ndarray, " level"]


def split_levels(count: int) -> Split:
    """Half of the levels fit, a quarter chooses, a quarter scores."""
    turn = np.arange(count) % 4
    return Split(turn < 2, turn == 2, turn == 3)


def _hits(read: Float[np.ndarray, "cell label"], true: Float[np.ndarray, "cell label"]) -> np.ndarray:
    best = np.take_along_axis(true, read.argmax(1)[:, None], 1)[:, 0]
    return np.stack([best, np.ones(len(best))], 1)


def _errors(read: Float[np.ndarray, "cell label"], true: Float[np.ndarray, "cell label"]) -> np.ndarray:
    y = true[:, 0]
    return np.stack([(read[:, 0] - y) ** 2, np.ones(len(y)), y, y**2], 1)


def _share(means: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return means[:, 0] / means[:, 1]


def _explained(means: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - means[:, 0] / (means[:, 3] - means[:, 2] ** 2 / means[:, 1])


def one_of(name: str, sets: Bool[np.ndarray, "level state label"]) -> Target:
    """A set of labels in every cell; scored by how often the label read as likeliest is in it."""
    return Target(name, sets.astype(np.float64), _hits, _share)


def number(name: str, values: Float[np.ndarray, "level state"]) -> Target:
    """A number in every cell; scored by the share of its variance that is explained (R^2)."""
    return Target(name, values[..., None].astype(np.float64), _errors, _explained)


class Probe(NamedTuple):
    """Sums per level of the score columns on all levels, fitted on the first part of a split."""

    columns: Float[np.ndarray, "level column"]

    def on(self, levels: Bool[np.ndarray, " level"], target: Target) -> float:
        """The figure on some levels."""
        return float(target.metric(self.columns[levels].sum(0)[None])[0])


class Prepared(NamedTuple):
    """Standardized features of the cells that count, turned to where their covariance is diagonal; ready for any target."""

    level: Int[np.ndarray, " cell"]
    cells: Bool[np.ndarray, "level state"]
    turned: Float[np.ndarray, "cell feature"]
    eigenvalues: Float[np.ndarray, " feature"]


def prepare(
    features: Float[np.ndarray, "level state feature"], cells: Bool[np.ndarray, "level state"], split: Split
) -> Prepared:
    """Means, scales and covariance are those of the levels that fit."""
    level = np.nonzero(cells)[0]
    rows = features[cells].astype(np.float64)
    fit = split.fit[level]
    center, scale = rows[fit].mean(0), rows[fit].std(0)
    rows = (rows - center) / np.where(scale > 1e-9, scale, np.inf)
    eigenvalues, basis = np.linalg.eigh(rows[fit].T @ rows[fit] / fit.sum())
    return Prepared(level, cells, rows @ basis, eigenvalues)


def fit_probe(prepared: Prepared, target: Target, split: Split) -> Probe:
    """Ridge regression from features to labels, the penalty chosen on the levels that choose."""
    labels = target.labels[prepared.cells]
    fit, choose = split.fit[prepared.level], split.choose[prepared.level]
    mean = labels[fit].mean(0)
    moment = prepared.turned[fit].T @ (labels[fit] - mean) / fit.sum()
    found = []
    for penalty in PENALTIES:
        read = prepared.turned @ (moment / (prepared.eigenvalues[:, None] + penalty)) + mean
        columns = target.score(read, labels)
        found.append((float(target.metric(columns[choose].sum(0)[None])[0]), columns))
    best = max(found, key=lambda each: each[0])[1]
    count = len(prepared.cells)
    return Probe(np.stack([np.bincount(prepared.level, c, minlength=count) for c in best.T], 1))
