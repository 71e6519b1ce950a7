"""A linear map from what a cell of a subject holds to an algorithm's variables, and the exchange along its row space."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

_LEAST = 1e-4
"""Variance, as a share of the largest, of the directions that are kept when numbers are made uncorrelated."""


class Whitened(NamedTuple):
    """Numbers of cells made uncorrelated and of unit variance, and the matrices there and back."""

    rows: Float[np.ndarray, "cell direction"]
    forth: Float[np.ndarray, "number direction"]
    back: Float[np.ndarray, "direction number"]


def whiten(rows: Float[np.ndarray, "cell number"]) -> Whitened:
    """Principal components of the standardized numbers; directions without variance are dropped."""
    scale = rows.std(0)
    used = scale > 1e-7
    inverse = np.where(used, 1.0 / np.where(used, scale, 1.0), 0.0)
    centered = rows - rows.mean(0)
    eigenvalues, basis = np.linalg.eigh(inverse[:, None] * (centered.T @ centered / len(rows)) * inverse)
    kept = eigenvalues > _LEAST * max(float(eigenvalues[-1]), 1e-12)
    root = np.sqrt(eigenvalues[kept])
    forth = inverse[:, None] * basis[:, kept] / root
    return Whitened(centered @ forth, forth, (basis[:, kept] * root).T * scale)


def exchange_matrix(held: Whitened, variables: Whitened, least: float) -> Float[np.ndarray, "channel channel"]:
    """The matrix M with which h + (h' - h) M has the variables of h' and the rest of h.

    With both sides made uncorrelated, the best linear map W from held numbers to variables is their cross-covariance;
    its singular values are the canonical correlations (Hotelling 1936). Directions in which less than `least` of the
    variance is shared are no trace of a variable and are left out. M is W^+ W in those coordinates: the exchange of the
    row space of W.
    """
    channels = len(held.forth)
    if held.rows.shape[1] == 0 or variables.rows.shape[1] == 0:
        return np.zeros((channels, channels))
    _, correlations, directions = np.linalg.svd(variables.rows.T @ held.rows / len(held.rows), full_matrices=False)
    rows = directions[correlations**2 >= least]
    return held.forth @ rows.T @ rows @ held.back
