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
) -> Revealed:
    """Infer weights from one choice in each context.

    Conditional logit (McFadden 1974): an option with features f is chosen in proportion to exp(f . w), with independent
    normal priors. The log posterior is concave; its mode is found by Newton's method and the posterior taken as normal
    there (Laplace's approximation). Choices that these weights do not predict, beyond what chance would, may follow any
    others, or none: so large a share of the draws has a direction at random.
    """
    mode, root = (np.asarray(x, np.float64) for x in _mode(jnp.asarray(told, jnp.float32), jnp.asarray(chosen)))
    noise = np.asarray(jax.random.normal(key, (DRAWS, len(names))), np.float64)
    raw = mode + noise @ root.T
    length = np.linalg.norm(raw, axis=-1)
    best = (told @ mode).argmax(-1)
    chance = 1 / told.shape[1]
    unexplained = min(float((best != chosen).mean()) / (1 - chance), 1.0)
    elsewhere = jax.random.fold_in(key, 1)
    anywhere = np.asarray(jax.random.normal(elsewhere, (round(DRAWS * unexplained), len(names))), np.float64)
    raw[: len(anywhere)] = anywhere
    draws = raw / np.linalg.norm(raw, axis=-1)[:, None]
    return Revealed(
        {name: _summary(draws[:, i]) for i, name in enumerate(names)},
        draws,
        _summary(length),
        float((best == chosen).mean()),
        len(chosen),
    )


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
