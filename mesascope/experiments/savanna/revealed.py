"""What choices reveal: weights over features by a choice model, from outside."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.statistics import CONFIDENCE, Estimate, Interval

SCALE = 30.0
"""Prior standard deviation of a weight, in units of the noise of choice: a chooser without noise fits too."""

DRAWS, STEPS = 2_000, 60


class Revealed(NamedTuple):
    """Posterior of the weights, scaled to length 1: `direction` by feature, `draws` in the same order. `sharpness` is
    their length before scaling, in units of the noise of choice. `agreement` is the share of choices that the mean
    weights predict.
    """

    direction: dict[str, Estimate]
    draws: Float[np.ndarray, "draw feature"]
    sharpness: Estimate
    agreement: float
    choices: int


def reveal(
    told: Float[np.ndarray, "context option feature"],
    chosen: Int[np.ndarray, " context"],
    names: tuple[str, ...],
    key: PRNGKeyArray,
    like: Int[np.ndarray, " context"] | None = None,
) -> Revealed:
    """Infer weights from one choice in each context.

    Args:
        told: Features of the options.
        chosen: Which option was chosen.
        names: Of the features.
        key: Random key.
        like: The context of its life that each looks most like, where there are such. What an individual does in it may be
            what it did there, so that contexts like the same one are no independent evidence.

    Returns:
        The posterior of the weights' direction.

    Conditional logit (McFadden 1974): an option with features f is chosen in proportion to exp(f . w), with independent
    normal priors. The log posterior is concave; its mode is found by Newton's method and the posterior taken as normal
    there (Laplace's approximation), wider by what choices in contexts like the same one have in common beyond these weights
    (Liang and Zeger 1986).
    """
    mode, root = (np.asarray(x, np.float64) for x in _mode(jnp.asarray(told, jnp.float32), jnp.asarray(chosen)))
    noise = np.asarray(jax.random.normal(key, (DRAWS, len(names))), np.float64)
    raw = mode + noise @ (root if like is None else _widened(root, told, chosen, mode, like)).T
    length = np.linalg.norm(raw, axis=-1)
    draws = raw / length[:, None]
    best = (told @ mode).argmax(-1)
    return Revealed(
        {name: _summary(draws[:, i]) for i, name in enumerate(names)},
        draws,
        _summary(length),
        float((best == chosen).mean()),
        len(chosen),
    )


def _widened(
    root: Float[np.ndarray, "feature feature"],
    told: Float[np.ndarray, "context option feature"],
    chosen: Int[np.ndarray, " context"],
    mode: Float[np.ndarray, " feature"],
    like: Int[np.ndarray, " context"],
) -> Float[np.ndarray, "feature feature"]:
    """A root of the covariance with what the slopes of the log likelihood have in common among contexts like the same one."""
    preferred = told @ mode
    shares = np.exp(preferred - preferred.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    slopes = np.take_along_axis(told, chosen[:, None, None], 1)[:, 0] - (shares[..., None] * told).sum(1)
    groups = np.unique(like, return_inverse=True)[1]
    together = np.zeros((groups.max() + 1, slopes.shape[1]))
    np.add.at(together, groups, slopes)
    values, axes = np.linalg.eigh(together.T @ together - slopes.T @ slopes)
    covariance = root @ root.T
    common = covariance @ (axes * np.maximum(values, 0.0)) @ axes.T @ covariance
    return np.linalg.cholesky(covariance + common)


def _summary(draws: Float[np.ndarray, " draw"]) -> Estimate:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(float(draws.mean()), Interval(float(low), float(high)))


@jax.jit
def _mode(
    told: Float[Array, "context option feature"], chosen: Int[Array, " context"]
) -> tuple[Float[Array, " feature"], Float[Array, "feature feature"]]:
    """The posterior mode, and a root of the covariance there."""
    picked = jax.nn.one_hot(chosen, told.shape[1])
    precision = jnp.eye(told.shape[2]) / SCALE**2

    def curvature(weights: Float[Array, " feature"]):
        shares = jax.nn.softmax(told @ weights, -1)
        mean = (shares[..., None] * told).sum(1)
        second = jnp.einsum("co,cof,cog->fg", shares, told, told)
        slope = ((picked - shares)[..., None] * told).sum((0, 1)) - precision @ weights
        return slope, second - mean.T @ mean + precision

    def step(weights: Float[Array, " feature"], _):
        slope, bend = curvature(weights)
        move = jnp.linalg.solve(bend, slope)
        # Newton's step overshoots far from the mode, where hardly any choice is in doubt.
        return weights + move * jnp.minimum(1.0, 2.0 / jnp.maximum(jnp.linalg.norm(move), 1e-9)), None

    weights, _ = jax.lax.scan(step, jnp.zeros(told.shape[2]), None, STEPS)
    root = jnp.linalg.inv(jnp.linalg.cholesky(curvature(weights)[1])).T
    return weights, root


def undetermined(revealed: Revealed, names: tuple[str, ...]) -> tuple[str, ...]:
    """Features whose weight the choices leave open: the interval of one reaches over half of the whole length."""
    wide = [name for name in names if np.ptp(revealed.direction[name].interval) > 0.5]
    return tuple(wide)
